// What is known of the model, other models, and whether this browser computes right.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fixtures } from '../node/support.mjs';
import { smallNet } from './onnx.mjs';
import { drop, finished, openPage, ready, ROOT, rows, savedLines, settled, suite } from './support.mjs';

const films = fixtures();
const { shared, onPage, written } = suite();
const metrics = JSON.parse(readFileSync(`${ROOT}models/child-pneumonia/metrics.json`, 'utf8'));
const history = JSON.parse(readFileSync(`${ROOT}models/child-pneumonia/history.json`, 'utf8'));

onPage('the model is shown with its card, its figures, its training and its confusions', {}, async ({ page }) => {
  await page.click('[data-view=model]');
  const text = await page.textContent('#view-model');
  for (const wanted of [/Population/, /Kermany/, /[0-9a-f]{64}/, /Protocol/, /official test part was not seen/]) assert.match(text, wanted);
  const figures = await page.locator('#view-model table').evaluateAll((tables) => tables.map(({ innerText }) => innerText).join('\n'));
  for (const name of ['auc', 'sensitivity', 'specificity', 'accuracy']) {
    assert.ok(figures.includes(metrics.report[name].toFixed(3)), `${name} ${metrics.report[name]}`);
    assert.ok(figures.includes(metrics.intervals_95[name][0].toFixed(3)), `${name}'s interval`);
  }
  const plots = await page.locator('.plot svg').evaluateAll((list) => list.map((svg) => svg.getAttribute('aria-label')));
  for (const name of ['ROC', 'Calibration', 'Loss', 'Accuracy', 'AUC', 'Precision', 'Recall']) {
    assert.ok(plots.some((title) => title.startsWith(name)), `${name} in ${plots.join(' | ')}`);
  }
  assert.ok(plots.some((title) => title.includes(`epoch ${history.best_epoch}`)), 'the best epoch is told');
  const confused = await page.locator('.matrix td strong').allTextContents();
  assert.equal(confused.reduce((sum, count) => sum + Number(count), 0), metrics.films.report.films);
  const sensitivity = Number(confused[0]) / (Number(confused[0]) + Number(confused[1]));
  assert.ok(Math.abs(sensitivity - metrics.report.sensitivity) < 1e-9, `${sensitivity}`);
  // The matrix follows the slider.
  await page.locator('#model-threshold').fill('0.995');
  const stricter = await page.locator('.matrix td strong').allTextContents();
  assert.ok(Number(stricter[0]) < Number(confused[0]));
});

onPage('an answer that is the mean of several framings says so', {}, async ({ page }) => {
  await drop(page, films.slice(0, 1));
  await finished(page, 1);
  await page.click('[data-view=model]');
  const properties = { 'pleura.finding': '1', 'pleura.framings': '0.1,-0.1' };
  await page.locator('#model-file').setInputFiles(written([{ name: 'framed.onnx', bytes: smallNet(2, { properties }) }])[0]);
  await page.waitForFunction(() => document.querySelector('#model-choice')?.selectedOptions[0].textContent === 'framed.onnx');
  await page.click('[data-view=films]');
  await finished(page, 1);
  assert.match(await page.locator('#answer').innerText(), /the mean of 3 framings/);
  const [line] = await savedLines(page);
  assert.equal(line.framings, 3);
});

onPage('a model of 18 outputs and no metadata is brought, and its scores stand alone', {}, async ({ page }) => {
  await drop(page, films.slice(0, 3));
  await finished(page, 3);
  await page.click('[data-view=model]');
  await page.locator('#model-file').setInputFiles(written([{ name: 'eighteen.onnx', bytes: smallNet(18) }])[0]);
  await page.waitForFunction(() => document.querySelector('#model-choice')?.selectedOptions[0].textContent === 'eighteen.onnx');
  assert.match(await page.textContent('#view-model'), /defines no finding/);
  await page.click('[data-view=films]');
  await finished(page, 3);
  const lines = await savedLines(page);
  assert.ok(lines.every(({ probabilities, finding, threshold }) => Object.keys(probabilities).length === 18 && finding === null && threshold === null));
  assert.match(await page.locator('#answer').innerText(), /defines no finding/i);
  assert.equal(await page.locator('#answer .others li').count(), 18);
  assert.match(await page.textContent('#operating'), /no finding/);
  assert.match(await page.textContent('#heat-text'), /activation map for \d+/, 'this one ends in pooling and a linear layer, too');
  // And back: the answers are those of before.
  await page.click('[data-view=model]');
  await page.selectOption('#model-choice', '0');
  await page.waitForFunction(() => /child-pneumonia/.test(document.querySelector('#model-name').textContent));
  await page.click('[data-view=films]');
  await finished(page, 3);
  assert.ok((await rows(page)).every(({ state }) => state !== 'error'));
  assert.ok((await savedLines(page)).every(({ finding }) => finding === 'pneumonia'));
});

const inUse = (page, name) =>
  page.waitForFunction((wanted) => document.querySelector('#model-name').textContent.startsWith(wanted) && document.querySelector('#loading').hidden, name);

onPage('a model is dropped beside films, comes in a folder or is pasted, and no request is made', { serviceWorkers: 'block' }, async ({ page, served }) => {
  const before = served.length;
  // Labels of their own, so that each is another file.
  const [first, second] = written([{ name: 'first.ONNX', bytes: smallNet(5) }, { name: 'second.onnx', bytes: smallNet(6) }]);
  await drop(page, [films[0], first, films[1]]);
  await inUse(page, 'first.ONNX');
  await finished(page, 2);
  assert.equal(await page.textContent('#message'), '');
  assert.ok((await savedLines(page)).every(({ probabilities }) => Object.keys(probabilities).length === 5));
  const folder = `${shared.folder}/mixed`;
  mkdirSync(folder);
  for (const path of [second, films[2]]) copyFileSync(path, `${folder}/${basename(path)}`);
  await drop(page, [folder]);
  await inUse(page, 'second.onnx');
  await finished(page, 3);
  assert.ok((await savedLines(page)).every(({ probabilities }) => Object.keys(probabilities).length === 6));
  await page.evaluate((bytes) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0))], 'third.onnx'));
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, smallNet(7).toString('base64'));
  await inUse(page, 'third.onnx');
  await finished(page, 3);
  assert.ok((await savedLines(page)).every(({ probabilities }) => Object.keys(probabilities).length === 7));
  assert.match(await page.locator('#status').textContent(), /third\.onnx is loaded|Done: 3/);
  await page.click('[data-view=model]');
  assert.deepEqual(await page.locator('#model-choice option').allTextContents().then((all) => all.slice(1)), ['first.ONNX', 'second.onnx', 'third.onnx']);
  await drop(page, written([{ name: 'none.onnx', bytes: Buffer.from('not a model at all') }]));
  await page.waitForFunction(() => /none\.onnx could not be loaded/.test(document.querySelector('#message').textContent));
  assert.equal(await page.locator('#model-choice option').count(), 4);
  assert.ok((await page.textContent('#model-name')).startsWith('third.onnx'));
  assert.equal(served.length, before, 'the server was asked for nothing');
  assert.equal(await page.textContent('#requests'), '0');
});

test('a model that is dropped while the page still loads is the one that judges', async () => {
  const { page, close } = await openPage(shared.browser, {
    // The first one is held back until the other was dropped.
    before: (fresh) => fresh.route('**/model.onnx', async (route) => {
      await fresh.waitForFunction(() => globalThis.dropped);
      await route.continue();
    }),
  });
  try {
    await page.waitForFunction(() => document.documentElement.lang === 'en' && document.querySelector('#language').options.length > 0);
    await drop(page, [films[0], ...written([{ name: 'early.onnx', bytes: smallNet(4) }])]);
    await page.evaluate(() => (globalThis.dropped = true));
    await inUse(page, 'early.onnx');
    await finished(page, 1);
    assert.equal(Object.keys((await savedLines(page))[0].probabilities).length, 4);
  } finally {
    await close();
  }
});

onPage('a model that is changed while films go through judges all of them', {}, async ({ page }) => {
  const [model] = written([{ name: 'while.onnx', bytes: smallNet(4) }]);
  const names = Array.from({ length: 60 }, (_, place) => `film-${place}.jpg`);
  const bytes = readFileSync(films[0]);
  await drop(page, [...written(names.map((name) => ({ name, bytes }))), model]);
  await inUse(page, 'while.onnx');
  await finished(page, 60);
  const lines = await savedLines(page);
  assert.deepEqual(lines.map(({ file }) => file).toSorted(), names.toSorted());
  assert.ok(lines.every(({ probabilities }) => Object.keys(probabilities ?? {}).length === 4), 'each has an answer of the new model');
  assert.ok((await rows(page)).every(({ state }) => state !== 'error'));
});

onPage('a network without an exact map gets one of occlusions, when it is asked for', {}, async ({ page }) => {
  await page.click('[data-view=model]');
  await page.locator('#model-file').setInputFiles(written([{ name: 'other.onnx', bytes: smallNet(3, { pool: 'MaxPool' }) }])[0]);
  await page.waitForFunction(() => document.querySelector('#model-choice')?.selectedOptions[0].textContent === 'other.onnx');
  await page.click('[data-view=films]');
  await drop(page, [films[0]]);
  await finished(page, 1);
  await page.waitForFunction(() => /no exact heatmap/.test(document.querySelector('#heat-text').textContent));
  await page.click('#occlusion');
  await page.waitForFunction(() => /Occlusion map, not an exact one.*145 runs/.test(document.querySelector('#heat-text').textContent));
  await settled(page);
  const drawn = await page.locator('#film canvas.heat').evaluate((canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0));
  assert.ok(drawn);
});

onPage('a file that is no model is refused with a sentence, and the model before it stays', {}, async ({ page }) => {
  await page.click('[data-view=model]');
  await page.locator('#model-file').setInputFiles(written([{ name: 'broken.onnx', bytes: Buffer.from('not a model at all') }])[0]);
  await page.waitForFunction(() => document.querySelector('#message').textContent !== '');
  assert.match(await page.textContent('#message'), /broken\.onnx could not be loaded; the model before it stays/);
  assert.equal(await page.locator('#model-choice option').count(), 1);
  await page.click('[data-view=films]');
  await drop(page, [films[0]]);
  await finished(page, 1);
  assert.notEqual((await rows(page))[0].state, 'error');
});

onPage('a batch goes on where a file that is no model was brought meanwhile', {}, async ({ page }) => {
  const [broken] = written([{ name: 'meanwhile.onnx', bytes: Buffer.from('not a model at all') }]);
  const names = Array.from({ length: 60 }, (_, place) => `batch-${place}.jpg`);
  await drop(page, [...written(names.map((name) => ({ name, bytes: readFileSync(films[0]) }))), broken]);
  await page.waitForFunction(() => /meanwhile\.onnx could not be loaded/.test(document.querySelector('#message').textContent));
  await finished(page, 60);
  const lines = await savedLines(page);
  assert.deepEqual(lines.map(({ file }) => file).toSorted(), names.toSorted());
  for (const { model, error } of lines) assert.deepEqual([model.name, model.version, error], ['child-pneumonia', model.version, undefined]);
  assert.equal(new Set(lines.map(({ model }) => model.sha256)).size, 1);
});

/** Tells the page how much memory the module has with every answer of a worker; the page counts what lives. */
async function countMemory(page) {
  await page.addInitScript(() => {
    const alive = new Map();
    globalThis.memories = { most: 0, now: 0 };
    const count = () => {
      globalThis.memories.now = [...alive.values()].reduce((sum, bytes) => sum + bytes, 0);
      globalThis.memories.most = Math.max(globalThis.memories.most, globalThis.memories.now);
    };
    const Native = Worker;
    globalThis.Worker = class extends Native {
      constructor(...given) {
        super(...given);
        this.addEventListener('message', (event) => {
          if (event.data?.memory === undefined) return;
          event.stopImmediatePropagation();
          alive.set(this, event.data.memory);
          count();
        });
      }
      terminate() {
        alive.delete(this);
        count();
        super.terminate();
      }
    };
  });
  const planted = `
    let memory = null;
    const [instantiate, say] = [WebAssembly.instantiate, postMessage];
    WebAssembly.instantiate = async (...given) => {
      const made = await instantiate(...given);
      memory = Object.values((made.instance ?? made).exports).find((one) => one instanceof WebAssembly.Memory);
      return made;
    };
    globalThis.postMessage = (...given) => {
      if (memory) say({ memory: memory.buffer.byteLength });
      say(...given);
    };
  `;
  await page.route('**/assets/worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: planted + (await response.text()) });
  });
}

test('the module’s memory never holds the model before and the next one', async () => {
  const { page, complaints, close } = await openPage(shared.browser, { serviceWorkers: 'block', before: countMemory });
  try {
    await ready(page);
    await drop(page, films);
    await finished(page, films.length);
    const before = await page.evaluate(() => globalThis.memories.now);
    const read = () => page.evaluate(() => globalThis.memories);
    assert.ok(before > 1e7, `${before} bytes: the workers do not tell`);
    await page.evaluate(() => (globalThis.memories.most = 0));
    await page.click('[data-view=model]');
    await page.locator('#model-file').setInputFiles(written([{ name: 'next.onnx', bytes: smallNet(18) }])[0]);
    await inUse(page, 'next.onnx');
    await finished(page, films.length);
    const { most, now } = await read();
    assert.ok(now > 1e6, `${now} bytes`);
    assert.ok(most <= Math.max(before, now), `${most} bytes at most; ${before} of the model before, ${now} of the next`);
    assert.deepEqual(complaints, []);
  } finally {
    await close();
  }
});

onPage('the self-test reproduces the reference here', {}, async ({ page }) => {
  await page.click('[data-view=trust]');
  await page.click('#selftest');
  await page.waitForFunction(() => document.querySelector('#selftest-result').dataset.passed);
  assert.equal(await page.locator('#selftest-result').getAttribute('data-passed'), 'yes', await page.textContent('#selftest-result'));
  assert.equal(await page.locator('#selftest-result tbody tr').count(), 6);
  const text = await page.textContent('#view-trust');
  for (const wanted of [/relaxed SIMD/, /Network requests since load/, /Apache-2\.0/, /OpenJPEG 2/, /CharLS 2/, /IJG libraries/, /XNNPACK/, /[0-9a-f]{64}/]) assert.match(text, wanted);
});

test('the self-test fails where the answers differ', async () => {
  const { page, close } = await openPage(shared.browser, {
    before: (fresh) =>
      fresh.route('**/examples.json', async (route) => {
        const list = await (await route.fetch()).json();
        const [label] = Object.keys(list[2].probabilities);
        list[2].probabilities[label] += 2e-4;
        await route.fulfill({ json: list });
      }),
  });
  try {
    await ready(page);
    await page.click('[data-view=trust]');
    await page.click('#selftest');
    await page.waitForFunction(() => document.querySelector('#selftest-result').dataset.passed);
    assert.equal(await page.locator('#selftest-result').getAttribute('data-passed'), 'no');
    assert.match(await page.textContent('#selftest-result'), /does not reproduce/);
  } finally {
    await close();
  }
});
