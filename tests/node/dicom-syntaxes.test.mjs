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
/** Whose stored values are others than the film's, as the script says. */
const changed = /^CHANGED = .*?in \((.*?)\)\}/ms.exec(readFileSync(script, 'utf8'))[1].match(/\w+/g);

test('a film has the same probabilities, however it is stored', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pleura-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { status, stderr } = spawnSync('/usr/bin/python3', [script, folder], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const pleura = await load({ model: readFileSync(MODEL) });
  const expected = await pleura.classify(readFileSync(join(FIXTURES, 'viral-1.jpg')));
  const names = readdirSync(folder);
  assert.ok(names.length >= 80, `${names.length} files`);
  for (const name of names) {
    const answer = await pleura.classify(readFileSync(join(folder, name)));
    assert.equal(answer.outcome, expected.outcome, name);
    const most = changed.includes(name.replace('.dcm', '')) ? 5 * TOLERANCE : TOLERANCE;
    for (const [label, value] of Object.entries(expected.probabilities)) {
      const off = Math.abs(answer.probabilities[label] - value);
      assert.ok(off <= most, `${name}: ${label} is ${answer.probabilities[label]}, not ${value}`);
    }
  }
  pleura.dispose();
});
