// What the browser tests share: Chromium, the page served as it is shipped, and a real drop.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
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
    async close() {
      await profile.close();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Waits until the classifier is loaded; if it cannot be, fails with the page's own words. */
export async function ready(page) {
  await page.waitForFunction(
    () => document.documentElement.dataset.ready || document.querySelector('#message').textContent,
    null,
    { timeout: 60_000 },
  );
  assert.equal(await page.textContent('#message'), '');
}

/** Drops files or folders of this machine (or other things) on the page, as a hand with a mouse does. */
export async function drop(page, paths, items = []) {
  const { x, y } = await page.locator('#intake').evaluate((zone) => {
    zone.scrollIntoView();
    const box = zone.getBoundingClientRect();
    return { x: box.x + box.width / 2, y: box.y + 12 };
  });
  const session = await page.context().newCDPSession(page);
  const data = { items, files: paths, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) {
    await session.send('Input.dispatchDragEvent', { type, x, y, data });
  }
  await session.detach();
}

/** Waits until so many films are through. */
export async function finished(page, count, timeout = 120_000) {
  await page.waitForFunction(
    (wanted) => {
      const rows = [...document.querySelectorAll('#rows > li')];
      return rows.length === wanted && rows.every(({ dataset }) => !['waiting', 'working'].includes(dataset.state));
    },
    count,
    { timeout },
  );
}

/** The rows as a reader finds them. */
export function rows(page) {
  return page.locator('#rows > li').evaluateAll((list) =>
    list.map((row) => ({
      state: row.dataset.state,
      name: row.querySelector('.name').textContent,
      title: row.querySelector('.outcome span:last-child').textContent,
      text: row.innerText,
      code: row.querySelector('.reason code')?.textContent ?? null,
    })),
  );
}

/** What the button saves: the page's answers at full precision, by file name. */
export async function saved(page) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save-json')]);
  const text = await readFile(await download.path(), 'utf8');
  return new Map(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map((result) => [result.file, result]),
  );
}
