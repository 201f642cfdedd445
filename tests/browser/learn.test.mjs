// Labels, what is learnt from them, and that nothing is used before the user agrees.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { difference, fixtures } from '../node/support.mjs';
import { smallNet } from './onnx.mjs';
import { barriers, copied, drop, finished, overflow, picture, rows, savedLines, suite } from './support.mjs';

const films = fixtures();
const { shared, onPage, written } = suite();
const label = (path) => /^[a-z]+/.exec(basename(path))[0];
const LABELS = { normal: 'normal', bacterial: 'bacterial_pneumonia', viral: 'viral_pneumonia' };

/**
 * Drops so many versions of each fixture, brighter and darker, and a list of labels with them: enough
 * films to learn from, of twelve patients.
 */
async function dropVersions(page, versions, list = true) {
  const sources = films.map((path) => ({ name: basename(path, '.jpg'), label: LABELS[label(path)], bytes: readFileSync(path).toString('base64') }));
  await page.evaluate(
    async ([given, count, listed]) => {
      const dataTransfer = new DataTransfer();
      const lines = ['file,label,patient'];
      for (const { name, label, bytes } of given) {
        const image = await createImageBitmap(new Blob([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))]));
        const canvas = new OffscreenCanvas(image.width, image.height);
        const context = canvas.getContext('2d');
        for (let version = 0; version < count; version++) {
          context.filter = `brightness(${0.85 + 0.06 * version}) contrast(${1.15 - 0.05 * version})`;
          context.drawImage(image, 0, 0);
          dataTransfer.items.add(new File([await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 })], `${name}-${version}.jpg`));
          lines.push(`${name}-${version}.jpg,${label},${name}`);
        }
      }
      if (listed) dataTransfer.items.add(new File([`${lines.join('\r\n')}\r\n`], 'labels.csv'));
      document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
    },
    [sources, versions, list],
  );
  await finished(page, films.length * versions);
}

const verdict = (page) => page.locator('#learn-body > div:nth-child(3)').getAttribute('data-verdict');

/** Starts, and waits until there is a result or a refusal. */
async function learn(page) {
  await page.click('#learn');
  await page.waitForFunction(() => !document.querySelector('#learn').disabled && document.querySelector('#learn-body > div:nth-child(3)').dataset.verdict);
  return verdict(page);
}

/** What came out of each film, without its times; the view of learning stays. */
async function answers(page) {
  await page.click('[data-view=films]');
  const lines = await savedLines(page);
  await page.click('[data-view=learn]');
  return lines.map(({ file, outcome, probabilities, threshold, model }) => ({ file, outcome, probabilities, threshold, model }));
}

async function agree(page, count) {
  const box = page.locator('#use-anyway');
  if (await box.count()) {
    assert.ok(await page.locator('#use').isDisabled(), 'what is not shown to be better takes a tick');
    await box.check();
  }
  await page.click('#use');
  await page.waitForFunction(() => document.querySelector('#learn-body > div:nth-child(4)').dataset.profile);
  await finished(page, count);
}

async function download(page, locator, name) {
  const [file] = await Promise.all([page.waitForEvent('download', { timeout: 60_000 }), page.locator(locator).first().click()]);
  const path = join(shared.folder, name);
  writeFileSync(path, readFileSync(await file.path()));
  return path;
}

onPage('calibrates on labelled films, changes nothing before it may, and can be undone, all without a network', {}, async ({ page, cut }) => {
  assert.equal(await copied(page), 'ready');
  await cut();
  await dropVersions(page, 5);
  const own = await answers(page);
  await page.click('[data-view=learn]');
  assert.match(await page.textContent('#labels-counts'), /label: 60; patients named: 12.*normal 20/s);
  const said = await learn(page);
  assert.ok(['better', 'no_better', 'worse'].includes(said), said);
  const table = await page.locator('.learn-figures').first().innerText();
  for (const wanted of [/AUC\s+[01]\.\d{3}.*–/, /Calibration error/, /Before\s+After\s+Gain/]) assert.match(table, wanted);
  const reference = await page.locator('.learn-figures').last().innerText();
  for (const wanted of [/On 177 reference films/, /AUC\s+[01]\.\d{3}.*–/, /Before\s+After\s+Gain/]) assert.match(reference, wanted);
  const plots = await page.locator('#learn-body .plot svg').evaluateAll((list) => list.map((svg) => svg.getAttribute('aria-label')));
  assert.ok(plots.some((title) => /ROC/.test(title)) && plots.some((title) => /Calibration/.test(title)), plots.join());
  const calls = await page.locator('#learn-body .calls').first().locator('td.number').allTextContents();
  assert.equal(calls.reduce((sum, count) => sum + Number(count), 0), 60);
  assert.deepEqual(await barriers(page), []);
  assert.equal(await overflow(page), 0);
  await page.locator('.verdict').evaluate((element) => element.closest('.panel').scrollIntoView());
  await picture(page, 'page-learn');
  assert.deepEqual(await answers(page), own, 'nothing changed yet');
  await agree(page, 60);
  const after = await answers(page);
  assert.match(after[0].model.profile, /^[0-9a-f]{64}$/);
  assert.notDeepEqual(after.map(({ probabilities }) => probabilities), own.map(({ probabilities }) => probabilities));
  assert.match(await page.textContent('#model-name'), /with a profile/);
  // The shipped model's own figures are not the profile's.
  await page.click('[data-view=model]');
  assert.doesNotMatch(await page.textContent('#view-model'), /ROC curve/);
  await page.click('[data-view=learn]');
  await page.click('#profile-undo');
  await page.waitForFunction(() => !document.querySelector('#learn-body > div:nth-child(4)').dataset.profile);
  await finished(page, 60);
  assert.deepEqual(await answers(page), own);
});

onPage('adapts; the profile and the ONNX file that are saved give the same answers elsewhere', {}, async ({ page }) => {
  await dropVersions(page, 5);
  await page.click('[data-view=learn]');
  await page.check('#task-adapt');
  await learn(page);
  assert.equal(await page.locator('#learn-body .calls').count(), 4, 'calls and labels, before and after');
  await agree(page, 60);
  const learnt = new Map((await answers(page)).map((line) => [line.file, line]));
  const profile = await download(page, '[data-save=profile]', 'profile.json');
  const onnx = await download(page, '[data-save=onnx]', 'learnt.onnx');

  await page.click('#profile-undo');
  await page.waitForFunction(() => !document.querySelector('#learn-body > div:nth-child(4)').dataset.profile);
  await page.locator('#profile-file').setInputFiles(profile);
  await page.waitForFunction(() => document.querySelector('#learn-body > div:nth-child(4)').dataset.profile);
  await finished(page, 60);
  for (const line of await answers(page)) assert.deepEqual(line, learnt.get(line.file));

  await page.click('[data-view=model]');
  await page.locator('#model-file').setInputFiles(onnx);
  await page.waitForFunction(() => document.querySelector('#model-choice')?.selectedOptions[0].textContent === 'learnt.onnx');
  await finished(page, 60);
  for (const { file, outcome, probabilities } of await answers(page)) {
    assert.equal(outcome, learnt.get(file).outcome, file);
    assert.ok(difference(probabilities, learnt.get(file).probabilities) <= 1e-4, file);
  }
});

onPage('refuses too few films, one class, and a profile of another model', {}, async ({ page }) => {
  await page.click('[data-view=learn]');
  assert.equal(await learn(page), 'one_class', 'no film at all');
  await page.click('[data-view=films]');
  await dropVersions(page, 1);
  await page.click('[data-view=learn]');
  assert.equal(await learn(page), 'too_few_films');
  assert.match(await page.locator('#learn-body .reason').innerText(), /Too few films/);
  assert.equal(await page.locator('#use').count(), 0);
  await page.click('[data-view=model]');
  await page.locator('#model-file').setInputFiles(written([{ name: 'other.onnx', bytes: smallNet(3) }])[0]);
  await page.waitForFunction(() => document.querySelector('#model-choice')?.selectedOptions[0].textContent === 'other.onnx');
  await page.click('[data-view=learn]');
  await page.locator('#profile-file').setInputFiles(written([{ name: 'none.json', bytes: Buffer.from('{"schema":"something"}') }])[0]);
  await page.waitForFunction(() => document.querySelector('#learn-body > div:nth-child(3)').dataset.verdict === 'profile');
  assert.match(await page.locator('#learn-body .reason').innerText(), /no profile/);
});

onPage('labels are given by keys while films are read, saved as a list, and opened again', {}, async ({ page }) => {
  await drop(page, films.slice(0, 3));
  await finished(page, 3);
  await page.click('[data-view=learn]');
  await page.fill('#learn-own', 'none, nodule');
  await page.check('#labels-asking');
  await page.click('[data-view=films]');
  await page.focus('#rows');
  await page.keyboard.press('2');
  await page.keyboard.press('j');
  await page.keyboard.press('1');
  await page.keyboard.press('j');
  await page.keyboard.press('1');
  await page.keyboard.press('0');
  assert.equal(await page.locator('.labels button[aria-pressed=true]').count(), 0);
  assert.deepEqual(await barriers(page), []);
  const names = (await rows(page)).map(({ name }) => name);
  await page.click('[data-view=learn]');
  assert.match(await page.textContent('#labels-counts'), /label: 2;/);
  const list = await download(page, '#labels-save', 'labels.csv');
  assert.deepEqual(readFileSync(list, 'utf8').trim().split('\n').sort(), ['file,label,patient', `${names[0]},nodule,`, `${names[1]},none,`].sort());
  await page.click('[data-view=films]');
  await page.click('#clear');
  await drop(page, films.slice(0, 3));
  await finished(page, 3);
  await page.click('[data-view=learn]');
  assert.match(await page.textContent('#labels-counts'), /No open film/);
  await page.locator('#labels-file').setInputFiles(list);
  await page.waitForFunction(() => /label: 2;/.test(document.querySelector('#labels-counts').textContent));
});

onPage('can be cancelled while films are read', {}, async ({ page }) => {
  await dropVersions(page, 5);
  await page.click('[data-view=learn]');
  await page.evaluate(() => {
    const bar = document.querySelector('#learn-progress');
    new MutationObserver((_, observer) => {
      observer.disconnect();
      document.querySelector('#learn-cancel').click();
    }).observe(bar, { childList: true, characterData: true, subtree: true });
    document.querySelector('#learn').click();
  });
  await page.waitForFunction(() => !document.querySelector('#learn').disabled);
  assert.equal(await verdict(page), '');
  assert.notEqual(await learn(page), '', 'and begun again');
});
