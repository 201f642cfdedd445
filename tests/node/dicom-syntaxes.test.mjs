// One film in every transfer syntax, bit depth and photometric interpretation: the same answers here as
// tests/dicom/syntaxes.py asks of the command line.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'pleura';
import { FIXTURES, MODEL, ROOT } from './support.mjs';

const script = join(ROOT, 'tests/dicom/syntaxes.py');
const TOLERANCE = 1e-3;

test('a film has the same probabilities, however it is stored', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pleura-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { status, stderr } = spawnSync('/usr/bin/python3', [script, folder], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const pleura = await load({ model: readFileSync(MODEL) });
  const expected = await pleura.classify(readFileSync(join(FIXTURES, 'viral-1.jpg')));
  const files = readdirSync(folder);
  const names = files.filter((name) => !name.endsWith('.decoded.dcm'));
  assert.ok(names.length >= 80, `${names.length} files`);
  for (const name of names) {
    const answer = await pleura.classify(readFileSync(join(folder, name)));
    assert.equal(answer.outcome, expected.outcome, name);
    // What is stored with loss has the answer of what another decoder reads of it.
    const decoded = name.replace('.dcm', '.decoded.dcm');
    const same = files.includes(decoded)
      ? await pleura.classify(readFileSync(join(folder, decoded)))
      : expected;
    for (const [label, value] of Object.entries(same.probabilities)) {
      const off = Math.abs(answer.probabilities[label] - value);
      assert.ok(off <= TOLERANCE, `${name}: ${label} is ${answer.probabilities[label]}, not ${value}`);
    }
  }
  pleura.dispose();
});
