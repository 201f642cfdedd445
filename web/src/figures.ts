// What was measured of a model, and what it means at a threshold.
import type { ModelInfo } from 'pleura';
import { aboutModel } from './about.js';
import { percent } from './strings.js';

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

/** One measured point of a model: at this threshold, so many of the ill and of the healthy were told. */
export interface Point {
  threshold: number;
  sensitivity: number;
  specificity: number;
}

/** "threshold:sensitivity:specificity;...", as the model file has them. */
export function readPoints(text: string | undefined): Point[] {
  return (text ?? '')
    .split(';')
    .map((part) => part.split(':').map(Number))
    .filter((parts): parts is [number, number, number] => parts.length === 3 && parts.every((value) => value >= 0 && value <= 1))
    .map(([threshold, sensitivity, specificity]) => ({ threshold, sensitivity, specificity }))
    .sort((a, b) => a.threshold - b.threshold);
}

/** Between two measured points, on the straight line; outside of them, the nearest. */
export function pointAt(points: readonly Point[], threshold: number): Point | null {
  const above = points.findIndex((point) => point.threshold >= threshold);
  const [before, after] = [points[above < 0 ? points.length - 1 : Math.max(0, above - 1)], points[above < 0 ? points.length - 1 : above]];
  if (!before || !after) return null;
  const span = after.threshold - before.threshold;
  const share = span > 0 ? Math.min(1, Math.max(0, (threshold - before.threshold) / span)) : 0;
  const between = (a: number, b: number) => a + (b - a) * share;
  return {
    threshold,
    sensitivity: between(before.sensitivity, after.sensitivity),
    specificity: between(before.specificity, after.specificity),
  };
}

/** Bayes: what a positive and a negative answer are worth where so many have the finding. */
export function predictive({ sensitivity, specificity }: Point, prevalence: number): { positive: number | null; negative: number | null } {
  const [truePositive, falsePositive] = [sensitivity * prevalence, (1 - specificity) * (1 - prevalence)];
  const [trueNegative, falseNegative] = [specificity * (1 - prevalence), (1 - sensitivity) * prevalence];
  const share = (part: number, rest: number) => (part + rest > 0 ? part / (part + rest) : null);
  return { positive: share(truePositive, falsePositive), negative: share(trueNegative, falseNegative) };
}

/** Wilson's 95 % interval of `part` of `whole`. */
export function interval(part: number, whole: number): [number, number] {
  if (whole === 0) return [0, 1];
  const z = 1.959964;
  const share = part / whole;
  const middle = (share + (z * z) / (2 * whole)) / (1 + (z * z) / whole);
  const half = (z * Math.sqrt((share * (1 - share)) / whole + (z * z) / (4 * whole * whole))) / (1 + (z * z) / whole);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
