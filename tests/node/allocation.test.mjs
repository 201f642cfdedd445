// Every allocation site of the WebAssembly module fails once: what comes of it is an error with the code "memory" (or the
// right answer, where it can be done without), never a trap, and nothing stays allocated. The module is the
// package's, with the allocator's functions wrapped (tests/failing/allocations.c).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { PleuraError } from 'pleura';
import { Codecs } from '../../wasm/dist/codecs.js';
import { startCore } from '../../wasm/dist/module.js';
import createFailingCodecs from '../../build/wasm-simd/pleura-codecs-failing.mjs';
import createFailing from '../../build/wasm-simd/pleura-failing.mjs';
import { file, fixtures as frames } from './compressed.mjs';
import { deep, fixtures, MODEL, ROOT } from './support.mjs';

const model = readFileSync(MODEL);
const jpeg = readFileSync(fixtures()[0]);
const png = deep(200, 180);

let module;
let glue;
let refuse = () => false;

before(async () => {
  module = await WebAssembly.compile(readFileSync(`${ROOT}build/wasm-simd/pleura-failing.wasm`));
});

const start = () =>
  startCore(async (options) => (glue = await createFailing({ ...options, refused: () => Number(refuse()) })), module);

/** Where in the module an allocation is asked for: the functions on the stack, with their places. */
function site() {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 40;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return stack.match(/wasm-function\[\d+\]:0x[0-9a-f]+/g).join(' ');
}

/** For each site, the number of the first allocation that it makes in this work. */
async function sites(work) {
  const found = new Map();
  let count = 0;
  refuse = () => {
    const key = site();
    if (!found.has(key)) found.set(key, count);
    count++;
    return false;
  };
  try {
    await work();
  } finally {
    refuse = () => false;
  }
  return [...found.values()];
}

/** Runs the work with one allocation failing; whether that came to pass. */
async function failing(number, work) {
  let count = 0;
  let failed = false;
  refuse = () => {
    const now = count++ === number;
    failed ||= now;
    return now;
  };
  try {
    return { value: await work(), failed };
  } catch (error) {
    return { error, failed };
  } finally {
    refuse = () => false;
  }
}

function isMemory(error, what) {
  assert.ok(error instanceof PleuraError, `${what}: ${error?.stack ?? error}`);
  assert.equal(error.code, 'memory', `${what}: ${error.code}: ${error.message}`);
  assert.match(error.message, /memory|threads could not be started/i, what);
}

/** Fails every site of a piece of work on one core, and then asks for the work once more. */
async function exhaust(core, work, same) {
  const expected = work();
  const live = glue._pleura_failing_live();
  const numbers = await sites(work);
  let errors = 0;
  for (const number of numbers) {
    const { value, error, failed } = await failing(number, work);
    assert.ok(failed, `allocation ${number} was not asked for again`);
    if (error) isMemory(error, `allocation ${number}`), errors++;
    else if (value?.result?.error) isMemory(new PleuraError(value.result.error.code, value.result.error.message), `allocation ${number}`), errors++;
    else same(value, expected);
    assert.equal(glue._pleura_failing_live(), live, `allocation ${number}: blocks stay`);
  }
  same(work(), expected);
  return { sites: numbers.length, errors };
}

describe('each allocation site fails once', () => {
  let core;
  before(async () => {
    core = await start();
    core.loadModel(model);
    roomy();
  });
  // Reports stay in memory that grows with them; their times have other digits in every run.
  const roomy = () => core.fault('x'.repeat(20_000), new PleuraError('file', 'It cannot be read.'));

  // 320 x 320 pixels, plain but for the fragments, and deflated: no decoder is needed.
  const pixels = Buffer.from(Uint16Array.from({ length: 320 * 320 }, (_, i) => (i * 37) % 4096).buffer);
  const dicom = (syntax, bytes) => file({ syntax, bytes, width: 320, height: 320 });
  const films = [
    ['JPEG', jpeg],
    ['PNG of 16 bits', png],
    ['DICOM in fragments', dicom('1.2.840.10008.1.2.1.98', pixels)],
    ['DICOM of deflated frames', dicom('1.2.840.10008.1.2.8.1', deflateRawSync(pixels))],
  ];
  for (const [name, film] of films) {
    test(`classifying a ${name}, with a heatmap`, async (t) => {
      const same = (value, expected) => {
        assert.deepEqual(value.result.probabilities, expected.result.probabilities);
        assert.deepEqual(value.result.heatmap, expected.result.heatmap);
      };
      const { sites, errors } = await exhaust(core, () => core.classify(film, 'film', NaN, true), same);
      t.diagnostic(`${sites} sites, ${errors} errors`);
      assert.ok(errors >= 4);
    });
  }

  test('decoding, preprocessing, running', async (t) => {
    const same = (value, expected) => assert.deepEqual(value, expected);
    const tensor = core.preprocess(jpeg);
    for (const work of [() => core.decode(jpeg), () => core.preprocess(png), () => core.run(tensor), () => core.csvHeader()]) {
      const { sites, errors } = await exhaust(core, work, same);
      t.diagnostic(`${sites} sites, ${errors} errors`);
    }
  });

  test('the report of a file that failed', async () => {
    const same = (value, expected) => assert.deepEqual(value, expected);
    await exhaust(core, () => core.fault('film', new PleuraError('file', 'The file cannot be read.')), same);
  });

  test('a report needs more room than the last', async () => {
    const long = 'x'.repeat(100_000);
    const fresh = await start();
    fresh.loadModel(model);
    for (const number of [0, 1, 2, 3, 4, 5]) {
      const { value, error } = await failing(number, () => fresh.fault(long + number, new PleuraError('file', 'It cannot be read.')));
      if (error) isMemory(error, `allocation ${number}`);
      else assert.equal(value.result.file, long + number);
    }
    fresh.dispose();
  });

  test('loading a model', async (t) => {
    const numbers = await sites(() => core.loadModel(model));
    const expected = core.classify(jpeg, 'film', NaN).result.probabilities;
    const memory = [];
    for (let round = 0; round < 4; round++) {
      for (const number of numbers) {
        const { error, failed } = await failing(number, () => core.loadModel(model));
        assert.ok(failed, `allocation ${number} was not asked for again`);
        isMemory(error, `allocation ${number}`);
      }
      core.loadModel(model);
      assert.deepEqual(core.classify(jpeg, 'film', NaN).result.probabilities, expected);
      memory.push(core.memory);
    }
    assert.equal(memory[3], memory[1], 'memory stays taken');
    t.diagnostic(`${numbers.length} sites`);
    assert.ok(numbers.length > 20);
  });

  test('starting the module', async (t) => {
    const numbers = await sites(start);
    for (const number of numbers) {
      const { value, error } = await failing(number, start);
      if (error) isMemory(error, `allocation ${number}`);
      value?.dispose();
    }
    t.diagnostic(`${numbers.length} sites`);
    assert.ok(numbers.length > 0);
  });
});

test('each allocation site of the decoders of compressed DICOM fails once', async (t) => {
  const wasm = await WebAssembly.compile(readFileSync(`${ROOT}build/wasm-simd/pleura-codecs-failing.wasm`));
  const codecs = await Codecs.start((options) => createFailingCodecs({ ...options, refused: () => Number(refuse()) }), wasm);
  const kinds = { jpeg_ls: 2, jpeg_2000: 3 };
  for (const [name, { bytes }] of frames) {
    const kind = kinds[name.replace(/_lossy|_near.*/, '')] ?? 1;
    const work = () => codecs.decode({ kind, bytes, width: 24, height: 20, components: 1, rgbWanted: false });
    const expected = work();
    assert.ok(expected.samples, `${name}: ${expected.message}`);
    const numbers = await sites(work);
    for (const number of numbers) {
      const { value, failed } = await failing(number, work);
      assert.ok(failed && codecs.usable, `${name}, allocation ${number}`);
      if (value.samples) assert.deepEqual(value.samples, expected.samples, `${name}, allocation ${number}`);
      else isMemory(new PleuraError(value.code, value.message), `${name}, allocation ${number}`);
    }
    assert.deepEqual(work(), expected);
    t.diagnostic(`${name}: ${numbers.length} sites`);
  }
});
