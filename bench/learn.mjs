// Learning on the spot in Chromium: fit, cross-validation, intervals and all, from kept embeddings.
import { basename } from 'node:path';
import { launch, within } from './chromium.mjs';
import { fixtures } from './films.mjs';
import { median, minimum } from './measure.mjs';
import { findNet } from './nets.mjs';
import { place, placeFile, serve } from './site.mjs';

const FILMS = 1000;
const LABELS = { normal: 'normal', bacterial: 'bacterial_pneumonia', viral: 'viral_pneumonia' };

export async function learning({ rounds, write, say }) {
  const { url, close } = await serve();
  const browser = await launch();
  try {
    const page = await browser.open(`${url}learn.html`);
    await page.waitForFunction(() => globalThis.learn);
    const sources = fixtures().map((path) => [placeFile(path), LABELS[/^[a-z]+/.exec(basename(path))[0]]]);
    const facts = await page.evaluate((options) => globalThis.prepare(...options), [place(findNet('shipped')).onnx, sources, FILMS]);
    const tasks = ['calibrate', 'adapt'];
    const ms = { calibrate: [], adapt: [] };
    const last = {};
    for (let round = 0; round < rounds; round++) {
      for (const task of tasks) {
        last[task] = await within(120, page.evaluate((name) => globalThis.learn(name), task), task);
        ms[task].push(last[task].ms);
      }
      say(`learn: round ${round + 1} of ${rounds}`);
    }
    for (const task of tasks) {
      const { films, penalties, auc } = last[task];
      write('learn', { place: 'chromium', engine: 'pleura', tier: 'simd', net: `child-pneumonia, ${task}`, films, ...facts, penalties, auc, ms: ms[task] });
      say(`${task}: ${median(ms[task]).toFixed(0)} ms, at best ${minimum(ms[task]).toFixed(0)}\n`);
    }
  } finally {
    await browser.close();
    close();
  }
}
