// The benchmark: every candidate runs once a round, in turn, so that they share the machine's noise;
// warm-up rounds are thrown away; medians, minima and the middle half are reported, with ratios.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { nativeCandidates } from './native.mjs';
import { browserCandidates } from './browser.mjs';
import { table } from './table.mjs';

const root = resolve(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '60' },
    model: { type: 'string', default: join(root, 'models/child-pneumonia/model.onnx') },
    films: { type: 'string', default: join(root, '../shared/data/originals') },
    only: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const warmUp = Math.ceil(rounds / 4);

function summary(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return { median: at(0.5), min: sorted[0], p25: at(0.25), p75: at(0.75), n: sorted.length };
}

/** Interleaves the candidates' runs; each answers one run's milliseconds by stage. */
async function measure(candidates) {
  const samples = new Map(candidates.map((candidate) => [candidate, {}]));
  for (let round = 0; round < warmUp + rounds; round++) {
    for (const candidate of candidates) {
      const times = await candidate.run(round);
      if (round < warmUp) continue;
      for (const [stage, ms] of Object.entries(times)) (samples.get(candidate)[stage] ??= []).push(ms);
    }
    if (process.stderr.isTTY) {
      process.stderr.write(`\r${candidates[0].place}: round ${round + 1} of ${warmUp + rounds} `);
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  return candidates.map((candidate) => ({
    place: candidate.place,
    engine: candidate.engine,
    what: candidate.what,
    load_ms: candidate.load,
    stages: Object.fromEntries(
      Object.entries(samples.get(candidate)).map(([stage, list]) => [stage, summary(list)]),
    ),
  }));
}

const places = { native: nativeCandidates, browser: browserCandidates };
const results = [];
for (const [place, make] of Object.entries(places)) {
  if (options.only && options.only !== place) continue;
  const { candidates, close } = await make({ root, model: resolve(options.model), films: resolve(options.films) });
  try {
    results.push(...(await measure(candidates)));
  } finally {
    await close();
  }
}

const report = {
  schema: 'pleura.bench/1',
  date: new Date().toISOString(),
  processor: cpus()[0].model,
  cores: cpus().length,
  rounds,
  results,
};
mkdirSync(join(root, 'build/bench'), { recursive: true });
writeFileSync(join(root, 'build/bench/results.json'), `${JSON.stringify(report, null, 1)}\n`);
console.log(table(report));
