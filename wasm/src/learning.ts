// What is learnt on the spot, as types: schemas "pleura.learning/1" and "pleura.profile/1" (docs/learn.md).
import type { ModelName } from './types.js';

/** PLEURA_LEARN_NOTES in learn.h. */
export const NOTES = {
  no_better: 0,
  worse: 1,
  no_patients: 2,
  few_patients: 3,
  left_out: 4,
  unlabelled: 5,
  forgets: 6,
  no_reference: 7,
  edge: 8,
  target_missed: 9,
} as const;

export type NoteCode = keyof typeof NOTES;

export type Verdict = 'no_better' | 'better' | 'worse';

/** A film to learn from. */
export interface LabelledFilm {
  /** Of Embedded; null for a film that has none, which is only counted. */
  embedding: Float32Array | null;
  /** Words separated by ';', of which the first that is one of the labels counts. */
  labels: string;
  /** Films of one patient are never on both sides of a comparison. */
  patient?: string;
}

export interface LearnOptions {
  /** Temperature, shift and threshold; or a new last layer as well. */
  task: 'calibrate' | 'adapt';
  /** "adapt": labels of your own; the model's by default. */
  labels?: string[];
  /** The label or group that the threshold is about; the model's by default. */
  finding?: string;
  /** 0 to 1: the highest threshold that reaches it. */
  targetSensitivity?: number;
  /** 0 to 1: the share of ill films at which probabilities shall hold and the threshold err least. */
  prevalence?: number;
  /** 5 by default. */
  folds?: number;
  /** Bootstrap samples of patients for the intervals; 1,000 by default. */
  draws?: number;
  /** "adapt": scikit-learn's C; chosen by default. */
  c?: number;
  /** "calibrate": no shift. */
  temperatureOnly?: boolean;
  /** "adapt": forget the model's own last layer. */
  fromZero?: boolean;
  /** Films that must not be forgotten: a file of `pleura learn --write-reference`. */
  reference?: Uint8Array;
  /** A profile comes out where it is no better than before, too. */
  acceptNoBetter?: boolean;
}

/** A value and its 95 % interval; null where it is not defined. */
export type Interval = [value: number | null, low: number | null, high: number | null];

export const FIGURES = [
  'auc',
  'sensitivity',
  'specificity',
  'balanced_accuracy',
  'accuracy',
  'label_accuracy',
  'calibration_error',
  'brier',
] as const;

export type FigureName = (typeof FIGURES)[number];

/** A gain is positive where it is one: of errors too. */
export type Comparison = Record<FigureName, { before: Interval; after: Interval; gain: Interval }>;

/** `before` is null where the model does not know the labels. */
export interface Sides<T> {
  before: T | null;
  after: T;
}

/** Everything of it is out of fold: each film judged by a fit that saw no film of its patient. */
export interface LearningReport {
  schema: 'pleura.learning/1';
  task: 'calibrate' | 'adapt';
  model: ModelName;
  films: number;
  patients: number;
  left_out: number;
  unlabelled: number;
  labels: { name: string; films: number; patients: number }[];
  finding: string;
  target_sensitivity: number | null;
  prevalence: number | null;
  folds: number;
  draws: number;
  /** What `before` is; with "chance" there is none. */
  compared_with: 'model' | 'chance';
  verdict: Verdict;
  notes: { code: NoteCode; message: string }[];
  threshold: { before: number | null; after: number };
  /** "calibrate". */
  temperature?: number;
  shift?: number;
  /** "adapt": scikit-learn's C that was chosen, and the mean loss at each that was tried. */
  c?: number;
  starts_from?: 'model' | 'zero';
  penalties?: { c: number; loss: number }[];
  /** What fewer films would have brought, the last point being all of them. */
  curve?: { films: number; auc: Interval; label_accuracy: Interval }[];
  figures: Comparison;
  /** [threshold, sensitivity, specificity], the highest threshold first. */
  roc: Sides<[threshold: number, sensitivity: number, specificity: number][]>;
  /** Ten bins of the finding's probability: its mean, the share of films with the finding, films. */
  reliability: Sides<[mean: number | null, share: number | null, films: number][]>;
  /** [[healthy called so, healthy called ill], [ill called healthy, ill called so]]. */
  calls: Sides<[[number, number], [number, number]]>;
  /** Rows: label; columns: likeliest label. */
  confusion: Sides<number[][]>;
  /** The same figures on the films that must not be forgotten. */
  reference: { films: number; figures: Comparison } | null;
}

export interface Learning {
  report: LearningReport;
  /** The profile file's text, for applyProfile(); null where it is no better and was not accepted. */
  profile: string | null;
}

/** What a profile says of itself, once its text is parsed. It has more, which is the library's. */
export interface Profile {
  schema: 'pleura.profile/1';
  limits: string;
  task: 'model' | 'calibrate' | 'adapt';
  model: ModelName & { features: number; outputs: number };
  labels: string[];
  groups: Record<string, number[]>;
  finding: string | null;
  threshold: number;
  figures:
    | ({ films: number; patients: number; verdict: Verdict; notes: NoteCode[] } & Record<
        FigureName,
        { before: Interval; after: Interval }
      >)
    | null;
}
