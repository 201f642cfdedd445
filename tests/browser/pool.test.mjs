// The pool of workers and threads in Chromium, on an empty page with the package beside it.
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fixtures, MODEL } from '../node/support.mjs';
import { eventually, launch, openPage, ROOT } from './support.mjs';

const paths = fixtures();
const names = paths.map((path) => basename(path));
let browser;
let root;

before(async () => {
  browser = await launch();
  root = mkdtempSync(join(tmpdir(), 'pleura-pool-'));
  cpSync(join(ROOT, 'wasm/dist'), join(root, 'pleura'), { recursive: true });
  copyFileSync(MODEL, join(root, 'model.onnx'));
  mkdirSync(join(root, 'films'));
  paths.forEach((path, i) => copyFileSync(path, join(root, 'films', names[i])));
  writeFileSync(join(root, 'index.html'), '<!doctype html><title>Pool</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>');
  writeFileSync(
    join(root, 'page.js'),
    `import * as pleura from './pleura/index.js';
     const film = async (name) => new File([await (await fetch('films/' + name)).blob()], name);
     globalThis.films = await Promise.all(${JSON.stringify(names)}.map(film));
     globalThis.pleura = pleura;`,
  );
});

after(async () => {
  await browser?.close();
  if (root) rmSync(root, { recursive: true });
});

async function withPage(body, options = {}) {
  const opened = await openPage(browser, { root, ...options });
  try {
    await opened.page.waitForFunction(() => globalThis.pleura);
    await body(opened);
  } finally {
    await opened.close();
  }
}

test('two workers answer as one does; the model is fetched once, the module once for good, and later nothing is', () =>
  withPage(async ({ page, served }) => {
    const { alone, pooled, order, own, requests, isolated } = await page.evaluate(async () => {
      const { load, loadPool } = globalThis.pleura;
      const one = await load({ model: 'model.onnx' });
      const alone = [];
      for (const film of globalThis.films) alone.push((await one.classify(film)).probabilities);
      one.dispose();
      const pool = (globalThis.pool = await loadPool({ model: 'model.onnx', workers: 2 }));
      await pool.started;
      performance.mark('started');
      const pooled = (await Promise.all(globalThis.films.map((film) => pool.classify(film)))).map(({ probabilities }) => probabilities);
      const order = [];
      for await (const { index, report } of pool.classifyAll(globalThis.films, { ordered: true })) order.push([index, report.result.file]);
      const own = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/model.onnx')).length;
      return { alone, pooled, order, own, requests: await pool.requests(), isolated: crossOriginIsolated };
    });
    assert.ok(isolated);
    assert.deepEqual(pooled, alone);
    assert.deepEqual(order, names.map((name, i) => [i, name]));
    assert.equal(requests, 0);
    const times = (path) => served.filter((line) => line.endsWith(path)).length;
    assert.equal(times('/model.onnx'), 2, 'once for load(), once for the pool');
    assert.equal(own, 1, 'for load(): the pool’s came to a worker');
    assert.equal(times('-relaxed.wasm'), 1, 'compiled once for both');
    // What the workers are made of came before `started`: the server hears nothing of the films.
    const before = served.length;
    await page.evaluate(() => Promise.all(globalThis.films.map((film) => pool.classify(film))));
    assert.equal(served.length, before);
    assert.equal(page.workers().length, 2);
    await page.evaluate(() => pool.dispose());
    await eventually(() => page.workers().length, (left) => left === 0);
  }));

test('without SharedArrayBuffer each worker gets a copy', () =>
  withPage(async ({ page }) => {
    const probabilities = await page.evaluate(async () => {
      delete globalThis.SharedArrayBuffer;
      const pool = await globalThis.pleura.loadPool({ model: 'model.onnx', workers: 2 });
      return (await Promise.all(globalThis.films.map((film) => pool.classify(film)))).map(({ probabilities }) => probabilities);
    });
    assert.equal(probabilities.length, names.length);
    assert.ok(probabilities.every(({ pneumonia }) => pneumonia >= 0 && pneumonia <= 1));
  }));

test('a worker that hangs and one that throws are replaced', () =>
  withPage(async ({ page }) => {
    await page.evaluate(async () => {
      globalThis.pool = await globalThis.pleura.loadPool({ model: 'model.onnx', workers: 2, timeLimit: 1500 });
      await pool.started;
      await Promise.all(globalThis.films.map((film) => pool.classify(film)));
    });
    const [hangs, throws] = page.workers();
    await hangs.evaluate(() => {
      globalThis.onmessage = () => {
        for (;;);
      };
    });
    await throws.evaluate(() => {
      globalThis.onmessage = () => {
        throw new Error('planted');
      };
    });
    const results = await page.evaluate(async () => {
      const settled = await Promise.allSettled(globalThis.films.map((film) => pool.classify(film)));
      return settled.map(({ value, reason }) => reason?.code ?? typeof value.probabilities.pneumonia);
    });
    assert.deepEqual(results.slice(0, 2).toSorted(), ['timeout', 'worker']);
    assert.deepEqual([...new Set(results.slice(2))], ['number']);
  }));

const threaded = (page, threads) =>
  page.evaluate(async (wanted) => {
    const answers = [];
    const used = [];
    for (const threads of [1, wanted]) {
      const pleura = await globalThis.pleura.loadInWorker({ model: 'model.onnx', threads });
      used.push(pleura.threads);
      answers.push([]);
      for (const film of globalThis.films) answers.at(-1).push((await pleura.classify(film)).probabilities);
      pleura.dispose();
    }
    return { answers, used, isolated: crossOriginIsolated };
  }, threads);

test('threads: the same answers to the last bit', () =>
  withPage(async ({ page, served }) => {
    const { answers, used, isolated } = await threaded(page, 2);
    assert.ok(isolated);
    assert.deepEqual(used, [1, 2]);
    assert.deepEqual(answers[1], answers[0]);
    assert.ok(served.some((line) => line.endsWith('pleura-threads.wasm')));
    const { used: measured } = await threaded(page, 'auto');
    assert.ok(measured[1] >= 1, 'as many as are faster');
  }));

test('a page that is not isolated gets one thread and never asks for the module with more', () =>
  withPage(
    async ({ page, served }) => {
      const { answers, used, isolated } = await threaded(page, 2);
      assert.equal(isolated, false);
      assert.deepEqual(used, [1, 1]);
      assert.deepEqual(answers[1], answers[0]);
      assert.ok(!served.some((line) => line.includes('pleura-threads')));
    },
    {
      before: (page) =>
        page.route('**/', async (route) => {
          const response = await route.fetch();
          const headers = { ...response.headers() };
          delete headers['cross-origin-opener-policy'];
          delete headers['cross-origin-embedder-policy'];
          await route.fulfill({ response, headers });
        }),
    },
  ));

test('a page’s own thread, which must not wait, gets one', () =>
  withPage(async ({ page }) => {
    const used = await page.evaluate(async () => (await globalThis.pleura.load({ model: 'model.onnx', threads: 2 })).threads);
    assert.equal(used, 1);
  }));
