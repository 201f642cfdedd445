// The shipped network's answers to the bundled films have, in both tiers, the bits of the native build: one list is
// asked of all (tests/unit/test_bits.c; in browsers: tests/browser/integers.test.mjs).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'pleura';
import { FIXTURES, logits, ROOT } from './support.mjs';

const model = readFileSync(join(ROOT, 'models/child-pneumonia/model.onnx'));

for (const tier of ['simd', 'relaxed']) {
  test(`every film's logits have the bits of the list (${tier})`, async () => {
    const pleura = await load({ model, tier });
    const films = logits();
    assert.equal(films.size, 12);
    for (const [name, wanted] of films) {
      const found = await pleura.run(await pleura.preprocess(readFileSync(join(FIXTURES, name))));
      assert.deepEqual([...found], wanted, name);
    }
    pleura.dispose();
  });
}
