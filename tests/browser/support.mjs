// What the browser tests share: Chromium, the page served as it is shipped, and a real drop.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serve } from '../../web/server.mjs';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DIST = `${ROOT}web/dist`;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

// Without these it calls hosts of its own, which says nothing of the page.
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launch() {
  assert.ok(existsSync(CHROMIUM), `There is no Chromium at ${CHROMIUM}: install it (apt-get install chromium) or name it in CHROMIUM.`);
  assert.ok(existsSync(`${DIST}/index.html`), `There is no page in ${DIST}: build it first (npm run build).`);
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

/** The page in a fresh profile, from a server of its own. Everything it asks for is in the logs. */
export async function openPage(browser, options = {}) {
  const { viewport = { width: 1280, height: 900 }, root = DIST, path = '', before = () => {}, ...context } = options;
  const served = [];
  const { server, url } = await serve({ root, onRequest: (method, asked) => served.push(`${method} ${asked}`) });
  const profile = await browser.newContext({ viewport, acceptDownloads: true, ...context });
  const page = await profile.newPage();
  const requested = [];
  const complaints = [];
  profile.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url())) requested.push(request.url());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (line) => {
    // The tests read canvases back, which the page does not, and may forbid service workers.
    if (/willReadFrequently|blocked by Playwright/.test(line.text())) return;
    if (line.type() === 'error' || line.type() === 'warning') complaints.push(line.text());
  });
  await before(page);
  await page.goto(url + path);
  return {
    page,
    url,
    served,
    requested,
    complaints,
    /** From now on there is no network. */
    async cut() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
    async close() {
      await profile.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Registers a file's tests: `onPage` runs one on a fresh page, which must not complain. */
export function suite() {
  const shared = { browser: null, folder: null };
  before(async () => {
    shared.browser = await launch();
    shared.folder = mkdtempSync(join(tmpdir(), 'pleura-'));
  });
  after(async () => {
    await shared.browser?.close();
    if (shared.folder) rmSync(shared.folder, { recursive: true });
  });
  return {
    shared,
    /** Neither in its console nor by exceptions, that is. */
    onPage(name, options, body) {
      const { skip = false, ...how } = options;
      test(name, { skip }, async (t) => {
        const opened = await openPage(shared.browser, how);
        try {
          await ready(opened.page);
          await body(opened, t);
          assert.deepEqual(opened.complaints, [], 'the page complained');
        } finally {
          await opened.close();
        }
      });
    },
    written: (files) =>
      files.map(({ name, bytes }) => {
        const path = join(shared.folder, name);
        writeFileSync(path, bytes);
        return path;
      }),
  };
}

/** Waits until the classifier and all of its workers are loaded; if they cannot be, fails with the page's own words. */
export async function ready(page) {
  await page.waitForFunction(
    () => document.documentElement.dataset.started || document.querySelector('#message').textContent,
    null,
    { timeout: 60_000 },
  );
  assert.equal(await page.textContent('#message'), '');
}

/** Waits until the copy for work without a network is there, or cannot be. */
export async function copied(page) {
  await page.waitForFunction(() => ['ready', 'none'].includes(document.documentElement.dataset.offline), null, { timeout: 60_000 });
  return page.getAttribute('html', 'data-offline');
}

/** Drops files or folders of this machine (or other things) on the page, as a hand with a mouse does. */
export async function drop(page, paths, items = []) {
  const [x, y] = [200, 300];
  const session = await page.context().newCDPSession(page);
  const data = { items, files: paths, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', { type, x, y, data });
  }
  await session.detach();
}

/** Reads until the value passes the test, and gives it back; fails with the last one after half a minute. */
export async function eventually(read, test) {
  const end = Date.now() + 30_000;
  for (;;) {
    const value = await read();
    if (test(value)) return value;
    assert.ok(Date.now() < end, `waited in vain, at last for ${JSON.stringify(value)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Waits until the film in view is drawn as the page wants it at last, the heatmap included. */
export async function settled(page, where = '#film') {
  await page.waitForFunction((selector) => document.querySelector(selector).dataset.drawn === 'yes', where);
}

/** Waits until the list has so many films and all of them are through. */
export async function finished(page, count, timeout = 120_000) {
  await page.waitForFunction(
    (wanted) => {
      const { films, open } = document.querySelector('#view-films').dataset;
      return films === String(wanted) && open === '0' && document.querySelector('#working').hidden;
    },
    count,
    { timeout },
  );
}

/** The rows in view, as a reader finds them, from the top. */
export async function rows(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return page.locator('.row').evaluateAll((list) =>
    list
      .sort((a, b) => Number(a.ariaPosInSet) - Number(b.ariaPosInSet))
      .map((row) => ({
        state: row.dataset.state,
        name: row.querySelector('.name').textContent,
        score: row.querySelector('.score .number').textContent,
        selected: row.ariaSelected === 'true',
        marks: row.querySelector('.marks').textContent,
      })),
  );
}

async function download(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  return readFile(await file.path(), 'utf8');
}

/** What the buttons save: the page's answers at full precision, in the order of opening. */
export async function savedLines(page) {
  return (await download(page, '#save-json'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

export const savedCsv = async (page) => (await download(page, '#save-csv')).trim().split('\n');

/** The same by file name. */
export async function saved(page) {
  return new Map((await savedLines(page)).map((result) => [result.file, result]));
}

let axe;
/** What axe finds wrong with the page as it stands: contrast, names, roles, order of headings. */
export async function barriers(page) {
  axe ??= readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(', ')}`);
}

export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Where a screenshot goes: into the documentation when it is asked for, else beside the build. */
export async function picture(page, name, options = {}) {
  const where = process.env.UPDATE_SCREENSHOTS === '1' && !name.includes('/') ? 'docs/images' : 'build/screenshots';
  const path = join(ROOT, where, `${name.replace('/', '')}.png`);
  mkdirSync(join(ROOT, where), { recursive: true });
  await page.screenshot({ path, ...options });
}
