// One film in every transfer syntax, bit depth and photometric interpretation: the network sees the same here as
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
const TOLERANCE = 0.022; // as there

test('the network sees the same of a film, however it is stored', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pleura-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { status, stderr } = spawnSync('/usr/bin/python3', [script, folder], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const pleura = await load({ model: readFileSync(MODEL) });
  const film = readFileSync(join(FIXTURES, 'viral-1.jpg'));
  const [expected, whole] = [await pleura.classify(film), await pleura.preprocess(film)];
  const files = readdirSync(folder);
  const names = files.filter((name) => !name.endsWith('.decoded.dcm'));
  assert.ok(names.length >= 80, `${names.length} files`);
  for (const name of names) {
    const bytes = readFileSync(join(folder, name));
    const answer = await pleura.classify(bytes);
    assert.equal(answer.outcome, expected.outcome, name);
    // What is stored with loss looks as what another decoder reads of it.
    const decoded = name.replace('.dcm', '.decoded.dcm');
    const same = files.includes(decoded)
      ? await pleura.preprocess(readFileSync(join(folder, decoded)))
      : whole;
    const seen = await pleura.preprocess(bytes);
    const off = seen.reduce((worst, value, at) => Math.max(worst, Math.abs(value - same[at])), 0);
    assert.ok(off <= TOLERANCE, `${name}: off by ${off}`);
  }
  pleura.dispose();
});
