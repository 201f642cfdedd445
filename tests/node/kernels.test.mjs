// The integer kernels in both tiers' modules: against plain loops, and with the bits of the native build.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './support.mjs';

for (const tier of ['simd', 'relaxed']) {
  test(`the integer kernels compute what plain loops do (${tier})`, async () => {
    const { default: create } = await import(join(ROOT, `build/wasm-${tier}/check_kernels.mjs`));
    const module = await create();
    assert.equal(module.UTF8ToString(module._check()), '');
    assert.equal(module._check_digest(), 1, 'the hash of all outputs is not the native one');
  });
}
