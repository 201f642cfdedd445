// Models as other exporters write them, against ONNX Runtime; and odd ones, which are refused with a reason.
// A handful of what docs/zoo.md has: tests/zoo/styles.py, blocks.py and quantised.py are run by hand.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from './support.mjs';

const python = (script, ...words) => {
  const run = spawnSync('/usr/bin/python3', [join(ROOT, 'tests/zoo', script), ...words], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  return run.stdout;
};

const runModel = (build, ending = '') => join(ROOT, `build/${build}/tests/conformance/run_model${ending}`);

for (const style of ['keras_resnet', 'dynamo', 'caffe', 'quantised_16', 'quantised_by_operators'])
  test(`a model in the style of ${style} agrees with ONNX Runtime`, () => {
    assert.doesNotMatch(python('styles.py', style), /–/, 'an engine is not built');
  });

// forms.py: every form in which exporters write the same few operators.
test('whichever way operators are written, the model agrees with ONNX Runtime', () => {
  const answer = python('styles.py', 'forms');
  assert.equal(answer.trim().split('\n').length, 7);
  assert.doesNotMatch(answer, /–/, 'an engine is not built');
});

test('odd models are refused with their reason, natively', () => {
  assert.match(python('odd.py', runModel('native')), /^\d{2} passed, 0 failed$/m);
});

test('odd models are refused with their reason, in WebAssembly', () => {
  assert.match(python('odd.py', process.execPath, runModel('wasm-simd', '.cjs')), /^\d{2} passed, 0 failed$/m);
});
