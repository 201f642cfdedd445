// All that a person can do (docs/page.md), in Firefox.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { constants, inflateSync } from 'node:zlib';
import { blank, fixtures, hostile } from '../node/support.mjs';
import { firefox } from './firefox.mjs';
import { smallNet } from './onnx.mjs';

const films = fixtures();
const { onPage } = firefox();
const metrics = JSON.parse(readFileSync(new URL('../../models/child-pneumonia/metrics.json', import.meta.url), 'utf8'));

/** Firefox packs what says so. */
function pagesOf(pdf) {
  const texts = [pdf];
  for (const { index, 0: head } of pdf.toString('latin1').matchAll(/stream\r?\n/g)) {
    try {
      texts.push(inflateSync(pdf.subarray(index + head.length), { finishFlush: constants.Z_SYNC_FLUSH }));
    } catch {
      // not packed, or a picture
    }
  }
  return texts.flatMap((text) => text.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []).length;
}

onPage('films are chosen, dropped, pasted and come in a folder; what is none has a row with its reason', async ({ page, choose, give, finished, rows, text, click, fill, seen }) => {
  await choose('#files', films[0], films[1]);
  await finished(2);
  await give('drop', [films[2], ...hostile()]);
  await finished(3 + hostile().length);
  await give('paste', [films[3]]);
  await finished(4 + hostile().length);
  await page.$eval('#folder', (input) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['no film'], '.DS_Store'));
    transfer.items.add(new File(['no film'], 'in-a-folder.txt'));
    input.files = transfer.files;
    input.dispatchEvent(new Event('change'));
  });
  await finished(5 + hostile().length);
  await fill('#filter', 'error');
  const shown = await rows();
  assert.equal(shown.length, hostile().length + 1, 'the hidden file was passed over');
  await click('.row');
  assert.match(await text('#answer'), /could not be read/);
  await give('drop', [{ name: 'blank.png', bytes: blank(400, 400) }]);
  await finished(6 + hostile().length);
  assert.match(await text('#answer'), /Cannot say.*blank/s);
  assert.equal(await seen('#none'), false);
});

onPage('a long queue shows its progress, pauses, goes on and is cancelled', async ({ page, until, text, click, finished, rows }) => {
  await page.evaluate((base64) => {
    new MutationObserver((_, observer) => {
      if (document.querySelector('#working').hidden) return;
      observer.disconnect();
      document.querySelector('#pause').click();
    }).observe(document.querySelector('#working'), { attributes: true });
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    for (let film = 0; film < 120; film++) dataTransfer.items.add(new File([bytes], `film-${film}.jpg`));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, readFileSync(films[0]).toString('base64'));
  await until(() => /Paused: \d+ of 120 films/.test(document.querySelector('#working-text').textContent) && document.querySelector('#working-bar').dataset.running === '0');
  await rows();
  const before = await page.$eval('#working-bar', ({ value }) => value);
  assert.ok(before < 120);
  await click('#pause');
  await until((value) => document.querySelector('#working-bar').value > value, before);
  await click('#cancel');
  await finished(120);
  assert.match(await text('#summary'), /\d+ cancelled/);
});

onPage('one answer: outcome, threshold, film, heatmap and its sentence', async ({ page, click, finished, settled, text, pixels, fill, until, give }) => {
  await give('drop', films.filter((path) => basename(path) === 'bacterial-1.jpg'));
  await finished(1);
  await settled();
  assert.match(await text('#answer'), /Pneumonia.*Threshold.*the upright line/s);
  assert.equal(await page.$$eval('#answer .threshold', (list) => list.length), 1);
  await until(() => document.querySelector('#heat-text').textContent !== '');
  assert.match(await text('#heat-text'), /Exact class activation map.*(upper|middle|lower) zone: \d+% of the evidence/s);
  const film = '#film canvas.film';
  const whole = await pixels(film);
  assert.ok(whole.drawn > 50_000 && whole.mean > 20 && whole.mean < 235, JSON.stringify(whole));
  await settled();
  assert.ok((await pixels('#film canvas.heat')).drawn > 1000);
  await fill('#opacity', '0.8');
  assert.equal(await page.$eval('#film canvas.heat', ({ style }) => style.opacity), '0.8');
  await click('#heat');
  await settled();
  assert.equal((await pixels('#film canvas.heat')).drawn, 0);
  await click('#invert');
  await settled();
  assert.ok(Math.abs((await pixels(film)).mean + whole.mean - 255) < 2);
  await click('#invert');
  await fill('#level', '0.2');
  await settled();
  assert.ok((await pixels(film)).mean > whole.mean + 10, 'a lower level is brighter');
  await click('#zoom-in');
  await settled();
  assert.ok((await pixels(film)).drawn > whole.drawn, 'zoomed in, it fills more of the view');
  await page.focus('#film');
  await page.keyboard.press('0');
  await settled();
  assert.equal((await pixels(film)).drawn, whole.drawn);
});

onPage('many: sorted, filtered, found, marked and noted by keys, compared', async ({ page, click, finished, rows, fill, text, until, settled, seen }) => {
  await click('#example');
  await finished(6);
  const list = await rows();
  assert.deepEqual(list.map(({ score }) => score), list.map(({ score }) => score).toSorted((a, b) => b - a));
  await until(() => [...document.querySelectorAll('.row canvas')].every(({ width }) => width > 1));
  await page.focus('#rows');
  for (const key of ['j', 'a', 'ArrowDown', 'f', 'n']) await page.keyboard.press(key);
  await page.keyboard.type('look again');
  assert.deepEqual((await rows()).map(({ marks }) => marks), ['', '✓', '⚑✎', '', '', '']);
  await fill('#filter', 'flagged');
  assert.deepEqual((await rows()).map(({ name }) => name), [list[2].name]);
  await fill('#filter', 'all');
  await fill('#search', 'look again');
  assert.equal((await rows()).length, 1);
  await fill('#search', '');
  await page.focus('#rows');
  await page.keyboard.press('c');
  await page.keyboard.press('k');
  await settled();
  assert.ok(await seen('#pinned'));
  assert.match(await text('#pinned figcaption'), new RegExp(list[2].name));
  assert.equal(await text('#film-name'), list[1].name);
});

onPage('ten thousand films: only the rows in view exist, and the last can be reached', async ({ page, finished, fill, until }) => {
  await page.evaluate(() => {
    const dataTransfer = new DataTransfer();
    for (let film = 0; film < 10_000; film++) dataTransfer.items.add(new File(['no film'], `film-${film}.jpg`));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  });
  await finished(10_000);
  await fill('#order', 'name');
  await page.focus('#rows');
  await page.keyboard.press('End');
  await until(() => [...document.querySelectorAll('.row')].some((row) => row.ariaSelected === 'true' && /film-9999/.test(row.textContent)));
  assert.ok((await page.$$('.row')).length < 40);
});

onPage('the operating point is chosen, and stands in every export and report', async ({ page, click, finished, fill, text, download }) => {
  await click('#example');
  await finished(6);
  await click('#operating-details summary');
  const before = await text('#operating .figures');
  await fill('#films-threshold', '0.8');
  assert.notEqual(await text('#operating .figures'), before);
  const at = await text('#operating .figures');
  await fill('#films-prevalence', '10');
  assert.notEqual(await text('#operating .figures'), at, 'predictive values follow the prevalence');
  const csv = (await download('#save-csv', 'pleura.csv')).trim().split('\n');
  const column = csv[0].split(',').indexOf('threshold');
  assert.deepEqual(csv.slice(1).map((row) => row.split(',')[column]), Array(6).fill('0.8'));
  const lines = (await download('#save-json', 'pleura.jsonl')).trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.length === 6 && lines.every(({ schema, threshold }) => schema === 'pleura.result/1' && threshold === 0.8));
  await page.evaluate(() => (window.print = () => (document.documentElement.dataset.printed = 'yes')));
  await click('#print-all');
  await page.waitForFunction(() => document.documentElement.dataset.printed);
  const sheet = await text('.sheet');
  for (const wanted of [/not a medical device/, /child-pneumonia/, /[0-9a-f]{64}/, /80\.0%; chosen by the user/, /Children of about 1 to 5 years/, /Limits/, /Pleura \d+\.\d+/]) assert.match(sheet, wanted);
  assert.equal(pagesOf(Buffer.from(await page.pdf())), 6, 'one page a film');
});

onPage('the model: its card, figures and plots; another one is brought, with a map on demand', async ({ page, click, text, give, until, finished, fill }) => {
  await click('[data-view=model]');
  const shown = await text('#view-model');
  for (const wanted of [/Population/, /Kermany/, /[0-9a-f]{64}/, /Protocol/]) assert.match(shown, wanted);
  assert.ok(shown.includes(metrics.report.auc.toFixed(3)) && shown.includes(metrics.intervals_95.auc[0].toFixed(3)));
  const plots = await page.$$eval('.plot svg', (list) => list.map((svg) => svg.getAttribute('aria-label')));
  for (const name of ['ROC', 'Calibration', 'Loss', 'Accuracy', 'AUC', 'Precision', 'Recall']) assert.ok(plots.some((title) => title.startsWith(name)), name);
  const confused = () => page.$$eval('.matrix td strong', (list) => list.map(({ textContent }) => Number(textContent)));
  const before = await confused();
  await fill('#model-threshold', '0.995');
  assert.ok((await confused())[0] < before[0]);
  await give('drop', [films[0], { name: 'other.onnx', bytes: smallNet(3, { pool: 'MaxPool' }) }]);
  await until(() => document.querySelector('#model-name').textContent.startsWith('other.onnx'));
  await click('[data-view=films]');
  await finished(1);
  await until(() => /no exact heatmap/.test(document.querySelector('#heat-text').textContent));
  await click('#occlusion');
  await until(() => /Occlusion map, not an exact one/.test(document.querySelector('#heat-text').textContent));
  await click('[data-view=model]');
  await fill('#model-choice', '0');
  await until(() => /child-pneumonia/.test(document.querySelector('#model-name').textContent));
});

onPage('the self-test reproduces the reference, nothing is requested, and the page works with the network cut', async ({ page, click, text, until, served, cut, ready, finished, give }, t) => {
  await until(() => ['ready', 'none'].includes(document.documentElement.dataset.offline));
  assert.equal(await page.$eval('html', ({ dataset }) => dataset.offline), 'ready');
  const before = served.length;
  await click('[data-view=trust]');
  await click('#selftest');
  await until(() => document.querySelector('#selftest-result').dataset.passed);
  assert.equal(await page.$eval('#selftest-result', ({ dataset }) => dataset.passed), 'yes');
  for (const wanted of [/Apache-2\.0/, /XNNPACK/, /[0-9a-f]{64}/]) assert.match(await text('#view-trust'), wanted);
  await click('[data-view=films]');
  await give('drop', films.map((path) => ({ name: basename(path), bytes: readFileSync(path) })));
  await finished(films.length);
  await new Promise((done) => setTimeout(done, 400));
  assert.equal(await text('#requests'), '0');
  assert.deepEqual(served.slice(before), []);
  t.diagnostic(await text('#tier'));
  await click('#clear');
  await cut();
  await page.reload();
  await ready();
  await click('#example');
  await finished(6);
});
