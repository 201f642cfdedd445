// Without a network, with a new version, on a host without headers; and what stays on the device.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { file, fixtures as compressed } from '../node/compressed.mjs';
import { fixtures } from '../node/support.mjs';
import { smallNet } from './onnx.mjs';
import { copied, drop, eventually, finished, openPage, ready, ROOT, rows, savedLines, suite } from './support.mjs';

const films = fixtures();
const { shared, onPage, written } = suite();

/** A copy of the page as it is shipped, to be changed. */
function copy(name) {
  const root = join(shared.folder, name);
  cpSync(join(ROOT, 'web/dist'), root, { recursive: true });
  return {
    root,
    /** Changes a file, and where `honest` the service worker's list with it. */
    change(file, from, to, honest) {
      this.replace(file, readFileSync(join(root, file), 'utf8').replace(from, to), honest);
    },
    replace(file, after, honest) {
      const before = readFileSync(join(root, file));
      assert.ok(!before.equals(Buffer.from(after)));
      writeFileSync(join(root, file), after);
      for (const name of [file, 'sw.js']) for (const packed of ['.br', '.gz']) rmSync(join(root, name + packed), { force: true });
      if (!honest) return;
      const hash = (text) => createHash('sha256').update(text).digest('hex');
      const worker = readFileSync(join(root, 'sw.js'), 'utf8').replace(hash(before), hash(after)).replace(/"id":"[0-9a-f]{8}/, '"id":"00000000');
      writeFileSync(join(root, 'sw.js'), worker);
    },
  };
}

onPage('works with the network cut, in a new window too', {}, async ({ page, served, cut, requested }) => {
  assert.equal(await copied(page), 'ready');
  const count = Number(/\d+/.exec(await page.textContent('#offline'))[0]);
  assert.ok(count > 15, await page.textContent('#offline'));
  await cut();
  const before = served.length;
  await page.reload();
  await ready(page);
  await page.click('#example');
  await finished(page, 6);
  assert.ok((await rows(page)).every(({ state }) => state !== 'error'));
  await page.click('[data-view=trust]');
  await page.click('#selftest');
  await page.waitForFunction(() => document.querySelector('#selftest-result').dataset.passed === 'yes');
  assert.equal(await page.locator('.files tbody code').count(), count);
  const again = await page.context().newPage();
  await again.goto(page.url().replace(/#.*/, ''));
  await again.waitForFunction(() => document.documentElement.dataset.ready);
  await again.selectOption('#language', 'fr');
  await again.waitForFunction(() => document.documentElement.lang === 'fr');
  assert.equal(served.length, before);
  assert.ok(requested.length > 0);
});

onPage('the decoders of compressed DICOM come from the copy, which is no request to the network', {}, async ({ page, cut }) => {
  assert.equal(await copied(page), 'ready');
  await page.reload(); // the copy answers for the workers from now on
  await ready(page);
  await cut();
  const [name, fixture] = [...compressed].at(-1);
  await drop(page, written([{ name: `${name}.dcm`, bytes: file(fixture) }]));
  await finished(page, 1);
  const [line] = await savedLines(page);
  assert.equal(line.error, undefined, JSON.stringify(line));
  const decoders = async (worker) => (await worker.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))).filter((address) => /pleura-codecs/.test(address));
  const fetched = (await Promise.all(page.workers().map(decoders))).flat();
  assert.ok(fetched.length > 0, 'they were not there before');
  await page.click('[data-view=trust]');
  await page.waitForTimeout(400);
  assert.equal(await page.textContent('#requests'), '0');
});

test('without the copy the decoders are a request, and it is counted', async () => {
  const { page, close } = await openPage(shared.browser, { serviceWorkers: 'block' });
  try {
    await ready(page);
    const [name, fixture] = [...compressed].at(-1);
    await drop(page, written([{ name: `${name}.dcm`, bytes: file(fixture) }]));
    await finished(page, 1);
    await eventually(() => page.textContent('#requests'), (count) => Number(count) > 0);
  } finally {
    await close();
  }
});

test('a file that is not the one that was built is not taken', async () => {
  const tampered = copy('tampered');
  tampered.change('model.about.json', /\d/, (digit) => String((Number(digit) + 1) % 10), false);
  const { page, close } = await openPage(shared.browser, { root: tampered.root });
  try {
    await ready(page);
    assert.equal(await copied(page), 'none');
  } finally {
    await close();
  }
});

test('a new version waits until the user agrees', async () => {
  const site = copy('site');
  const { page, close } = await openPage(shared.browser, { root: site.root });
  try {
    await ready(page);
    assert.equal(await copied(page), 'ready');
    assert.ok(await page.locator('#update').isHidden());
    site.change('index.html', '<title>Pleura', '<title>A later Pleura', true);
    for (let visit = 0; visit < 2; visit++) {
      await page.reload();
      await ready(page);
      assert.match(await page.title(), /^Pleura/, 'the old one answers');
      await page.waitForFunction(() => !document.querySelector('#update').hidden, null, { timeout: 30_000 });
    }
    await Promise.all([page.waitForEvent('load'), page.click('#update-now')]);
    await ready(page);
    assert.match(await page.title(), /^A later Pleura/);
    assert.equal(await copied(page), 'ready');
    assert.ok(await page.locator('#update').isHidden());
  } finally {
    await close();
  }
});

test('a batch goes on with the version that it began with, whatever comes meanwhile, and another window may agree', async () => {
  const site = copy('meanwhile');
  const { page, url, complaints, close } = await openPage(shared.browser, { root: site.root });
  try {
    await ready(page);
    assert.equal(await copied(page), 'ready');
    await page.evaluate(() => (globalThis.same = true));
    const names = Array.from({ length: 40 }, (_, place) => `film-${place}.jpg`);
    await drop(page, written(names.map((name) => ({ name, bytes: readFileSync(films[0]) }))));
    await page.click('#pause');
    const begun = await page.evaluate(() => document.querySelector('#working-bar').value);
    assert.ok(begun < names.length, 'nothing is left to be done');

    // The next version: another model, another name, and none of this one's workers and decoders.
    site.replace('model.onnx', smallNet(4), true);
    site.change('index.html', '<title>Pleura', '<title>A later Pleura', true);
    for (const name of readdirSync(join(site.root, 'assets'))) if (/^(worker|pleura-codecs)-/.test(name)) rmSync(join(site.root, 'assets', name));
    const worker = readFileSync(join(site.root, 'sw.js'), 'utf8').replace(/"assets\/(worker|pleura-codecs)-[^"]*":"[0-9a-f]{64}",/g, '');
    writeFileSync(join(site.root, 'sw.js'), worker);
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
    await page.waitForFunction(() => !document.querySelector('#update').hidden, null, { timeout: 30_000 });
    // In another window somebody agrees.
    const other = await page.context().newPage();
    await other.goto(url);
    await other.waitForFunction(() => document.documentElement.dataset.started && !document.querySelector('#update').hidden, null, { timeout: 60_000 });
    await Promise.all([other.waitForEvent('load'), other.click('#update-now')]);
    await other.waitForFunction(() => document.title.startsWith('A later Pleura'));

    // The browser's own cache may be as small as it likes.
    const session = await page.context().newCDPSession(page);
    await session.send('Network.clearBrowserCache');
    // Each worker ends with its next film, and those that take their place are the old version's, and so are the decoders.
    for (const worker of page.workers().filter((one) => /\/worker-/.test(one.url()))) {
      await worker.evaluate(() => {
        const usual = globalThis.onmessage;
        globalThis.onmessage = (event) => {
          if (event.data.method === 'report' && !event.data.args[1].heatmap) throw new Error('planted');
          return usual(event);
        };
      });
    }
    await page.click('#pause');
    const [name, fixture] = [...compressed].at(-1);
    await drop(page, written([{ name: `${name}.dcm`, bytes: file(fixture) }]));
    await finished(page, names.length + 1);
    assert.equal(await page.evaluate(() => globalThis.same), true, 'the page was loaded anew');
    const lines = await savedLines(page);
    const shipped = createHash('sha256').update(readFileSync(join(ROOT, 'web/dist/model.onnx'))).digest('hex');
    assert.equal(lines.length, names.length + 1);
    for (const line of lines) assert.equal(line.model.sha256, shipped);
    const lost = lines.filter(({ error }) => error);
    assert.ok(lost.length <= 4 && lost.every(({ error }) => /worker/.test(error.message)), JSON.stringify(lost.slice(0, 5)));
    assert.equal(lines.find((line) => line.file === `${name}.dcm`).error, undefined);
    assert.deepEqual(complaints, []);
  } finally {
    await close();
  }
});

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.json': 'application/json', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json' };

test('a host that sets no headers, in a folder: all works, and isolation can be had', async () => {
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0].replace(/^\/some\/where\//, '');
    try {
      const bytes = readFileSync(join(ROOT, 'web/dist', path || 'index.html'));
      response.writeHead(200, { 'Content-Type': TYPES[extname(path || 'index.html')] ?? 'application/octet-stream' }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const context = await shared.browser.newContext();
  const page = await context.newPage();
  try {
    await page.goto(`http://127.0.0.1:${server.address().port}/some/where/#trust`);
    await ready(page);
    assert.equal(await copied(page), 'ready');
    assert.equal(await page.evaluate(() => crossOriginIsolated), false);
    await Promise.all([page.waitForEvent('load'), page.check('#isolate')]);
    await ready(page);
    assert.equal(await page.evaluate(() => crossOriginIsolated), true);
    await page.click('#selftest');
    await page.waitForFunction(() => document.querySelector('#selftest-result').dataset.passed === 'yes');
  } finally {
    await context.close();
    server.closeAllConnections();
    server.close();
  }
});

/** Everything of this origin in the browser, as text. */
const stored = (page) =>
  page.evaluate(async () => {
    const found = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), ...(await indexedDB.databases()).map(({ name }) => `database ${name}`)];
    for await (const name of (await navigator.storage.getDirectory()).keys()) found.push(`file ${name}`);
    for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) found.push(request.url);
    return found.join('\n');
  });

/** The list that is kept, as text. A file that is being written takes another's place, which is then gone: it is read again. */
async function list(page) {
  for (let tries = 1; ; tries++) {
    try {
      return await page.evaluate(async () => {
        let text = '';
        for await (const file of (await navigator.storage.getDirectory()).values()) text += await (await file.getFile()).text();
        return text;
      });
    } catch (error) {
      if (tries === 20 || !/NotFoundError/.test(String(error))) throw error;
    }
  }
}

onPage('nothing of a film stays unless it is asked for; then the list does, and can be deleted', {}, async ({ page }) => {
  assert.equal(await copied(page), 'ready');
  await drop(page, films.slice(0, 2));
  await finished(page, 2);
  await page.waitForTimeout(1500);
  const untouched = await stored(page);
  assert.doesNotMatch(untouched, /^(database|file) |bacterial-1\.jpg(?!$)/m);
  assert.ok(!untouched.includes('pneumonia"'), untouched);

  await page.click('[data-view=trust]');
  await page.check('#keep');
  await page.click('[data-view=films]');
  await page.fill('#note', 'seen before');
  await page.focus('#rows');
  await page.keyboard.press('f');
  await eventually(() => list(page), (text) => /"flagged"/.test(text) && /seen before/.test(text));
  const noted = await page.textContent('#film-name');
  await page.reload();
  await ready(page);
  await finished(page, 2);
  const kept = (await savedLines(page)).find(({ file }) => file === noted);
  assert.deepEqual(kept.reader, { mark: 'flagged', note: 'seen before' });
  await page.locator('.row').first().click();
  await page.waitForFunction(() => /not kept/.test(document.querySelector('#film-figcaption').textContent));
  // Opened again, a film has its note still, and is there once.
  await drop(page, films.slice(0, 2));
  await finished(page, 2);
  assert.equal((await savedLines(page)).find(({ file }) => file === noted).reader.note, 'seen before');

  await page.click('[data-view=trust]');
  await page.click('#delete-all');
  await page.waitForFunction(() => /deleted/.test(document.querySelector('#view-trust').textContent));
  assert.equal((await stored(page)).trim(), '{}\n{}');
});

onPage('of two windows one keeps its list, and the other can delete it', {}, async ({ page, url }) => {
  await drop(page, [films[0]]);
  await finished(page, 1);
  await page.click('[data-view=trust]');
  await page.check('#keep');
  await eventually(() => list(page), (text) => text.includes('"name"'));
  const other = await page.context().newPage();
  await other.goto(`${url}#trust`);
  await ready(other);
  assert.equal(await other.isChecked('#keep'), false);
  await other.click('#keep');
  await other.waitForFunction(() => /Another window/.test(document.querySelector('#view-trust').textContent));
  assert.equal(await other.isChecked('#keep'), false);
  await other.click('#delete-all');
  await other.waitForFunction(() => /deleted/.test(document.querySelector('#view-trust').textContent));
  // The first one has lost its file, and does not write another.
  await page.click('[data-view=films]');
  await page.focus('#rows');
  await page.keyboard.press('f');
  await page.waitForTimeout(1500);
  assert.equal(await list(page), '');
});

onPage('where there is no more room, that is said, and the page works on', {}, async ({ page }) => {
  await page.evaluate(() => {
    FileSystemFileHandle.prototype.createWritable = () => Promise.reject(new DOMException('planted', 'QuotaExceededError'));
  });
  await drop(page, [films[0]]);
  await finished(page, 1);
  await page.click('[data-view=trust]');
  await page.click('#keep');
  await page.waitForFunction(() => /does not let the page keep/.test(document.querySelector('#view-trust').textContent));
  assert.equal(await page.isChecked('#keep'), false);
  await page.evaluate(() => {
    let writes = 0;
    FileSystemFileHandle.prototype.createWritable = async () => {
      if (writes++ > 0) throw new DOMException('planted', 'QuotaExceededError');
      return new WritableStream();
    };
    WritableStream.prototype.write = WritableStream.prototype.close = async () => {};
  });
  await page.click('#keep');
  await page.waitForFunction(() => document.querySelector('#keep').checked);
  await page.click('[data-view=films]');
  await drop(page, [films[1]]);
  await finished(page, 2);
  await page.waitForFunction(() => /no longer kept/.test(document.querySelector('#message').textContent));
});
