// The ONNX project's own test cases, by the programs that are built for Node in both tiers.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './support.mjs';

const facts = readFileSync(join(ROOT, 'build/toolchain/env.sh'), 'utf8');
const cases = /PLEURA_ONNX_CASES="(.*)"/.exec(facts)?.[1];

for (const tier of ['simd', 'relaxed'])
  test(`ONNX's test cases end as docs/operators.md says (${tier})`, () => {
    const program = join(ROOT, `build/wasm-${tier}/tests/conformance/conformance.cjs`);
    const folders = ['node', 'pytorch-converted', 'pytorch-operator', 'simple'];
    const run = spawnSync(
      process.execPath,
      [program, '--table', ...folders.map((folder) => join(cases, folder))],
      { encoding: 'utf8' },
    );
    assert.equal(run.status, 0, run.stderr);
    assert.equal(run.stdout, readFileSync(join(ROOT, 'docs/operators.md'), 'utf8'));
  });
