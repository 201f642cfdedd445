// One film is read: the view of it, the threshold, the keyboard, and what is taken away.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { file } from '../node/compressed.mjs';
import { difference, fixtures, native } from '../node/support.mjs';
import { drop, eventually, finished, rows, savedCsv, savedLines, settled, suite } from './support.mjs';

const films = fixtures();
const { onPage, written } = suite();

const pixels = (page, where = '#film canvas.film') =>
  page.locator(where).evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    let drawn = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] === 0) continue;
      drawn++;
      sum += data[at];
    }
    return { drawn, mean: sum / Math.max(1, drawn) };
  });

onPage('the film can be zoomed, moved, inverted and windowed', {}, async ({ page }) => {
  await drop(page, [films[0]]);
  await finished(page, 1);
  await settled(page);
  const whole = await pixels(page);
  assert.ok(whole.drawn > 50_000 && whole.mean > 20 && whole.mean < 235, JSON.stringify(whole));
  await page.click('#invert');
  await settled(page);
  const inverted = await pixels(page);
  assert.ok(Math.abs(whole.mean + inverted.mean - 255) < 2, `${whole.mean} and ${inverted.mean}`);
  await page.click('#invert');
  await page.locator('#level').fill('0.2');
  await settled(page);
  assert.ok((await pixels(page)).mean > whole.mean + 10, 'a lower level is brighter');
  await page.click('#fit');
  const box = await page.locator('#film').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, -800);
  // Zoomed in, the film fills the view.
  await eventually(() => pixels(page), ({ drawn }) => drawn > whole.drawn);
  await settled(page);
  const before = await pixels(page);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 200, box.y + box.height / 2 + 60, { steps: 4 });
  await page.mouse.up();
  await settled(page);
  assert.notEqual((await pixels(page)).mean, before.mean, 'dragging moves it');
  await page.focus('#film');
  await page.keyboard.press('0');
  await settled(page);
  assert.equal((await pixels(page)).drawn, whole.drawn);
});

onPage('two films are compared side by side, and move together', {}, async ({ page }) => {
  await drop(page, films.slice(0, 2));
  await finished(page, 2);
  await page.click('#pin');
  await page.click('#next');
  await settled(page);
  await settled(page, '#pinned .canvas');
  const names = [await page.textContent('#pinned figcaption'), await page.textContent('#film-name')];
  assert.notEqual(names[0].replace('Pinned: ', ''), names[1]);
  const boxes = await page.locator('#stage-films .canvas').evaluateAll((list) => list.map((one) => one.getBoundingClientRect()).map(({ top, bottom }) => [top, bottom]));
  assert.deepEqual(boxes[0], boxes[1], 'the films lie at one height');
  const before = await pixels(page, '#pinned canvas.film');
  await page.click('#invert');
  await settled(page, '#pinned .canvas');
  assert.ok(Math.abs((await pixels(page, '#pinned canvas.film')).mean + before.mean - 255) < 2);
  await page.click('#pin');
  assert.ok(await page.locator('#pinned').isHidden());
});

onPage('another threshold gives the answers that the command line gives at it, and stands in every export', {}, async ({ page }) => {
  await drop(page, films);
  await finished(page, films.length);
  const own = await savedLines(page);
  const scores = own.flatMap(({ probabilities, finding }) => (probabilities ? [probabilities[finding]] : []));
  // The step of the slider at which most decisions are others.
  const side = (threshold) => scores.map((score) => score >= threshold);
  const changed = (threshold) => side(threshold).filter((above, place) => above !== side(own[0].threshold)[place]).length;
  const wanted = Array.from({ length: 197 }, (_, step) => (step + 2) / 200).toSorted((a, b) => changed(b) - changed(a))[0];
  await page.click('#operating-details summary');
  await page.locator('#films-threshold').fill(String(wanted));
  const lines = await savedLines(page);
  const expected = native(films, '--threshold', String(wanted));
  for (const line of lines) {
    const there = expected.get(line.file);
    assert.equal(line.outcome, there.outcome, line.file);
    assert.ok(Math.abs(line.threshold - there.threshold) < 1e-6);
    assert.deepEqual(line.reasons, there.reasons);
    assert.ok(!line.probabilities || difference(line.probabilities, there.probabilities) <= 1e-4);
  }
  assert.notDeepEqual(lines.map(({ outcome }) => outcome), own.map(({ outcome }) => outcome), 'some decision changed');
  const csv = await savedCsv(page);
  assert.equal(csv.length, films.length + 1);
  const at = csv[0].split(',').indexOf('threshold');
  assert.ok(csv.slice(1).every((row) => Number(row.split(',')[at]) === wanted));
  // The model's own again: the very lines of before.
  await page.locator('#operating .reset').click();
  assert.deepEqual(await savedLines(page), own);
});

onPage('the figures at a threshold are those of the films held back', {}, async ({ page }) => {
  await page.locator('.examples button').first().click();
  await finished(page, 1);
  await page.click('#operating-details summary');
  await page.locator('#films-threshold').fill('0.8');
  await page.locator('#films-prevalence').fill('10');
  const text = await page.locator('#operating .figures').innerText();
  const held = await reportHalf();
  const share = (list, test) => list.filter(test).length / list.length;
  const sensitivity = share(held.ill, (p) => p >= 0.8);
  const specificity = share(held.healthy, (p) => p < 0.8);
  const ppv = (sensitivity * 0.1) / (sensitivity * 0.1 + (1 - specificity) * 0.9);
  const npv = (specificity * 0.9) / (specificity * 0.9 + (1 - sensitivity) * 0.1);
  const shown = [...text.matchAll(/([<>]? ?\d+(?:\.\d+)?)%(?!–| *$)/g)].map(([, value]) => value);
  for (const [name, value] of Object.entries({ sensitivity, specificity, ppv, npv })) {
    const written = `${(value * 100).toFixed(1)}%`;
    assert.ok(text.includes(written), `${name} ${written} is missing from ${text} (${shown})`);
  }
});

/** validation.csv's report half, read without the page's code. */
async function reportHalf() {
  const { ROOT } = await import('./support.mjs');
  const [head, ...lines] = readFileSync(`${ROOT}models/child-pneumonia/validation.csv`, 'utf8').trim().split('\n').map((line) => line.split(','));
  const of = (line, name) => line[head.indexOf(name)];
  const held = { ill: [], healthy: [] };
  for (const line of lines) {
    if (of(line, 'part') !== 'report') continue;
    const score = Number(of(line, 'p_bacterial_pneumonia')) + Number(of(line, 'p_viral_pneumonia'));
    (of(line, 'label') === 'normal' ? held.healthy : held.ill).push(score);
  }
  return held;
}

onPage('works without a mouse, from opening to export', {}, async ({ page }) => {
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { id: element.id, text: element.textContent.trim().slice(0, 40), ring: outlineStyle !== 'none' && outlineWidth !== '0px' };
    });
  const tabTo = async (id) => {
    const passed = [];
    for (let presses = 0; presses < 60; presses++) {
      await page.keyboard.press('Tab');
      const at = await focused();
      passed.push(at.id || at.text);
      if (!['main', ''].includes(at.id) || at.text) assert.ok(at.ring, `the focus cannot be seen on ${at.id || at.text}`);
      if (at.id === id) return passed;
    }
    return assert.fail(`#${id} is not reached by Tab: ${passed.join(', ')}`);
  };

  // Listened for well before: the browser has to be told first, and a key is faster.
  const chosen = page.waitForEvent('filechooser');
  await tabTo('choose');
  await page.keyboard.press('Enter');
  const chooser = await chosen;
  assert.ok(chooser.isMultiple());
  await chooser.setFiles(films.slice(0, 3));
  await finished(page, 3);

  await tabTo('rows');
  const selected = async () => (await rows(page)).findIndex((row) => row.selected);
  assert.equal(await selected(), 0);
  await page.keyboard.press('ArrowDown');
  assert.equal(await selected(), 1);
  await page.keyboard.press('a');
  await page.keyboard.press('j');
  await page.keyboard.press('f');
  await page.keyboard.press('n');
  assert.equal((await focused()).id, 'note');
  await page.keyboard.type('second reading, "please"');
  const marked = await rows(page);
  assert.deepEqual(marked.map(({ marks }) => marks), ['', '✓', '⚑✎']);

  await tabTo('save-csv');
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  const csv = readFileSync(await download.path(), 'utf8').trim().split('\n');
  assert.match(csv[0], /^file,outcome,finding,p_normal,.*,mark,note$/);
  assert.ok(csv.some((row) => row.endsWith(',flagged,"second reading, ""please"""')), csv.join('\n'));
  const lines = await savedLines(page);
  assert.deepEqual(lines.find(({ file }) => file === marked[2].name).reader, { mark: 'flagged', note: 'second reading, "please"' });
});

onPage('the heatmap lies over the film, says where, and goes', {}, async ({ page }) => {
  await drop(page, films);
  await finished(page, films.length);
  const there = native(films, '--heatmap');
  await page.waitForFunction(() => document.querySelector('#heat-text').textContent !== '');
  const name = await page.textContent('#film-name');
  const { heatmap } = there.get(name);
  const words = await page.textContent('#heat-text');
  const share = `${Math.round(heatmap.zones[heatmap.zone] * 100)}%`;
  assert.ok(words.includes(heatmap.zone.replace('_', ' ')) && words.includes(share), `${words}: ${heatmap.zone}, ${share}`);
  assert.match(await page.getAttribute('#film', 'aria-describedby'), /heat-text/);
  const drawn = async () => (await pixels(page, '#film canvas.heat')).drawn;
  await settled(page);
  assert.ok((await drawn()) > 1000);
  await page.locator('#opacity').fill('0.8');
  assert.equal(await page.locator('#film canvas.heat').evaluate(({ style }) => style.opacity), '0.8');
  await page.focus('#rows');
  await page.keyboard.press('h');
  await settled(page);
  assert.equal(await drawn(), 0);
  assert.equal(await page.textContent('#heat-text'), '');
});

onPage('the list is sorted, filtered and searched', {}, async ({ page }) => {
  await drop(page, films);
  await finished(page, films.length);
  await page.selectOption('#order', 'name');
  assert.deepEqual((await rows(page)).map(({ name }) => name).slice(0, 4), films.map((path) => basename(path)).toSorted().slice(0, 4));
  await page.fill('#search', 'viral-3');
  assert.deepEqual((await rows(page)).map(({ name }) => name), ['viral-3.jpg']);
  await page.fill('#search', '');
  for (const state of ['finding', 'no_finding']) {
    await page.selectOption('#filter', state);
    const shown = await rows(page);
    assert.ok(shown.length > 0 && shown.every((row) => row.state === state), state);
  }
});

onPage('the printed report names the model, its file, the threshold, the population and the limits', {}, async ({ page }) => {
  await drop(page, films.slice(0, 2));
  await finished(page, 2);
  await page.evaluate(() => {
    window.print = () => (document.documentElement.dataset.printed = 'yes');
  });
  await page.click('#print-all');
  await page.waitForFunction(() => document.documentElement.dataset.printed);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('.sheet').count(), 2);
  assert.ok(await page.locator('.top').isHidden());
  const text = await page.locator('.sheet').first().innerText();
  for (const wanted of [/not a medical device/, /child-pneumonia/, /[0-9a-f]{64}/, /Threshold/, /Children of about 1 to 5 years/, /Limits/, /Pleura \d+\.\d+/]) assert.match(text, wanted);
  // On the shorter of the usual sheets of paper.
  const pdf = await page.pdf({ format: 'Letter' });
  const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g).length;
  assert.equal(pages, 2, 'one page a film');
});


onPage('the answer and its heatmap are saved as DICOM files, which name nobody unless asked', {}, async ({ page }) => {
  const bytes = readFileSync(films.find((path) => path.endsWith('viral-1.jpg')));
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0])); // JPEG's frame header: 8 bits, height, width
  const [height, width] = [bytes.readUInt16BE(at + 5), bytes.readUInt16BE(at + 7)];
  const film = file({ syntax: '1.2.840.10008.1.2.4.50', bytes, width, height, bits: 8, patient: 'Zzyzx^Quentin' });
  await drop(page, written([{ name: 'zzyzx.dcm', bytes: film }]));
  await finished(page, 1);
  const taken = async (id) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(`#${id}`)]);
    const content = readFileSync(await download.path());
    const name = /^(sr|heatmap)-(2\.25\.\d+)\.dcm$/.exec(download.suggestedFilename());
    assert.ok(name && content.includes(name[2]), `${download.suggestedFilename()} is named by its UID`);
    assert.equal(content.toString('latin1', 128, 132), 'DICM');
    return content;
  };
  const [line] = await savedLines(page);
  const report = await taken('save-sr');
  assert.ok(report.includes('1.2.840.10008.5.1.4.1.1.88.33') && report.includes(String(line.probabilities.pneumonia)));
  const heatmap = await taken('save-heatmap');
  assert.ok(heatmap.includes('1.2.840.10008.5.1.4.1.1.7') && heatmap.length > 3 * width * height);
  for (const content of [report, heatmap]) assert.ok(!content.includes('Zzyzx'), 'the patient is not named');
  await page.check('#identity');
  for (const id of ['save-sr', 'save-heatmap']) assert.ok((await taken(id)).includes('Zzyzx^Quentin'));
  // The threshold that was chosen stands in it, and what cannot be had is told.
  await page.click('#operating-details summary');
  await page.locator('#films-threshold').fill('0.995');
  assert.ok((await taken('save-sr')).includes('0.995'));
  await drop(page, written([{ name: 'none.jpg', bytes: Buffer.from('no film') }]));
  await finished(page, 2);
  await page.click('.row[data-state=error]');
  await page.click('#save-sr');
  await page.waitForFunction(() => /none\.jpg/.test(document.querySelector('#message').textContent));
});
