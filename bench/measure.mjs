// Interleaving and its arithmetic.

/**
 * Runs the candidates in turn, round after round, so that they share the machine's noise; each round
 * starts with another one. A turn is as many passes as fill about `turnMs`. Returns a list of
 * milliseconds for each.
 */
export async function interleave(candidates, { rounds, turnMs = 120, onRound = () => {} }) {
  const turns = [];
  for (const candidate of candidates) {
    // Browsers compile hot code again during the first passes: they are thrown away.
    let passes = [];
    for (let i = 0; i < 3; i++) passes = await candidate.run(3);
    turns.push(Math.max(1, Math.min(20, Math.round(turnMs / Math.min(...passes)))));
  }
  const samples = candidates.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < candidates.length; i++) {
      const which = (round + i) % candidates.length;
      samples[which].push(...(await candidates[which].run(turns[which])));
    }
    onRound(round + 1);
  }
  return samples;
}

export function quantile(samples, share) {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export const median = (samples) => quantile(samples, 0.5);
export const minimum = (samples) => Math.min(...samples);
