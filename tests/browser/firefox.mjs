// Firefox for the tests (Debian: firefox-esr), driven by WebDriver BiDi: the page as it is shipped, in a profile
// that is thrown away. Playwright's Firefox is one of its own, and wants a later protocol than Debian's speaks.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { serve } from '../../web/server.mjs';
import { eventually, ROOT } from './support.mjs';

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';

/** Registers a file's tests in one Firefox: each has a page of its own, from a server of its own. */
export function firefox() {
  const shared = { browser: null, folder: null };
  before(async () => {
    assert.ok(existsSync(FIREFOX), `There is no Firefox at ${FIREFOX}: install it (apt-get install firefox-esr) or name it in FIREFOX.`);
    shared.folder = mkdtempSync(join(tmpdir(), 'pleura-firefox-'));
    const extraPrefsFirefox = { 'browser.download.folderList': 2, 'browser.download.dir': shared.folder, 'browser.download.start_downloads_in_tmp_dir': false };
    shared.browser = await puppeteer.launch({ browser: 'firefox', executablePath: FIREFOX, headless: true, extraPrefsFirefox });
  });
  after(async () => {
    await shared.browser?.close();
    if (shared.folder) rmSync(shared.folder, { recursive: true, force: true });
  });
  const onPage = (name, body) =>
    test(`Firefox: ${name}`, { timeout: 180_000 }, async (t) => {
      const served = [];
      const { server, url } = await serve({ root: `${ROOT}web/dist`, onRequest: (method, asked) => served.push(`${method} ${asked}`) });
      const context = await shared.browser.createBrowserContext();
      const page = await context.newPage();
      const complaints = [];
      page.on('pageerror', (error) => complaints.push(String(error)));
      const cut = async () => {
        server.closeAllConnections();
        if (server.listening) await new Promise((done) => server.close(done));
      };
      try {
        await page.setViewport({ width: 1280, height: 900 });
        await page.goto(url);
        const does = user(page, shared.folder);
        await does.ready();
        await body({ page, served, cut, url, ...does }, t);
        assert.deepEqual(complaints, [], 'the page complained');
      } finally {
        await context.close();
        await cut();
      }
    });
  return { onPage, shared };
}

/** What a test does and sees on a page. */
function user(page, downloads) {
  const until = (test, ...values) => page.waitForFunction(test, { timeout: 60_000 }, ...values);
  const text = (selector) => page.$eval(selector, ({ textContent }) => textContent);
  const files = (paths) => paths.map((path) => (typeof path === 'string' ? { name: basename(path), base64: readFileSync(path).toString('base64') } : { name: path.name, base64: path.bytes.toString('base64') }));
  return {
    until,
    text,
    async ready() {
      await until(() => document.documentElement.dataset.started || document.querySelector('#message').textContent);
      assert.equal(await text('#message'), '');
    },
    finished: (count) =>
      until((wanted) => {
        const { films, open } = document.querySelector('#view-films').dataset;
        return films === wanted && open === '0' && document.querySelector('#working').hidden;
      }, String(count)),
    settled: () => until(() => document.querySelector('#film').dataset.drawn === 'yes'),
    seen: (selector) => page.$eval(selector, (element) => element.checkVisibility()),
    click: (selector) => page.$eval(selector, (element) => element.click()),
    /** As a hand moves a slider or types. */
    fill: (selector, value) =>
      page.$eval(selector, (element, wanted) => {
        element.value = wanted;
        for (const type of ['input', 'change']) element.dispatchEvent(new Event(type, { bubbles: true }));
      }, value),
    async choose(selector, ...paths) {
      await (await page.$(selector)).uploadFile(...paths);
    },
    /** Firefox lets no test drag files of this machine: they are made in the page, and dropped or pasted there. */
    give: (how, paths) =>
      page.evaluate((kind, given) => {
        const transfer = new DataTransfer();
        for (const { name, base64 } of given) transfer.items.add(new File([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))], name));
        const event = kind === 'drop' ? new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }) : new ClipboardEvent('paste', { bubbles: true, cancelable: true });
        if (kind === 'paste') Object.defineProperty(event, 'clipboardData', { value: transfer }); // which its constructor does not take
        document.body.dispatchEvent(event);
      }, how, files(paths)),
    rows: () =>
      page.evaluate(async () => {
        for (let frames = 0; frames < 2; frames++) await new Promise((done) => requestAnimationFrame(done));
        return [...document.querySelectorAll('.row')]
          .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
          .map((row) => ({
            state: row.dataset.state,
            name: row.querySelector('.name').textContent,
            score: parseFloat(row.querySelector('.score .number').textContent.replace(/[<>]/, '')),
            marks: row.querySelector('.marks').textContent,
            thumbnail: row.querySelector('canvas').width > 1,
          }));
      }),
    /** How many pixels of a canvas are painted, and how light they are. */
    pixels: (selector) =>
      page.$eval(selector, (canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        let [drawn, sum] = [0, 0];
        for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 0) [drawn, sum] = [drawn + 1, sum + data[at]];
        return { drawn, mean: sum / Math.max(1, drawn) };
      }),
    async download(button, name) {
      const path = join(downloads, name);
      rmSync(path, { force: true });
      await page.click(button);
      return eventually(() => (existsSync(path) ? readFileSync(path, 'utf8') : ''), (content) => content !== '');
    },
  };
}
