// A batch through the package's pool, on the page.
import { loadPool } from './pleura/index.js';

const pools = new Map();
let films = [];

globalThis.openPool = async (model, workers) => pools.set(workers, await loadPool({ model, workers }));
globalThis.fetchFilms = async (paths) => {
  films = await Promise.all(paths.map(async (path) => (await fetch(path)).blob()));
};

/** Milliseconds in all, and of each film from its turn in the queue to its report. */
globalThis.batch = async (workers, count) => {
  const pool = pools.get(workers);
  const waits = [];
  const begun = [];
  function* source() {
    for (let i = 0; i < count; i++) {
      begun.push(performance.now());
      yield films[i % films.length];
    }
  }
  const start = performance.now();
  for await (const { index, report, error } of pool.classifyAll(source())) {
    if (!report?.result.outcome) throw error ?? new Error(report.result.error.message);
    waits.push(performance.now() - begun[index]);
  }
  return { ms: performance.now() - start, waits };
};
