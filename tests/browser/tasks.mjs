// How long the page's main thread is held: the longest tasks while a folder of 1,200 films is read, while
// 10,000 files come in, and while their rows scroll. No part of the tests that run everywhere, since these
// are times. Of each task, what the processor spent on it, which other processes do not lengthen, and beside it
// the time on the wall, as PerformanceObserver's "longtask" (over 50 ms) has it:
//   node tests/browser/tasks.mjs
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixtures } from '../node/support.mjs';
import { drop, finished, launch, openPage, ready } from './support.mjs';

const films = fixtures();
const folder = mkdtempSync(join(tmpdir(), 'pleura-tasks-'));
for (let i = 0; i < 1200; i++) copyFileSync(films[i % films.length], join(folder, `film-${i}.jpg`));
const browser = await launch();
const { page, close } = await openPage(browser);

async function traced(name, body) {
  const session = await browser.newBrowserCDPSession();
  const events = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value) events.push(event);
  });
  const traceConfig = { includedCategories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'], excludedCategories: ['*'] };
  await session.send('Tracing.start', { traceConfig, transferMode: 'ReportEvents' });
  await body();
  const whole = new Promise((done) => session.once('Tracing.tracingComplete', done));
  await session.send('Tracing.end');
  await whole;
  await session.detach();
  const thread = ({ pid, tid }) => `${pid} ${tid}`;
  const mains = new Set(events.filter((event) => event.name === 'thread_name' && event.args.name === 'CrRendererMain').map(thread));
  const tasks = events.filter((event) => event.ph === 'X' && event.name === 'RunTask' && mains.has(thread(event)));
  if (tasks.length === 0) throw new Error('The trace has no task of the main thread.');
  const longest = (of) => tasks.map((task) => (task[of] ?? 0) / 1000).sort((a, b) => b - a).slice(0, 3).map((ms) => ms.toFixed(0)).join(', ');
  console.log(`${name}: ${tasks.length} tasks; longest by processor time ${longest('tdur')} ms, on the wall ${longest('dur')} ms`);
}

try {
  await ready(page);
  await page.waitForFunction(() => document.documentElement.dataset.warm);
  await traced('1,200 films of a folder', async () => {
    await drop(page, [folder]);
    await finished(page, 1200, 400_000);
  });
  await page.click('#clear');
  await page.waitForFunction(() => document.querySelector('#view-films').dataset.films === '0');
  await page.evaluate(() => { // made before, since that is no work of the page's
    globalThis.files = new DataTransfer();
    for (let i = 0; i < 10_000; i++) globalThis.files.items.add(new File(['no film'], `film-${i}.jpg`));
  });
  await traced('10,000 files', async () => {
    await page.evaluate(() => {
      setTimeout(() => document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: globalThis.files, bubbles: true, cancelable: true })));
    });
    await finished(page, 10_000);
  });
  await traced('their rows scroll', async () => {
    const { x, y } = await page.locator('#rows').boundingBox();
    await page.mouse.move(x + 50, y + 50);
    for (let i = 0; i < 100; i++) await page.mouse.wheel(0, i % 7 === 0 ? 20_000 : 900);
  });
} finally {
  await close();
  await browser.close();
  rmSync(folder, { recursive: true });
}
