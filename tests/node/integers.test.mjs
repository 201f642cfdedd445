// Integer inference in both tiers' modules: kernels against plain loops, a quantised network with the
// bits of the native build, and how far ONNX Runtime is from them.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ROOT } from './support.mjs';

const ort = createRequire(join(ROOT, 'tests/package.json'))('onnxruntime-node');
const modules = {};

before(async () => {
  for (const tier of ['simd', 'relaxed']) {
    const { default: create } = await import(join(ROOT, `build/wasm-${tier}/check_kernels.mjs`));
    modules[tier] = await create();
  }
});

for (const tier of ['simd', 'relaxed']) {
  test(`the integer kernels compute what plain loops do (${tier})`, (t) => {
    const module = modules[tier];
    t.diagnostic(`dense layers in ${module._takes_bytes() ? 'bytes' : 'int16'}`);
    assert.equal(module.UTF8ToString(module._check()), '');
    assert.equal(module._check_digest(), 1, 'the hash of all outputs is not the native one');
  });

  test(`a quantised network has the bits of the native build (${tier})`, () => {
    const module = modules[tier];
    assert.equal(module.UTF8ToString(module._run_network()), '');
    assert.equal(module.UTF8ToString(module._network_sha256()), module.UTF8ToString(module._network_wanted_sha256()));
  });
}

test('ONNX Runtime agrees to within roundings', async (t) => {
  const module = modules.simd;
  const bytes = (at, size) => module.HEAPU8.slice(at, at + size);
  const floats = (at, count) => new Float32Array(bytes(at, 4 * count).buffer);
  const session = await ort.InferenceSession.create(bytes(module._network_model(), module._network_model_size()));
  const image = floats(module._network_image(), module._network_image_count());
  const ours = floats(module._network_answers(), module._network_answer_count());
  const { answers } = await session.run({ image: new ort.Tensor('float32', image, [1, 3, 61, 57]) });
  const theirs = answers.data;
  const scale = Math.max(...ours.map(Math.abs));
  const worst = Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]))) / scale;
  t.diagnostic(`largest difference: ${worst.toExponential(2)} of the largest answer`);
  assert.ok(scale > 0.1, 'the network answers nothing');
  assert.ok(worst < 0.02, `${worst} of the largest answer`);
});
