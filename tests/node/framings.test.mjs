// A film in several framings, whose probability is the mean: natively, in both WebAssembly tiers, and in ONNX
// Runtime on films that are cut down and framed in black here.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import ort from 'onnxruntime-node';
import { load } from 'pleura';
import { smallNet } from '../browser/onnx.mjs';
import { deepPng, difference, fixtures, greysOf, native, probabilities, TOLERANCE } from './support.mjs';

const properties = {
  'pleura.labels': 'normal,bacterial,viral',
  'pleura.groups': 'pneumonia=bacterial+viral',
  'pleura.finding': 'pneumonia',
  'pleura.activation': 'softmax',
  'pleura.temperature': '0.1',
};
const FRAMINGS = [0.15, -0.1];
const folder = mkdtempSync(join(tmpdir(), 'pleura-'));
after(() => rmSync(folder, { recursive: true }));

const modelOf = (more) => smallNet(3, { properties: { ...properties, ...more } });
const framed = modelOf({ 'pleura.framings': FRAMINGS.join(',') });

/** To the nearest pixel, ties to even. */
const edge = (side, share) => {
  const [pixels, down] = [side * share, Math.floor(side * share)];
  return pixels - down === 0.5 ? down + (down % 2) : Math.round(pixels);
};

function framing(path, share) {
  const { width, height, grey } = greysOf(path);
  const [left, top] = [edge(width, Math.abs(share)), edge(height, Math.abs(share))].map((pixels) => Math.sign(share) * pixels);
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height;
  return deepPng(width - 2 * left, height - 2 * top, (x, y) => (inside(x + left, y + top) ? grey(x + left, y + top) : 0));
}

async function oracle(pleura, session, images) {
  const { channels, height, width } = pleura.info.input;
  const logits = [];
  for (const image of images) {
    const tensor = new ort.Tensor('float32', await pleura.preprocess(image), [1, channels, height, width]);
    logits.push((await session.run({ [session.inputNames[0]]: tensor }))[session.outputNames[0]].data);
  }
  return logits[0].map((_, place) => logits.reduce((sum, each) => sum + each[place], 0) / logits.length);
}

test('the mean of three framings', async (t) => {
  const path = join(folder, 'framed.onnx');
  writeFileSync(path, framed);
  const lines = native(fixtures(), '--model', path);
  const session = await ort.InferenceSession.create(framed);
  let [worst, moved] = [0, 0];
  for (const tier of ['simd', 'relaxed']) {
    const pleura = await load({ model: framed, tier });
    for (const film of fixtures()) {
      const bytes = readFileSync(film);
      const images = [bytes, ...FRAMINGS.map((share) => framing(film, share))];
      const expected = probabilities(await oracle(pleura, session, images), properties);
      const whole = probabilities(await oracle(pleura, session, [bytes]), properties);
      for (const answer of [await pleura.classify(bytes), lines.get(basename(film))]) {
        assert.equal(answer.framings, 3);
        worst = Math.max(worst, difference(answer.probabilities, expected));
      }
      moved = Math.max(moved, difference(whole, expected));
    }
    pleura.dispose();
  }
  t.diagnostic(`largest difference ${worst.toExponential(2)}; the framings move a probability by up to ${moved.toFixed(3)}`);
  assert.ok(worst <= TOLERANCE, `${worst}`);
  assert.ok(moved > 100 * TOLERANCE, 'the framings would be seen, were they missing');
});

test('only where the whole film’s probability lies in the range', async () => {
  const film = readFileSync(fixtures()[0]);
  const answer = async (more) => {
    const pleura = await load({ model: modelOf(more), tier: 'simd' });
    const result = await pleura.classify(film);
    pleura.dispose();
    return result;
  };
  const plain = await answer({});
  const p = plain.probabilities.pneumonia;
  assert.ok(!('framings' in plain));
  const within = await answer({ 'pleura.framings': '0.15,-0.1', 'pleura.framings.range': `${p - 1e-4},${p + 1e-4}` });
  assert.equal(within.framings, 3);
  assert.notDeepEqual(within.probabilities, plain.probabilities);
  const above = await answer({ 'pleura.framings': '0.15,-0.1', 'pleura.framings.range': `${p + 1e-4},1` });
  assert.equal(above.framings, 1);
  assert.deepEqual(above.probabilities, plain.probabilities);
});

test('framings that are none are refused', async () => {
  await assert.rejects(load({ model: modelOf({ 'pleura.framings': 'tight' }), tier: 'simd' }), {
    code: 'metadata',
    message: "Model metadata: pleura.framings is 'tight'; from 1 to 8 numbers between -0.5 and 0.5, none of them 0, are expected.",
  });
});
