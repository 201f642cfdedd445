// Results as DICOM files through the package; that others read them is tests/dicom/test_export.py.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load, loadInWorker } from 'pleura';
import { FIXTURES, MODEL } from './support.mjs';

const model = readFileSync(MODEL);
const film = readFileSync(join(FIXTURES, 'viral-1.jpg'));
const when = new Date(2026, 10, 25, 12, 3, 4);

const holds = (bytes, words) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(words);

test('an answer comes as a report and a heatmap, the same from a worker', async () => {
  const pleura = await load({ model });
  const { report, heatmap } = await pleura.dicom(film, { when });
  assert.equal(Buffer.from(report.subarray(128, 132)).toString(), 'DICM');
  assert.ok(holds(report, '1.2.840.10008.5.1.4.1.1.88.33') && holds(report, 'At or above the threshold'));
  assert.ok(holds(report, '20261125') && holds(report, '120304'));
  const answer = await pleura.classify(film);
  for (const [label, value] of Object.entries(answer.probabilities)) {
    assert.ok(holds(report, label) && holds(report, String(value)), `${label} ${value}`);
  }
  // What is written is read, and is the film's size, or less.
  const [picture, original] = [await pleura.decode(heatmap), await pleura.decode(film)];
  const scale = Math.min(1, 1024 / Math.max(original.width, original.height));
  assert.deepEqual([picture.width, picture.height], [original.width, original.height].map((side) => Math.floor(side * scale)));

  const worker = await loadInWorker({ model });
  assert.deepEqual(await worker.dicom(film, { when }), { report, heatmap });
  const others = await worker.dicom(film, { when: new Date(+when + 1000), threshold: 0.9875 });
  assert.ok(!Buffer.from(others.report).equals(Buffer.from(report)) && holds(others.report, '0.9875'));
  worker.dispose();
  pleura.dispose();
});

test('now is the moment by default, and wrong options and files are refused', async () => {
  const pleura = await load({ model });
  const before = new Date();
  const { report } = await pleura.dicom(film);
  const days = [before, new Date()].map((date) => `${date.getFullYear()}${String(date.getMonth() + 1).padStart(2, '0')}${String(date.getDate()).padStart(2, '0')}`);
  assert.ok(days.some((day) => holds(report, day)));
  await assert.rejects(pleura.dicom(film, { threshold: 2 }), { code: 'argument' });
  await assert.rejects(pleura.dicom(film, { when: new Date(NaN) }), { code: 'argument' });
  await assert.rejects(pleura.dicom(film, { when: '2026' }), { code: 'argument' });
  await assert.rejects(pleura.dicom(film, { when: new Date(-1e15) }), { code: 'argument' });
  await assert.rejects(pleura.dicom(film.subarray(0, 1000)), { code: 'truncated' });
  await assert.rejects(pleura.dicom(Buffer.from('no film')), { code: 'format' });
  pleura.dispose();
});
