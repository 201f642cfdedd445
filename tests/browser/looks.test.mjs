// How it looks and to whom it speaks: sizes, themes, languages, barriers; and the documentation's pictures.
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { fixtures } from '../node/support.mjs';
import { barriers, drop, finished, overflow, picture, suite } from './support.mjs';

const films = fixtures();
const { onPage, written } = suite();
const VIEWS = ['films', 'model', 'learn', 'trust'];

for (const [width, height] of [[320, 640], [360, 740], [768, 1024], [1280, 900]]) {
  for (const theme of ['dark', 'light']) {
    onPage(`fits ${width} px without a barrier, ${theme}`, { viewport: { width, height }, reducedMotion: 'reduce' }, async ({ page }) => {
      if (theme === 'light') await page.click('#theme');
      assert.equal(await overflow(page), 0);
      assert.deepEqual(await barriers(page), [], 'nothing opened yet');
      const long = `${'a-long-name-without-a-place-to-break-'.repeat(4)}.jpg`;
      await drop(page, [films[0], films[4], ...written([{ name: long, bytes: Buffer.from('text') }]), films[8]]);
      await finished(page, 4);
      await page.click('#operating-details summary');
      for (const view of VIEWS) {
        await page.click(`[data-view=${view}]`);
        assert.equal(await overflow(page), 0, view);
        assert.deepEqual(await barriers(page), [], view);
        // What a finger must hit is as large as one.
        const small = await page.locator('button:visible, select:visible').evaluateAll((list) => list.filter((one) => one.getBoundingClientRect().height < 44).map(({ id, textContent }) => id || textContent));
        assert.deepEqual(small, [], view);
        await picture(page, `/${view}-${width}-${theme}`, { fullPage: true });
      }
    });
  }
}

// A window of 1280 px, zoomed to 200 %, is one of 640.
onPage('at 200 % zoom nothing is cut off', { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }, async ({ page }) => {
  await drop(page, films.slice(0, 3));
  await finished(page, 3);
  for (const view of VIEWS) {
    await page.click(`[data-view=${view}]`);
    assert.equal(await overflow(page), 0, view);
  }
});

for (const [language, wanted] of Object.entries({ es: /neumonía/, fr: /pneumonie/, sw: /nimonia/ })) {
  onPage(`speaks ${language}`, { locale: language }, async ({ page }) => {
    assert.equal(await page.getAttribute('html', 'lang'), language);
    await drop(page, films.slice(0, 2));
    await finished(page, 2);
    assert.match(await page.locator('#answer').innerText(), wanted);
    for (const view of VIEWS) {
      await page.click(`[data-view=${view}]`);
      assert.equal(await overflow(page), 0, view);
      assert.deepEqual(await barriers(page), [], view);
    }
    await page.click('[data-view=films]');
    await page.selectOption('#language', 'en');
    await page.waitForFunction(() => document.documentElement.lang === 'en');
    assert.match(await page.locator('#answer').innerText(), /threshold for pneumonia/);
    await page.reload();
    await page.waitForFunction(() => document.documentElement.dataset.ready);
    assert.equal(await page.getAttribute('html', 'lang'), 'en', 'the choice is kept');
  });
}

onPage('the page can be turned round for languages that are written from the right', {}, async ({ page }) => {
  await drop(page, films.slice(0, 2));
  await finished(page, 2);
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  assert.equal(await overflow(page), 0);
  const [list, reader] = await Promise.all(['.list', '#reader'].map((name) => page.locator(name).boundingBox()));
  assert.ok(list.x > reader.x, 'the list stands at the right');
  // "91%–97%", and not the other way round.
  await page.click('#operating-details summary');
  const [from, to] = await page.locator('#operating dd .quiet').first().evaluate((element) => {
    const place = (at) => {
      const range = document.createRange();
      range.setStart(element.firstChild, at);
      range.setEnd(element.firstChild, at + 1);
      return range.getBoundingClientRect().left;
    };
    return [place(0), place(element.textContent.length - 2)];
  });
  assert.ok(from < to, `${from}, ${to}`);
});

onPage('what changes is told to a screen reader', {}, async ({ page }) => {
  await drop(page, films.slice(0, 3));
  await finished(page, 3);
  assert.match(await page.locator('#status[role=status]').textContent(), /Done: 3.*3 films/);
  await drop(page, [films[5]]);
  await finished(page, 4);
  assert.match(await page.locator('#status').textContent(), new RegExp(`${basename(films[5])}: .*%`));
  const active = await page.getAttribute('#rows', 'aria-activedescendant');
  assert.match(await page.locator(`#${active}`).innerText(), /\.jpg.*threshold.*%/s);
});

for (const view of ['films', 'model', 'trust']) {
  onPage(`the picture of ${view} in the documentation`, { viewport: { width: 1280, height: 860 } }, async ({ page }) => {
    await page.click('#example');
    await finished(page, 6);
    await page.click(`[data-view=${view}]`);
    if (view === 'trust') {
      await page.click('#selftest');
      await page.waitForFunction(() => document.querySelector('#selftest-result').dataset.passed);
    }
    await page.mouse.move(0, 0);
    await page.waitForTimeout(700);
    await picture(page, view === 'films' ? 'page' : `page-${view}`);
  });
}
