import type { ModelInfo } from 'pleura';
import { percent } from './strings.js';
import { interval, readPoints, type Point } from './threshold.js';

/** What was written down when the shipped model was trained (vite.config.mjs gathers it from models/). */
export interface About {
  sha256: string;
  /** The films that the figures stand on: the place of each one's label, and the finding's probability. */
  films: { labels: number[]; probabilities: number[][] };
  prevalence: number;
  intervals: Record<string, [number, number]>;
  figures: Record<string, number>;
  history: { best: number; epochs: Epoch[] };
}

export interface Epoch {
  epoch: number;
  train: Record<string, number>;
  validation: Record<string, number>;
}

let about: About | null = null;

export async function loadAbout(): Promise<void> {
  try {
    const response = await fetch('model.about.json');
    if (response.ok) about = (await response.json()) as About;
  } catch {
    about = null; // the page works without, and says that figures are missing
  }
}

/** Only for the very file that it was written for, and for its own answers: a profile's are others. */
export const aboutModel = (info: ModelInfo): About | null => (about?.sha256 === info.sha256 && info.profile === null ? about : null);

/** The films' labels and scores for the finding, where the model's figures came with it. */
export interface Scores {
  ill: number[];
  healthy: number[];
}

export function scores(info: ModelInfo): Scores | null {
  const found = aboutModel(info);
  if (!found || !info.finding) return null;
  const members = info.groups[info.finding] ?? [info.finding];
  const places = members.map((name) => info.labels.indexOf(name));
  const kept: Scores = { ill: [], healthy: [] };
  found.films.labels.forEach((label, at) => {
    const values = found.films.probabilities[at] ?? [];
    const score = Math.min(1, places.reduce((sum, place) => sum + (values[place] ?? 0), 0));
    (places.includes(label) ? kept.ill : kept.healthy).push(score);
  });
  return kept;
}

/** The measured points: of the films themselves where they are at hand, else those in the model file. */
export function points(info: ModelInfo): Point[] {
  return readPoints(info.properties['pleura.operating_points']);
}

export interface Confusion {
  truePositive: number;
  falseNegative: number;
  falsePositive: number;
  trueNegative: number;
}

export function confusion({ ill, healthy }: Scores, threshold: number): Confusion {
  const above = (values: number[]) => values.filter((value) => value >= threshold).length;
  const [truePositive, falsePositive] = [above(ill), above(healthy)];
  return { truePositive, falseNegative: ill.length - truePositive, falsePositive, trueNegative: healthy.length - falsePositive };
}

/** "92 to 97 %": Wilson's interval, where films are counted one by one. */
export function interval95(part: number, whole: number): string {
  const [low, high] = interval(part, whole);
  return `${percent(low, 0)}–${percent(high, 0)}`;
}
