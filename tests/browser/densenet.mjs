// A DenseNet-121 of 18 outputs, 28 MB, brought to the page and asked about a film that is dropped. No part of
// the tests that run everywhere, since PyTorch makes it (models/convert/convert.py):
//   node tests/browser/densenet.mjs MODEL.onnx [SCREENSHOT.png]
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fixtures } from '../node/support.mjs';
import { drop, finished, launch, openPage, ready, savedLines } from './support.mjs';

const [model, screenshot] = process.argv.slice(2);
const browser = await launch();
const { page, complaints, close } = await openPage(browser);
try {
  await ready(page);
  await page.click('[data-view=model]');
  await page.locator('#model-file').setInputFiles(model);
  await page.waitForFunction(
    (name) => document.querySelector('#model-choice')?.selectedOptions[0].textContent === name,
    model.split('/').at(-1),
    { timeout: 120_000 },
  );
  await page.click('[data-view=films]');
  await drop(page, [fixtures()[0]]);
  await finished(page, 1);
  const [line] = await savedLines(page);
  const scores = Object.entries(line.probabilities);
  assert.equal(scores.length, 18);
  assert.ok(scores.every(([, p]) => p >= 0 && p <= 1));
  assert.deepEqual(complaints, []);
  console.log(`${line.model.name}: ${scores.map(([label, p]) => `${label} ${p.toFixed(3)}`).join(', ')}; ${line.ms} ms`);
  if (screenshot) await page.screenshot({ path: screenshot });
} finally {
  await close();
  await browser.close();
}
