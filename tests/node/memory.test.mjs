// The WebAssembly memory's own limit, 2 GiB: what does not fit is told with the code "memory", and the next film is
// judged once there is room. The room is taken in large blocks that nobody writes to, so that the machine is not asked for it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startCore } from '../../wasm/dist/module.js';
import createPleura from '../../wasm/dist/pleura-simd.mjs';
import { deep, fixtures, MODEL, ROOT } from './support.mjs';

const BLOCK = 16 << 20;

test('a full memory is a clear error, and the next film is judged', async () => {
  const module = await WebAssembly.compile(readFileSync(`${ROOT}wasm/dist/pleura-simd.wasm`));
  let glue;
  const core = await startCore(async (options) => (glue = await createPleura(options)), module);
  core.loadModel(readFileSync(MODEL));
  const film = readFileSync(fixtures()[0]);
  const before = core.classify(film, 'film', NaN).result;
  assert.equal(before.error, undefined);

  const taken = [];
  for (let block; (block = glue._pleura_wasm_alloc(BLOCK)) !== 0; ) taken.push(block);
  assert.ok(taken.length > 100, `${taken.length} blocks`);
  assert.ok(core.memory > 2 ** 31 - 2 * BLOCK && core.memory <= 2 ** 31, `${core.memory} bytes`);

  // In what is left a film's bytes fit, and its pixels do not.
  const large = deep(4000, 3000);
  const { result } = core.classify(large, 'large', NaN);
  assert.equal(result.error?.code, 'memory');
  assert.match(result.error.message, /memory/);
  assert.throws(() => core.decode(large), { code: 'memory' });
  assert.throws(() => core.dicom(large, NaN, '20261125120000', false), { code: 'memory' });

  for (const block of taken) glue._pleura_wasm_free(block);
  assert.deepEqual(core.classify(film, 'film', NaN).result.probabilities, before.probabilities);
  assert.equal(core.classify(large, 'large', NaN).result.error, undefined);
  core.dispose();
});
