// A DenseNet-121 of 18 outputs, 28 MB, dropped on the page and asked about a film that is dropped. No part of
// the tests that run everywhere, since PyTorch makes it (models/convert/convert.py):
//   node tests/browser/densenet.mjs MODEL.onnx [SCREENSHOT.png]
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fixtures } from '../node/support.mjs';
import { drop, eventually, finished, launch, openPage, ready, savedLines, settled } from './support.mjs';

const [model, screenshot] = process.argv.slice(2);
const browser = await launch();
const { page, complaints, close } = await openPage(browser);
try {
  await ready(page);
  await drop(page, [model]);
  await page.waitForFunction(() => / is loaded/.test(document.querySelector('#status').textContent), null, { timeout: 120_000 });
  assert.equal(await page.textContent('#message'), '');
  await drop(page, [fixtures()[0]]);
  await finished(page, 1);
  const map = await eventually(() => page.textContent('#heat-text'), (text) => text !== '');
  await settled(page);
  assert.match(map, /^Exact class activation map for .+ of the evidence\./);
  const [line] = await savedLines(page);
  const scores = Object.entries(line.probabilities);
  assert.equal(scores.length, 18);
  assert.ok(scores.every(([, p]) => p >= 0 && p <= 1));
  assert.equal(await page.textContent('#requests'), '0');
  assert.deepEqual(complaints, []);
  console.log(`${line.model.name}: ${scores.map(([label, p]) => `${label} ${p.toFixed(3)}`).join(', ')}; ${line.ms} ms; ${map}`);
  if (screenshot) await page.screenshot({ path: screenshot });
} finally {
  await close();
  await browser.close();
}
