// The README's moving picture: the main job on the bundled films, as a user does it. Taken with the other
// pictures (UPDATE_SCREENSHOTS=1), and put together by Debian's img2webp.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { finished, ROOT, settled, suite } from './support.mjs';

const { shared, onPage } = suite();
const JOIN = process.env.IMG2WEBP ?? '/usr/bin/img2webp';
const MOST = 1_000_000;

const skip = process.env.UPDATE_SCREENSHOTS === '1' ? false : 'only when pictures are taken (UPDATE_SCREENSHOTS=1)';

onPage('the main job in moving pictures', { viewport: { width: 1080, height: 760 }, reducedMotion: 'reduce', skip }, async ({ page }, t) => {
  assert.ok(existsSync(JOIN), `There is no ${JOIN}: install it (apt-get install webp) or name it in IMG2WEBP.`);
  const frames = [];
  const frame = async (ms) => {
    const path = join(shared.folder, `frame-${frames.length}.png`);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await page.screenshot({ path });
    frames.push({ path, ms });
  };
  /** A film is shown with its heatmap. */
  const shown = async () => {
    await page.waitForFunction(() => document.querySelector('#heat-text').textContent !== '');
    await settled(page);
  };

  await frame(1400);
  await page.focus('#example');
  await frame(500);
  await page.click('#example');
  await finished(page, 6);
  await shown();
  await page.focus('#rows');
  await frame(2200);
  for (let film = 0; film < 3; film++) {
    await page.keyboard.press('j');
    await shown();
    await frame(1000);
  }
  await page.keyboard.press('h');
  await settled(page);
  await frame(1000);
  await page.keyboard.press('h');
  await shown();
  await page.keyboard.press('f');
  await frame(1200);
  await page.click('#operating-details summary');
  await page.locator('#operating').scrollIntoViewIfNeeded();
  await frame(1000);
  for (const value of [0.6, 0.75, 0.9]) {
    await page.locator('#films-threshold').fill(String(value));
    await frame(500);
  }
  await frame(1800);

  const out = join(ROOT, 'docs/images/page-moving.webp');
  execFileSync(JOIN, ['-loop', '0', '-lossy', '-q', '55', '-m', '6', ...frames.flatMap(({ path, ms }) => ['-d', String(ms), path]), '-o', out], { stdio: 'pipe' });
  t.diagnostic(`${frames.length} pictures, ${statSync(out).size} bytes`);
  assert.ok(statSync(out).size < MOST);
});
