// Golden parity: the same film gives the same probabilities natively, in both WebAssembly tiers in
// Node, and, where one framing of it decides, in ONNX Runtime on the same tensor. (In Chromium: tests/browser/parity.test.mjs.)
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import ort from 'onnxruntime-node';
import { load } from 'pleura';
import {
  deepFilm,
  difference,
  films,
  fixtures,
  hasData,
  metadata,
  MODEL,
  native,
  originals,
  probabilities,
  TOLERANCE,
  trained,
  Worst,
} from './support.mjs';

const model = readFileSync(MODEL);

async function onnxRuntime() {
  const properties = metadata(model);
  const session = await ort.InferenceSession.create(model);
  const [input] = session.inputMetadata;
  const shape = input.shape.map((side) => (typeof side === 'number' && side > 0 ? side : 1));
  return async (tensor) => {
    const fed = { [session.inputNames[0]]: new ort.Tensor('float32', tensor, shape) };
    const { data } = (await session.run(fed))[session.outputNames[0]];
    return { logits: data, probabilities: probabilities(data, properties) };
  };
}

async function compare(t, paths) {
  const tiers = { simd: await load({ model, tier: 'simd' }), relaxed: await load({ model, tier: 'relaxed' }) };
  const oracle = await onnxRuntime();
  const expected = native(paths);
  const worst = {};
  const note = (pair, a, b, name) => (worst[pair] ??= new Worst()).add(difference(a, b), `${pair}, ${name}`);

  for (const path of paths) {
    const name = basename(path);
    const bytes = readFileSync(path);
    const line = expected.get(name);
    assert.ok(line.probabilities, `${name} was not classified: ${JSON.stringify(line.error ?? line.reasons)}`);
    for (const [tier, pleura] of Object.entries(tiers)) {
      const answer = await pleura.classify(bytes, { name });
      note(`${tier} and native`, answer.probabilities, line.probabilities, name);
      assert.equal(answer.outcome, line.outcome, `${name}: the outcomes differ`);
      assert.equal(answer.framings, line.framings, `${name}: the framings differ`);
      if (line.framings > 1) continue; // ONNX Runtime is shown the whole film alone
      const truth = await oracle(await pleura.preprocess(bytes));
      note(`${tier} and ONNX Runtime`, answer.probabilities, truth.probabilities, name);
      note('native and ONNX Runtime', line.probabilities, truth.probabilities, name);
    }
  }
  for (const [pair, value] of Object.entries(worst)) t.diagnostic(`${pair}: largest difference ${value}`);
  for (const pleura of Object.values(tiers)) pleura.dispose();
}

const chosen = films();
test(`${chosen.length} films`, (t) => compare(t, chosen));

const large = originals();
test(`${large.length} full-size films`, { skip: large.length === 0 && 'the data is not at hand' }, async (t) => {
  const expected = native(large);
  // What the gate refuses has no probabilities to compare.
  await compare(t, large.filter((path) => expected.get(basename(path)).probabilities));
});

// The list was written by the core of its day, from the same files: what differs by more has changed an answer.
test('the list of films held back says what the core says', { skip: !hasData() && 'the data is not at hand' }, (t) => {
  const [expected, answers] = [trained(), native(chosen)];
  const differences = chosen.map((path) => {
    const { probabilities: here } = answers.get(basename(path));
    const there = expected.get(basename(path));
    const worst = Math.max(...Object.keys(there).map((name) => Math.abs(there[name] - here[name])));
    assert.ok(worst <= TOLERANCE, `${basename(path)}: ${worst}`);
    return worst;
  });
  differences.sort((a, b) => a - b);
  const [median, largest] = [differences[differences.length >> 1], differences.at(-1)];
  t.diagnostic(`native and the list: median difference ${median.toExponential(2)}, largest ${largest.toExponential(2)}`);
});

test('a 16-bit film', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pleura-'));
  try {
    const path = join(folder, 'deep.png');
    writeFileSync(path, deepFilm(fixtures()[0]));
    await compare(t, [path]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the command line and the package print the same lines', async () => {
  const pleura = await load({ model });
  const expected = native(fixtures());
  for (const path of fixtures()) {
    const { result } = await pleura.report(readFileSync(path), { name: path });
    const line = expected.get(basename(path));
    assert.deepEqual(Object.keys(result), Object.keys(line));
    assert.deepEqual({ ...result.model, file: result.file }, { ...line.model, file: line.file });
  }
  pleura.dispose();
});
