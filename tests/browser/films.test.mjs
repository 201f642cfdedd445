// Films come in, go through, and stand in the list: the page as it is shipped, in headless Chromium.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { blank, fixtures, hostile } from '../node/support.mjs';
import { drop, finished, openPage, ready, ROOT, rows, savedCsv, savedLines, suite } from './support.mjs';

const films = fixtures();
const { shared, onPage, written } = suite();

onPage('says what it is, for whom, and that nothing is uploaded', {}, async ({ page }) => {
  assert.match(await page.textContent('.notice'), /research tool, not a medical device/i);
  assert.match(await page.textContent('#intake'), /nothing is uploaded/i);
  assert.match(await page.textContent('#population'), /children.*1 to 5 years.*Guangzhou/is);
  assert.match(await page.textContent('#tier'), /relaxed SIMD/);
  assert.match(await page.textContent('#model-name'), /child-pneumonia/);
  assert.equal(await page.textContent('#requests'), '0');
});

onPage('an example gives an answer with probabilities, threshold and time', {}, async ({ page }) => {
  await page.locator('.examples button').first().click();
  await finished(page, 1);
  const [row] = await rows(page);
  assert.ok(['finding', 'no_finding', 'cannot_say'].includes(row.state));
  const answer = await page.locator('#answer').innerText();
  for (const text of ['Pneumonia', 'Normal', 'Bacterial pneumonia', 'Viral pneumonia', 'Threshold']) {
    assert.ok(answer.includes(text), `${text} is missing from: ${answer}`);
  }
  assert.match(answer, /\d ms: decoding .* ms, preparing .* ms, network .* ms/);
  assert.match(await page.textContent('#status'), /\.jpg: .+%/);
  assert.match(row.score, /%/);
});

onPage('all examples at once come sorted by score, and the first is shown', {}, async ({ page }) => {
  await page.click('#example');
  await finished(page, 6);
  const list = await rows(page);
  const scores = list.map(({ score }) => parseFloat(score.replace(/[<>]/, '')));
  assert.deepEqual(scores, scores.toSorted((a, b) => b - a));
  assert.ok(list[0].selected);
  assert.equal(await page.textContent('#film-name'), list[0].name);
});

onPage('files that are no films give one row each, and nothing else breaks', {}, async ({ page }) => {
  const bad = hostile();
  await drop(page, [films[0], ...written(bad), films[1]]);
  await finished(page, bad.length + 2);
  const lines = await savedLines(page);
  assert.deepEqual(lines.map(({ file }) => file), [films[0], ...bad.map(({ name }) => name), films[1]].map((path) => basename(path)));
  bad.forEach(({ name, code }, place) => assert.equal(lines[place + 1].error.code, code, name));
  assert.ok(!lines[0].error && !lines.at(-1).error);
  assert.match(await page.textContent('#summary'), new RegExp(`${bad.length} not classified`));
  await page.selectOption('#filter', 'error');
  const shown = await rows(page);
  assert.equal(shown.length, bad.length);
  await page.locator('.row').first().click();
  assert.match(await page.textContent('#answer'), /could not be read.*(format|empty|truncated|too_large)/s);
  assert.ok(await page.locator('#zoom-in').isHidden(), 'there is nothing to zoom');
  // Still alive: the next film is classified.
  await drop(page, [films[2]]);
  await finished(page, bad.length + 3);
  assert.ok(await page.locator('#zoom-in').isVisible());
  assert.ok(!(await savedLines(page)).at(-1).error);
});

onPage('what cannot be judged says why, and shows no number', {}, async ({ page }) => {
  await drop(page, written([{ name: 'blank.png', bytes: blank(400, 400) }]));
  await finished(page, 1);
  const [row] = await rows(page);
  assert.equal(row.state, 'cannot_say');
  assert.equal(row.score, '');
  const answer = await page.locator('#answer').innerText();
  assert.match(answer, /Cannot say.*no contrast.*blank/is);
  assert.equal(await page.locator('#answer .track').count(), 0, 'there are no probabilities to misread');
});

onPage('a folder is searched, hidden files are passed over', {}, async ({ page }) => {
  const root = join(shared.folder, 'films');
  const inner = join(root, 'inner');
  mkdirSync(inner, { recursive: true });
  writeFileSync(join(root, '.DS_Store'), 'x');
  writeFileSync(join(root, 'a.jpg'), readFileSync(films[0]));
  writeFileSync(join(inner, 'b.jpg'), readFileSync(films[1]));
  await drop(page, [root]);
  await finished(page, 2);
  assert.deepEqual((await rows(page)).map(({ name }) => name).sort(), ['a.jpg', 'b.jpg']);
  const empty = join(shared.folder, 'nothing');
  mkdirSync(empty);
  await drop(page, [empty]);
  await page.waitForFunction(() => document.querySelector('#message').textContent !== '');
  assert.equal((await rows(page)).length, 2);
  // The button for folders: the same, with the path as the name.
  const chosen = page.waitForEvent('filechooser');
  await page.click('#add-folder');
  await (await chosen).setFiles(root);
  await finished(page, 4);
  assert.ok((await rows(page)).some(({ name }) => name === 'films/inner/b.jpg'));
});

onPage('a film can be pasted; text cannot, nor dropped', {}, async ({ page }) => {
  await drop(page, [], [{ mimeType: 'text/plain', data: 'no film' }]);
  await page.waitForFunction(() => /no file/.test(document.querySelector('#message').textContent));
  const paste = (base64) =>
    page.evaluate((encoded) => {
      const clipboardData = new DataTransfer();
      if (encoded) {
        const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
        clipboardData.items.add(new File([bytes], 'image.png', { type: 'image/png' }));
      } else {
        clipboardData.setData('text/plain', 'no film');
      }
      document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, base64);
  await paste(null);
  assert.match(await page.textContent('#message'), /no image/i);
  await paste(readFileSync(films[0]).toString('base64'));
  await finished(page, 1);
  assert.equal(await page.textContent('#message'), '');
  assert.notEqual((await rows(page))[0].state, 'error');
});

/** Drops so many files of these bytes, made in the page. */
async function dropMany(page, count, bytes) {
  await page.evaluate(
    ([number, encoded]) => {
      const content = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
      globalThis.transfer = new DataTransfer();
      for (let i = 0; i < number; i++) globalThis.transfer.items.add(new File([content], `film-${i}.jpg`));
    },
    [count, bytes.toString('base64')],
  );
  await page.evaluate(() => {
    globalThis.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) globalThis.longest = Math.max(globalThis.longest, duration);
    }).observe({ type: 'longtask' });
    // In a task of the page's own.
    setTimeout(() => document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: globalThis.transfer, bubbles: true, cancelable: true })));
  });
}

onPage('many films can be paused, resumed and cancelled', {}, async ({ page }) => {
  await page.evaluate(() => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('#working').hidden) return;
      observer.disconnect();
      document.querySelector('#pause').click();
    }).observe(document.querySelector('#working'), { attributes: true });
  });
  await dropMany(page, 120, readFileSync(films[0]));
  await page.waitForFunction(() => /Paused/.test(document.querySelector('#working-text').textContent));
  const at = () => page.locator('#working-bar').evaluate(({ value }) => value);
  await page.waitForFunction(() => document.querySelector('#working-bar').dataset.running === '0'); // those begun are finished
  await rows(page);
  const before = await at();
  await page.waitForTimeout(300);
  assert.equal(await at(), before, 'a pause is a pause');
  assert.ok(before < 120);
  await page.click('#pause');
  await page.waitForFunction((value) => document.querySelector('#working-bar').value > value, before);
  await page.click('#cancel');
  await finished(page, 120);
  const summary = await page.textContent('#summary');
  assert.match(summary, /\d+ cancelled/);
  assert.doesNotMatch(summary, /not classified/);
  await drop(page, [films[1]]);
  await finished(page, 121);
});

onPage('ten thousand films: only the rows in view exist, and the last can be reached', {}, async ({ page }, t) => {
  await dropMany(page, 10_000, Buffer.from('no film'));
  await finished(page, 10_000);
  await page.selectOption('#order', 'name');
  await page.focus('#rows');
  for (const key of ['End', 'Home', 'PageDown', 'End']) await page.keyboard.press(key);
  await page.waitForFunction(() => [...document.querySelectorAll('.row')].some((row) => row.ariaSelected === 'true' && /film-9999/.test(row.textContent)));
  const drawn = await page.locator('.row').count();
  assert.ok(drawn < 40, `${drawn} rows`);
  // Up to 50 ms it is told of none. Not asserted: another process may have the processor meanwhile.
  t.diagnostic(`longest task of the main thread: ${await page.evaluate(() => Math.round(globalThis.longest) || 'at most 50')} ms`);
});

test('progress shows while the model comes, and films that came first wait for it', async () => {
  let deliver;
  const held = new Promise((done) => (deliver = done));
  const { page, complaints, close } = await openPage(shared.browser, {
    before: (fresh) => fresh.route('**/model.onnx', (route) => held.then(() => route.continue())),
  });
  try {
    assert.ok(await page.locator('#loading-bar').isVisible());
    assert.match(await page.textContent('#loading-text'), /Loading/);
    assert.ok(await page.locator('#example').isDisabled());
    await drop(page, films.slice(0, 2));
    assert.deepEqual((await rows(page)).map(({ state }) => state), ['waiting', 'waiting']);
    deliver();
    await finished(page, 2);
    assert.ok(await page.locator('#loading').isHidden());
    assert.ok((await rows(page)).every(({ state }) => state !== 'error'));
    assert.deepEqual(complaints, []);
  } finally {
    deliver();
    await close();
  }
});

onPage('works in any folder of a host', { root: join(ROOT, 'web'), path: 'dist/' }, async ({ page }) => {
  await page.locator('.examples button').first().click();
  await finished(page, 1);
  assert.notEqual((await rows(page))[0].state, 'error');
});

test('a server that lacks the model leaves a sentence, not a blank page', async () => {
  const { page, close } = await openPage(shared.browser, {
    before: (fresh) => fresh.route('**/model.onnx', (route) => route.fulfill({ status: 404, body: 'gone' })),
  });
  try {
    await page.waitForFunction(() => document.querySelector('#message').textContent !== '');
    assert.match(await page.textContent('#message'), /could not be loaded.*model\.onnx.*404.*\(file\)/s);
    assert.ok(await page.locator('#loading').isHidden());
  } finally {
    await close();
  }
});

/**
 * The next film of the queue ends each worker that is there, by an exception outside of any call, as a
 * fault of the browser or of ours would be. Nothing else may: the page asks for the count of requests,
 * thumbnails and the heatmap when it likes, and a worker that such a question ends is replaced before a
 * film comes.
 */
async function poison(page) {
  const workers = page.workers().filter((one) => /\/worker-/.test(one.url()));
  assert.ok(workers.length > 0, page.workers().map((one) => one.url()).join());
  for (const worker of workers) {
    await worker.evaluate(() => {
      const usual = globalThis.onmessage;
      globalThis.onmessage = (event) => {
        const { method, args } = event.data;
        if (method === 'report' && !args[1].heatmap) throw new Error('planted');
        return usual(event);
      };
    });
  }
  return workers.length;
}

test('a worker that dies costs its film, and another goes on', async () => {
  const { page, close } = await openPage(shared.browser);
  try {
    await ready(page);
    await drop(page, [films[0]]);
    await finished(page, 1);
    const doomed = await poison(page);
    await drop(page, films.slice(1, 8));
    await finished(page, 8);
    const states = (await rows(page)).map(({ state }) => state);
    const lost = states.filter((state) => state === 'error').length;
    assert.ok(lost >= 1 && lost <= doomed, `${states.join()}; ${doomed} workers`);
    await page.selectOption('#filter', 'error');
    assert.equal((await rows(page)).length, lost);
    await page.locator('.row').first().click();
    assert.match(await page.textContent('#answer'), /worker/);
    assert.equal(await page.textContent('#message'), '');
    // Exports have a row for each of them, too, in the command line's words.
    const faults = (await savedLines(page)).filter(({ error }) => error);
    assert.equal(faults.length, lost);
    for (const { file, outcome, error, model } of faults) {
      assert.ok(file && outcome === null && /^[0-9a-f]{64}$/.test(model.sha256));
      assert.match(`${error.code}: ${error.message}`, /^internal: .*worker/);
    }
    const table = await savedCsv(page);
    assert.equal(table.length, 1 + 8);
    assert.equal(table.filter((row) => /,internal,.*worker/.test(row)).length, lost);
  } finally {
    await close();
  }
});

test('a classifier that is gone for good is told', async () => {
  // The copy would have the workers' code still.
  const { page, close } = await openPage(shared.browser, { serviceWorkers: 'block' });
  try {
    await ready(page);
    await page.route('**/assets/worker-*', (route) => route.abort());
    await poison(page);
    await drop(page, films);
    await finished(page, films.length);
    const states = (await rows(page)).map(({ state }) => state);
    assert.ok(states.every((state) => state === 'error'), states.join());
    await page.waitForFunction(() => /Reload the page/.test(document.querySelector('#message').textContent));
  } finally {
    await close();
  }
});

onPage('what a reader wrote is not lost by a slip: the list asks before it is cleared, and the window before it goes', {}, async ({ page }) => {
  await drop(page, films.slice(0, 2));
  await finished(page, 2);
  const asked = [];
  let answer = 'dismiss';
  page.on('dialog', async (dialog) => {
    asked.push(dialog.type());
    await dialog[answer]();
  });
  await page.focus('#rows');
  await page.keyboard.press('f');
  await page.click('#clear');
  assert.equal((await rows(page)).length, 2);
  await page.evaluate(() => location.reload());
  await page.waitForTimeout(300);
  assert.deepEqual(asked, ['confirm', 'beforeunload']);
  assert.equal((await rows(page)).length, 2, 'the page is still there');
  // Once it is in a file, there is nothing to lose.
  await savedLines(page);
  await page.click('#clear');
  assert.equal(await page.getAttribute('#view-films', 'data-films'), '0');
  assert.equal(asked.length, 2);
  await drop(page, [films[0]]);
  await finished(page, 1);
  await page.focus('#rows');
  await page.keyboard.press('a');
  answer = 'accept';
  await page.click('#clear');
  assert.equal(await page.getAttribute('#view-films', 'data-films'), '0');
});

onPage('a choice that no film meets says so', {}, async ({ page }) => {
  await drop(page, [films[0]]);
  await finished(page, 1);
  assert.ok(await page.locator('#none').isHidden());
  await page.selectOption('#filter', 'error');
  assert.equal(await page.textContent('#none'), 'No film matches.');
  assert.ok(await page.locator('#none').isVisible());
});
