// The address is the only thing that a link of others brings into the page: it names a view, and can do nothing else.
import assert from 'node:assert/strict';
import { copied, finished, openPage, ready, suite } from './support.mjs';
import { test } from 'node:test';

const { shared, onPage } = suite();

const SCRIPTS = ['<script>globalThis.hit=1</script>', '<img src=x onerror=globalThis.hit=1>', '"><svg onload=globalThis.hit=1>', 'javascript:globalThis.hit=1', "'-globalThis.hit-'", '${globalThis.hit=1}'];
const ODD = ['', 'nonsense', 'FILMS', 'model ', 'view-model', 'trust-body', '__proto__', 'constructor', 'toString', '%', '%zz', '%00', '\u202egnp.exe', '👁', '"]', '*', '.', '##model', 'model&trust', 'model?x=1', 'a'.repeat(100_000), ...SCRIPTS];
/** Names that pages of this kind read, and that this one's own settings have. */
const NAMES = ['model', 'lang', 'language', 'theme', 'threshold', 'prevalence', 'url', 'file', 'src', 'view', 'tier', 'workers', 'threads', 'version', 'isolated', '__proto__', 'constructor'];

/** Which views are in sight, and what stands in the page that the build did not put there. */
const state = (page) =>
  page.evaluate(() => ({
    seen: [...document.querySelectorAll('[id^=view-]')].filter(({ hidden }) => !hidden).map(({ id }) => id),
    hit: globalThis.hit,
    scripts: document.scripts.length,
    handlers: document.querySelectorAll('[onerror], [onload], [onclick], iframe, object, embed, base').length,
    said: document.querySelector('#message').textContent,
    language: document.documentElement.lang,
    theme: document.documentElement.dataset.theme,
    prototype: Object.keys(Object.prototype).length,
  }));

onPage('what follows the # of an address is a view’s name, or nothing', {}, async ({ page, url }) => {
  const plain = await state(page);
  assert.deepEqual(plain.seen, ['view-films']);
  for (const view of ['model', 'learn', 'trust', 'films']) {
    await page.goto(`${url}#${view}`);
    assert.deepEqual((await state(page)).seen, [`view-${view}`]);
  }
  for (const odd of ODD) {
    // As a link, and as a page's own script would.
    await page.evaluate((hash) => (location.hash = hash), 'model');
    await page.waitForFunction(() => !document.querySelector('#view-model').hidden);
    await page.evaluate((hash) => (location.hash = hash), odd);
    await page.waitForFunction(() => !document.querySelector('#view-films').hidden);
    assert.deepEqual(await state(page), plain, odd.slice(0, 60));
  }
  await page.locator('.examples button').first().click();
  await finished(page, 1);
});

test('a page that is opened by an odd address is the page', async () => {
  const odd = [...SCRIPTS, 'nonsense', '-1', '1e999', 'x'.repeat(6000), '../../etc/passwd', 'https://example.org/model.onnx', '\u0000', '[]', 'NaN'];
  // All at once: each name with a value of its own, as many times round as there are values.
  for (let round = 0; round < odd.length; round += 4) {
    const query = NAMES.map((name, place) => `${name}=${encodeURIComponent(odd[(round + place) % odd.length].slice(0, round === 0 ? 6000 : 300))}`).join('&').slice(0, 7000);
    const opened = await openPage(shared.browser, { path: `?${query}#${encodeURIComponent(odd[round])}` });
    try {
      await ready(opened.page);
      const { seen, hit, said, language, theme, prototype } = await state(opened.page);
      assert.deepEqual({ seen, hit, said, language, theme, prototype }, { seen: ['view-films'], hit: undefined, said: '', language: 'en', theme: 'dark', prototype: 0 }, query.slice(0, 200));
      assert.deepEqual(opened.complaints, []);
      // Nothing of it goes anywhere: what is asked for has the names that it always has.
      assert.ok(opened.requested.slice(1).every((asked) => !/[?<>]|example\.org|passwd/.test(asked.replace(/#.*/, ''))), opened.requested.join('\n').slice(0, 2000));
    } finally {
      await opened.close();
    }
  }
});

onPage('the copy on the device answers such addresses, too, and keeps none of them', {}, async ({ page, url, cut }) => {
  assert.equal(await copied(page), 'ready');
  await cut();
  for (const query of ['?version', '?isolated', '?version=00000000&isolated=yes', `?${'x'.repeat(5000)}`, '?<script>globalThis.hit=1</script>']) {
    await page.goto(`${url}${query}#trust`);
    await ready(page);
    assert.deepEqual((await state(page)).seen, ['view-trust'], query.slice(0, 60));
    assert.equal(await page.evaluate(() => crossOriginIsolated), true, 'as the server’s headers in the copy say');
  }
  const kept = await page.evaluate(async () => {
    const urls = [];
    for (const name of await caches.keys()) urls.push(...(await (await caches.open(name)).keys()).map((request) => request.url));
    return urls;
  });
  assert.deepEqual(kept.filter((address) => address.includes('?')).map((address) => new URL(address).search), ['?version']);
});

test('settings that somebody else wrote are not believed', async () => {
  for (const planted of ['{', '[]', '"dark"', '{"language":"<img src=x onerror=hit=1>","theme":{}}', '{"__proto__":{"theme":"light"},"language":"__proto__"}', 'x'.repeat(100_000)]) {
    const opened = await openPage(shared.browser, { before: (fresh) => fresh.addInitScript((text) => localStorage.setItem('pleura.settings', text), planted) });
    try {
      await ready(opened.page);
      const { language, theme, hit } = await state(opened.page);
      assert.deepEqual([language, theme, hit], ['en', 'dark', undefined], planted.slice(0, 60));
      assert.deepEqual(opened.complaints, []);
    } finally {
      await opened.close();
    }
  }
});
