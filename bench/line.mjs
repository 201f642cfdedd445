// From a full-size file to an answer, step by step, natively and in both tiers in the browser.
import { launch, within } from './chromium.mjs';
import { fixtures, fullSize } from './films.mjs';
import { median } from './measure.mjs';
import { startOurs } from './native.mjs';
import { findNet } from './nets.mjs';
import { place, placeFile, serve } from './site.mjs';

export async function line({ rounds, write, say }) {
  const net = findNet('shipped');
  const films = fullSize().length > 0 ? fullSize() : fixtures();
  const { url, close } = await serve();
  const browser = await launch();
  const native = await startOurs(net, 1);
  try {
    const page = await browser.open(url);
    const { onnx } = place(net);
    const paths = films.map((film) => placeFile(film));
    const ask = (tier, message) => within(60, page.evaluate(([t, m]) => globalThis.ask(t, m), [tier, message]), `line, ${tier}`);
    await page.evaluate(() => {
      const workers = new Map();
      globalThis.ask = (tier, message) => {
        if (!workers.has(tier)) workers.set(tier, new Worker('line.js', { type: 'module' }));
        const worker = workers.get(tier);
        return new Promise((done, fail) => {
          worker.onmessage = ({ data }) => done(data);
          worker.onerror = (event) => fail(new Error(event.message));
          worker.postMessage(message);
        });
      };
    });
    const candidates = [
      { what: { place: 'native', engine: 'pleura', tier: null, threads: 1 }, run: (i) => native.file(films[i]).then(([decode, preprocess, network, total]) => ({ decode, preprocess, network, total })) },
    ];
    for (const tier of ['relaxed', 'simd']) {
      await ask(tier, { model: onnx, tier });
      candidates.push({ what: { place: 'chromium', engine: 'pleura', tier, threads: 1 }, run: (i) => ask(tier, { film: paths[i] }) });
    }
    const samples = candidates.map(() => ({ decode: [], preprocess: [], network: [], total: [] }));
    for (let round = -2; round < rounds; round++) {
      for (let i = 0; i < films.length; i++) {
        for (const [at, candidate] of candidates.entries()) {
          const times = await candidate.run(i);
          if (round < 0) continue; // warming up
          for (const step of Object.keys(samples[at])) samples[at][step].push(Number(times[step].toFixed(3)));
        }
      }
      say(`file to answer: round ${round + 1} of ${rounds}`);
    }
    candidates.forEach(({ what }, at) => {
      write('line', { ...what, net: net.name, films: films.length, ...samples[at] });
      say(`file to answer, ${what.place} ${what.tier ?? ''}: ${median(samples[at].total).toFixed(1)}\n`);
    });
  } finally {
    native.close();
    await browser.close();
    close();
  }
}
