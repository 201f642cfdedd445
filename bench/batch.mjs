// Many films through the pool: throughput by workers, and memory over a long batch.
import { launch, rendererMemory, within } from './chromium.mjs';
import { fixtures } from './films.mjs';
import { median } from './measure.mjs';
import { findNet } from './nets.mjs';
import { place, placeFile, serve } from './site.mjs';

const FILMS = 240;

async function withPools(counts, body) {
  const { url, close } = await serve();
  const browser = await launch();
  try {
    const page = await browser.open(`${url}batch.html`);
    const { onnx } = place(findNet('shipped'));
    await page.waitForFunction(() => globalThis.batch);
    await page.evaluate((paths) => globalThis.fetchFilms(paths), fixtures().map(placeFile));
    for (const workers of counts) await page.evaluate(([m, w]) => globalThis.openPool(m, w), [onnx, workers]);
    const batch = (workers, films) => within(200, page.evaluate(([w, n]) => globalThis.batch(w, n), [workers, films]), 'batch');
    await body(batch, browser);
  } finally {
    await browser.close();
    close();
  }
}

export function throughput({ rounds, write, say }) {
  const counts = [1, 2, 4];
  return withPools(counts, async (batch) => {
    const all = counts.map(() => ({ ms: [], waits: [] }));
    for (const workers of counts) await batch(workers, FILMS);
    for (let round = 0; round < rounds; round++) {
      for (const at of counts.keys()) {
        const { ms, waits } = await batch(counts[at], FILMS);
        all[at].ms.push(ms);
        all[at].waits.push(...waits.map((wait) => Number(wait.toFixed(2))));
      }
      say(`batch: round ${round + 1} of ${rounds}`);
    }
    counts.forEach((workers, at) => {
      write('batch', { place: 'chromium', engine: 'pleura', tier: 'relaxed', workers, net: 'child-pneumonia', films: FILMS, ...all[at] });
      say(`${workers} workers: ${((FILMS / median(all[at].ms)) * 1000).toFixed(1)} films/s\n`);
    });
  });
}

export function memory({ films = 10_000, write, say }) {
  const step = 250;
  return withPools([2], async (batch, browser) => {
    const series = [];
    const sample = (count) => series.push([count, Math.round(rendererMemory(browser.profile, 'VmRSS') * 10) / 10]);
    await batch(2, step);
    sample(0);
    for (let through = step; through <= films; through += step) {
      await batch(2, step);
      sample(through);
      say(`memory: ${through} of ${films}`);
    }
    write('memory', { place: 'chromium', engine: 'pleura', tier: 'relaxed', workers: 2, net: 'child-pneumonia', series });
    say(`memory: ${series[0][1]} MiB at first, ${series.at(-1)[1]} after ${films} films\n`);
  });
}
