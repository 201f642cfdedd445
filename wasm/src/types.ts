import type { BatchItem, BatchOptions, Films } from './batch.js';
import type { CoreCode } from './errors.js';
import type { LabelledFilm, Learning, LearnOptions } from './learning.js';
import type { Tier } from './tier.js';

/** What a classification comes to. It is never a diagnosis. */
export type Outcome = 'cannot_say' | 'no_finding' | 'finding';

/** Why: PLEURA_REASONS in pleura.h, with each reason's bit there. */
export const REASONS = {
  near_threshold: 0,
  too_small: 1,
  blank: 2,
  colour: 3,
  proportions: 4,
  no_finding_defined: 5,
  not_chest: 6,
  lateral: 7,
  inverted: 8,
  rotated: 9,
  cropped: 10,
  adult: 11,
} as const;

export type ReasonCode = keyof typeof REASONS;

export interface Reason {
  code: ReasonCode;
  /** One sentence, with its figures. */
  message: string;
}

export interface ModelName {
  name: string | null;
  version: string | null;
  /** Of the model file, 64 hexadecimal digits. */
  sha256: string;
  /** Of the profile that had a part in the answer; only where one is applied. */
  profile?: string;
}

export interface StepTimes {
  decode: number;
  preprocess: number;
  network: number;
}

/** PLEURA_ZONES in pleura.h. Right is the patient's right: the left half of a frontal film. */
export const ZONES = ['right_upper', 'right_middle', 'right_lower', 'left_upper', 'left_middle', 'left_lower'] as const;

export type Zone = (typeof ZONES)[number];

/** A class activation map: what each place of the film adds to the answer's log-odds. */
export interface Heatmap {
  /** What it is evidence for: the finding, or without one the likeliest label. */
  answer: string;
  /** The zone with most of the evidence; null where there is none. */
  zone: Zone | null;
  /** The share of the evidence in each zone. */
  zones: Record<Zone, number>;
  /** What of the film the map covers: left, top, width and height, in shares of the film's sides. */
  region: [left: number, top: number, width: number, height: number];
  width: number;
  height: number;
  /** Rows from the top left, 0 to 1; a film without evidence stays at 0 (pleura.h has the scale). */
  values: number[];
}

interface ResultBase {
  schema: 'pleura.result/1';
  file: string;
  /** The label or group that the threshold is about; null where the model names none. */
  finding: string | null;
  model: ModelName;
}

/** A file that was judged, or that the gate refused to judge (then without probabilities). */
export interface Answer extends ResultBase {
  outcome: Outcome;
  /** Of every label and group of labels; null where the gate refused. */
  probabilities: Record<string, number> | null;
  threshold: number | null;
  /** Of the film, that the probabilities are the mean of; 0 where the gate refused. Only of models that have several. */
  framings?: number;
  reasons: Reason[];
  /** Milliseconds in all, and in each step. */
  ms: number;
  ms_steps: StepTimes;
  /** Where it was asked for, and the model can. */
  heatmap?: Heatmap;
  error?: undefined;
}

/** A file that could not be judged at all. */
export interface Fault extends ResultBase {
  outcome: null;
  probabilities: null;
  threshold: null;
  reasons: [];
  ms: null;
  ms_steps: null;
  error: { code: CoreCode; message: string };
}

/** One file's report, schema "pleura.result/1": what `pleura classify --json` prints as a line. */
export type Result = Answer | Fault;

/** A result, and the same as the lines that the command line would print. */
export interface Report {
  result: Result;
  json: string;
  csv: string;
}

/** What `pleura info --json` prints: the model, as its file describes it. */
export interface ModelInfo {
  schema: 'pleura.info/1';
  name: string | null;
  version: string | null;
  sha256: string;
  bytes: number;
  producer: string | null;
  opset: number;
  /** In the order of the network's outputs. */
  labels: string[];
  /** Answers that are sums of labels, such as "pneumonia". */
  groups: Record<string, string[]>;
  finding: string | null;
  threshold: number | null;
  margin: number;
  /** Whether classify() can tell where the evidence lies. */
  heatmap: boolean;
  /** That a film's embedding has, beside the network's outputs; 0: the model cannot be adapted. */
  features: number;
  /** SHA-256 of the profile that is applied, to which labels, groups and threshold then belong. */
  profile: string | null;
  /** `size_assumed`: the file leaves height and width open, and they were taken to be 224. */
  input: {
    channels: number;
    height: number;
    width: number;
    size_assumed: boolean;
    fit: string;
    normalise: string;
  };
  macs: number;
  nodes_in_file: number;
  nodes_run: number;
  operators: Record<string, number>;
  /** The file's metadata, such as "pleura.population". */
  properties: Record<string, string>;
}

/** A film as it is decoded for the network: what a page shows is then what was judged. */
export interface Film {
  width: number;
  height: number;
  /** Rows from the top left; 0 is black, 65,535 is white. */
  samples: Uint16Array<ArrayBuffer>;
}

/** Where films come from: bytes, or a Blob or File, which is read in the worker where there is one. */
export type Bytes = ArrayBuffer | Uint8Array | Blob;

export interface ClassifyOptions {
  /** The name for the report; a File's own by default. */
  name?: string;
  /** 0 to 1, in place of the model's. */
  threshold?: number;
  /** Tells where the evidence lies, if the model can (ModelInfo.heatmap). */
  heatmap?: boolean;
}

export interface DicomOptions {
  /** 0 to 1, in place of the model's. */
  threshold?: number;
  /** The moment that stands in the files, in local time; now by default. */
  when?: Date;
  /** Copies what names the patient and the study, for an archive that needs it. Off by default. */
  identity?: boolean;
}

/** A result as DICOM files (docs/dicom.md). */
export interface DicomFiles {
  /** The answer, a Comprehensive SR document. */
  report: Uint8Array<ArrayBuffer>;
  /** The heatmap over its film, a Secondary Capture image; null where there is none. */
  heatmap: Uint8Array<ArrayBuffer> | null;
}

/** A film's report, and what can be learnt from: a few kilobytes that stand for the film. */
export interface Embedded extends Report {
  /** null where the gate refused the film or it could not be read. It belongs to this model alone. */
  embedding: Float32Array<ArrayBuffer> | null;
}

export interface Progress {
  stage: 'module' | 'model';
  loaded: number;
  /** Bytes in all, where the server says so. */
  total: number | null;
}

export interface LoadOptions {
  /** The model file's bytes, or where they are. In Node a file: URL, too. */
  model: ArrayBuffer | Uint8Array | URL | string;
  /** Relaxed SIMD where the browser has it, by default. */
  tier?: Tier | 'auto';
  /**
   * How many threads share one network: 1 by default, and wherever more cannot be had (a page that is
   * not cross-origin isolated, a page's own thread, no relaxed SIMD). "auto" takes what is fastest in
   * a few passes, which loading then takes longer for.
   */
  threads?: number | 'auto';
  /** The folder that holds the .wasm files, if it is not the package's. */
  wasm?: URL | string;
  onProgress?: (progress: Progress) => void;
}

export interface Pleura {
  readonly tier: Tier;
  /** On which the network runs. */
  readonly threads: number;
  /** Of the C library. */
  readonly version: string;
  readonly info: ModelInfo;
  readonly csvHeader: string;
  /** Rejects with a PleuraError for a file that cannot be judged. */
  classify(bytes: Bytes, options?: ClassifyOptions): Promise<Answer>;
  /** The same, but a fault of the file is part of the report; only faults of ours reject. */
  report(bytes: Bytes, options?: ClassifyOptions): Promise<Report>;
  /**
   * Any number of films with the memory of a few: whichever is slow, the source or the consumer, the
   * other waits for it.
   */
  classifyAll(films: Films, options?: BatchOptions): AsyncGenerator<BatchItem, void, void>;
  /** Classifies, and returns the result as DICOM files. Rejects for a file that cannot be judged. */
  dicom(bytes: Bytes, options?: DicomOptions): Promise<DicomFiles>;
  /** report(), with the embedding that learn() takes. */
  embed(bytes: Bytes, options?: ClassifyOptions): Promise<Embedded>;
  /**
   * Fits the model's end to labelled films, whatever profile is applied. Nothing changes by it: the
   * profile that comes out is for applyProfile(). Rejects with the codes "too_few_films", "one_class"
   * or "no_embedding" where nothing can be learnt.
   */
  learn(films: readonly LabelledFilm[], options: LearnOptions): Promise<Learning>;
  /**
   * Answers as the profile says from now on, null: as the model does; `info` and `csvHeader` follow.
   * Rejects with "profile", or with "other_model" for another model's, and then nothing changes.
   */
  applyProfile(profile: string | null): Promise<ModelInfo>;
  /** The model file with the profile in it: an ONNX file that any engine answers the same with. */
  exportOnnx(profile: string, model: ArrayBuffer | Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  /** The film itself, to be looked at. Rejects with a PleuraError for a file that cannot be read. */
  decode(bytes: Bytes): Promise<Film>;
  /** The network's input for an image, NCHW. For oracles and benchmarks. */
  preprocess(bytes: Bytes): Promise<Float32Array<ArrayBuffer>>;
  /** The network's raw outputs for such an input. */
  run(tensor: Float32Array): Promise<Float32Array<ArrayBuffer>>;
  /** Gives back all memory. Every later call rejects with the code "disposed". */
  dispose(): void;
}
