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
