import type { Answer } from 'pleura';

/** Three significant digits, without trailing zeros: as the core writes a number in a sentence (C's "%.3g"). */
function digits(value: number): string {
  const rounded = Number(value.toPrecision(3));
  if (rounded === 0 || Math.abs(rounded) >= 1e-4) return String(rounded);
  return rounded.toExponential().replace(/e-(\d)$/, 'e-0$1');
}

/**
 * The core's decision (core/src/decide/decide.c) at another threshold, so that a slider need not run
 * ten thousand films again. tests/browser/reading.test.mjs holds it to the command line, sentence by sentence.
 */
export function atThreshold(answer: Answer, margin: number, threshold: number): Answer {
  const { finding, probabilities } = answer;
  if (finding === null || !probabilities) return finding === null ? answer : { ...answer, threshold };
  const [p, t, m] = [Math.fround(probabilities[finding] ?? 0), Math.fround(threshold), Math.fround(margin)];
  const reasons = answer.reasons.filter(({ code }) => code !== 'near_threshold');
  const near = Math.fround(Math.abs(p - t)) < m;
  if (near) {
    const message = `The probability of ${finding}, ${digits(p)}, is within ${digits(m)} of the threshold, ${digits(t)}.`;
    reasons.unshift({ code: 'near_threshold', message });
  }
  return { ...answer, threshold, reasons, outcome: near ? 'cannot_say' : p >= t ? 'finding' : 'no_finding' };
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
