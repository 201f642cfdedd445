// Nothing that a caller does through the package corrupts the module: what is wrong is a PleuraError, with C's
// code and sentence where C has one, and the classifier then answers as before.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { load, loadInWorker, loadPool, PleuraError } from 'pleura';
import createGlue from '../../wasm/dist/pleura-simd.mjs';
import { fixtures, MODEL } from './support.mjs';

const model = readFileSync(MODEL);
const film = new Uint8Array(readFileSync(fixtures()[0]));
const TRANSFERRED = /transferred/;

const fails = (code, message = /\.$/) => (error) => {
  assert.ok(error instanceof PleuraError, String(error?.stack ?? error));
  assert.equal(error.code, code, error.message);
  if (typeof message === 'string') assert.equal(error.message, message);
  else assert.match(error.message, message);
  return true;
};

/** What C itself says, asked past the package: of a model, a film and a tensor by their sizes alone. */
let sentences;
before(async () => {
  const module = await WebAssembly.compile(readFileSync(new URL('../../wasm/dist/pleura-simd.wasm', import.meta.url)));
  const glue = await createGlue({
    extraThreads: 0,
    codec: () => assert.fail('no codec is needed'),
    instantiateWasm: (imports, ready) => {
      WebAssembly.instantiate(module, imports).then((instance) => ready(instance, module));
      return {};
    },
  });
  const block = glue._pleura_wasm_alloc(model.length);
  glue.HEAPU8.set(model, block);
  const error = glue._pleura_wasm_error_new();
  const said = (ask) => {
    glue._pleura_wasm_error_clear(error);
    ask();
    const at = glue._pleura_wasm_error_message(error);
    return new TextDecoder().decode(glue.HEAPU8.slice(at, glue.HEAPU8.indexOf(0, at)));
  };
  const session = glue._pleura_wasm_load(block, model.length, 1, 0, error);
  assert.notEqual(session, 0);
  const outputs = glue._pleura_wasm_output_count(session);
  sentences = {
    model: said(() => glue._pleura_wasm_load(block, 2 ** 30 + 1, 1, 0, error)),
    film: said(() => glue._pleura_wasm_classify(session, block, 2 ** 27 + 1, block, NaN, 0, 0, error)),
    threshold: said(() => {
      glue.HEAPU8.set(film, block);
      glue._pleura_wasm_classify(session, block, film.length, block + film.length, 2, 0, 0, error);
    }),
    run: (count) => said(() => glue._pleura_wasm_run(session, block, count, block, outputs, error)),
  };
});

/** A copy, transferred: its buffer has no bytes any more. */
function gone(Type = Uint8Array, source = film) {
  const array = new Type(source);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** Arrays that are not what they say. */
function liars() {
  class Short extends Uint8Array {
    get byteLength() {
      return 4;
    }
    get length() {
      return 4;
    }
    get byteOffset() {
      return 2 ** 31;
    }
    get buffer() {
      return new ArrayBuffer(4);
    }
    slice() {
      return new Uint8Array(4);
    }
    subarray() {
      return new Uint8Array(4);
    }
  }
  const own = new Uint8Array(film);
  for (const name of ['byteLength', 'length']) Object.defineProperty(own, name, { value: 3 });
  const shared = new Uint8Array(new SharedArrayBuffer(film.length));
  shared.set(film);
  const growing = new Uint8Array(new SharedArrayBuffer(film.length, { maxByteLength: 2 * film.length }));
  growing.set(film);
  growing.buffer.grow(film.length);
  const resizable = new Uint8Array(new ArrayBuffer(film.length, { maxByteLength: 2 * film.length }));
  resizable.set(film);
  return { 'of a class that says 4 bytes': new Short(film), 'with a length of its own': own, shared, growing, resizable };
}

const kinds = {
  'load()': (options) => load(options),
  'loadInWorker()': (options) => loadInWorker(options),
  'loadPool()': (options) => loadPool({ workers: 2, ...options }),
};

for (const [kind, open] of Object.entries(kinds)) {
  describe(kind, () => {
    let pleura;
    let expected;
    const unharmed = async () => assert.deepEqual((await pleura.classify(film)).probabilities, expected);
    before(async () => {
      pleura = await open({ model });
      expected = (await pleura.classify(film)).probabilities;
    });
    after(() => pleura.dispose());

    test('wrong types', async () => {
      const things = [undefined, null, 7, 'film.jpg', {}, [255, 216], Symbol('film'), new Uint16Array(4), new DataView(new ArrayBuffer(4))];
      things.push(Object.create(Uint8Array.prototype), new Proxy(new Uint8Array(film), {}), { byteLength: 10, buffer: film.buffer });
      for (const thing of things) {
        await assert.rejects(async () => pleura.classify(thing), fails('argument', /ArrayBuffer, a Uint8Array or a Blob/));
        await assert.rejects(async () => pleura.report(thing), fails('argument'));
        await assert.rejects(async () => pleura.decode(thing), fails('argument'));
        await assert.rejects(async () => pleura.preprocess(thing), fails('argument'));
        if (typeof thing !== 'symbol') await assert.rejects(async () => pleura.run(thing), fails('argument', /Float32Array/));
      }
      for (const options of [null, 7, 'fast', { name: 7 }, { name: Symbol('n') }, { threshold: '0.5' }, { threshold: null }, { heatmap: 1 }]) {
        await assert.rejects(async () => pleura.classify(film, options), fails('argument'));
      }
      for (const threshold of [-0.1, 1.1, NaN, Infinity, '1']) {
        await assert.rejects(pleura.classify(film, { threshold }), fails('argument', sentences.threshold));
      }
      await unharmed();
    });

    test('a batch of what is none', async () => {
      const first = (...given) => pleura.classifyAll(...given).next();
      for (const films of [undefined, null, 7, {}, 'films']) await assert.rejects(async () => first(films), fails('argument'));
      await assert.rejects(async () => first([film], null), fails('argument'));
      await assert.rejects(async () => first([film], { signal: 'stop' }), fails('argument', /AbortSignal/));
      await assert.rejects(async () => first([film], { threshold: 2 }), fails('argument', sentences.threshold));
      await assert.rejects(async () => first(['film.jpg']), fails('argument'));
      await unharmed();
    });

    test('a batch from a list, a generator and a stream, with a signal', async () => {
      async function* slowly() {
        for (const one of [film, film, film]) yield one;
      }
      for (const films of [[film, film, film], slowly(), new Blob([]).stream && ReadableStream.from([film, film, film])]) {
        const seen = [];
        for await (const { report, index } of pleura.classifyAll(films, { ordered: true })) {
          assert.deepEqual(report.result.probabilities, expected);
          seen.push(index);
        }
        assert.deepEqual(seen, [0, 1, 2]);
      }
      // A stream as Safari has it, which cannot be iterated over.
      const plain = ReadableStream.from([film, film]);
      Object.defineProperty(plain, Symbol.asyncIterator, { value: undefined });
      const bare = { getReader: () => plain.getReader() };
      let count = 0;
      for await (const { report } of pleura.classifyAll(bare)) count += report.result.outcome ? 1 : 0;
      assert.equal(count, 2);
      const stop = new AbortController();
      await assert.rejects(async () => {
        for await (const item of pleura.classifyAll(slowly(), { signal: stop.signal })) stop.abort(new Error(`enough ${item.index}`));
      }, /enough \d/);
      await unharmed();
    });

    test('arrays whose memory was transferred', async () => {
      await assert.rejects(async () => pleura.classify(gone()), fails('argument', TRANSFERRED));
      await assert.rejects(async () => pleura.classify(gone().buffer), fails('argument', TRANSFERRED));
      await assert.rejects(async () => pleura.decode(gone()), fails('argument', TRANSFERRED));
      await assert.rejects(async () => pleura.run(gone(Float32Array, [1, 2, 3])), fails('argument', TRANSFERRED));
      await assert.rejects(async () => open({ model: gone(Uint8Array, model) }), fails('argument', TRANSFERRED));
      // Transferred right after the call: the film was taken by then, unless it waits for a pool's worker.
      const mine = new Uint8Array(film);
      const answer = pleura.classify(mine);
      structuredClone(mine.buffer, { transfer: [mine.buffer] });
      const outcome = await answer.catch((error) => error);
      if (kind === 'loadPool()' && outcome instanceof Error) fails('argument', TRANSFERRED)(outcome);
      else assert.deepEqual(outcome.probabilities, expected);
      await unharmed();
    });

    test('arrays that are not what they say', async () => {
      for (const [name, liar] of Object.entries(liars())) {
        const outcome = await pleura.classify(liar).then(({ probabilities }) => probabilities, (error) => error);
        if (!(outcome instanceof PleuraError)) assert.deepEqual(outcome, expected, name);
        else assert.equal(outcome.code, 'argument', name);
        await unharmed();
      }
      class Large extends Float32Array {
        get length() {
          return 1;
        }
      }
      const tensor = new Large(await pleura.preprocess(film));
      assert.equal((await pleura.run(tensor)).length, pleura.info.labels.length);
      await unharmed();
    });

    test('arrays that are too large', async () => {
      const large = new Uint8Array(2 ** 27 + 1);
      await assert.rejects(pleura.classify(large), fails('too_large', sentences.film));
      await assert.rejects(pleura.decode(large), fails('too_large', sentences.film));
      await assert.rejects(pleura.preprocess(large), fails('too_large', sentences.film));
      const { result } = await pleura.report(large, { name: 'large.jpg' });
      assert.deepEqual(result.error, { code: 'too_large', message: sentences.film });
      assert.equal(result.file, 'large.jpg');
      for (const length of [0, 1, 2 ** 26]) {
        await assert.rejects(pleura.run(new Float32Array(length)), fails('argument', sentences.run(length)));
      }
      await assert.rejects(open({ model: new Uint8Array(2 ** 30 + 1) }), fails('model_too_large', sentences.model));
      await unharmed();
    });

    test('options of load', async () => {
      for (const options of [undefined, null, 7, {}, { model: 7 }, { model: null }, { model, onProgress: 'often' }]) {
        await assert.rejects(async () => (options?.model ? open(options) : kindOf(kind)(options)), fails('argument'));
      }
      await assert.rejects(async () => open({ model, wasm: 'http://[' }), fails('argument', /URL/));
      await assert.rejects(async () => open({ model, tier: 7 }), fails('argument', /tier/));
    });

    test('options that say something else the second time', async () => {
      const twice = (key, first, then) => Object.defineProperty({}, key, { enumerable: true, get: () => [first, (first = then)][0] });
      for (const then of ['words', Symbol('then'), 7, -1, { valueOf: () => assert.fail('asked in mid-call') }]) {
        assert.equal((await pleura.classify(film, twice('threshold', 0.25, then))).threshold, 0.25);
        assert.equal((await pleura.report(film, twice('name', 'a.jpg', then))).result.file, 'a.jpg');
        assert.ok((await pleura.dicom(film, twice('when', new Date(), then))).report.length > 0);
      }
      assert.equal((await pleura.classify(film, new Proxy({ threshold: 0.25 }, {}))).threshold, 0.25);
      for await (const { report } of pleura.classifyAll([film], { signal: { addEventListener() {} } })) assert.ok(report.result.outcome);
      await unharmed();
    });

    test('a model whose bytes change or go while it is loaded', async () => {
      const changes = {
        changed: (bytes) => bytes.fill(7, 1000, 200_000),
        transferred: (bytes) => structuredClone(bytes.buffer, { transfer: [bytes.buffer] }),
        'cut short': (bytes) => bytes.buffer.resize(10),
      };
      for (const [name, change] of Object.entries(changes)) {
        const bytes = new Uint8Array(new ArrayBuffer(model.length, { maxByteLength: model.length }));
        bytes.set(model);
        const opening = open({ model: bytes });
        change(bytes);
        const own = await opening;
        const answer = await own.classify(film);
        own.dispose();
        assert.deepEqual([name, answer.probabilities, answer.model.sha256], [name, expected, pleura.info.sha256]);
      }
      await unharmed();
    });

    test('calls at once, and dispose() among them', async () => {
      const own = await open({ model });
      const forms = [film, new Blob([film]), film.buffer, new File([film], 'a.jpg')];
      const calls = [];
      for (let i = 0; i < 40; i++) {
        calls.push(own.classify(forms[i % forms.length]), own.decode(film), own.preprocess(new Blob([film])));
        if (i === 20) calls.push(own.classify(gone()), own.run(new Float32Array(3)));
        if (i === 30) own.dispose();
      }
      const settled = await Promise.allSettled(calls);
      const codes = new Set(settled.filter(({ reason }) => reason).map(({ reason }) => (fails(reason.code)(reason), reason.code)));
      codes.delete('argument');
      assert.deepEqual([...codes], ['disposed']);
      for (const { value } of settled) if (value?.probabilities) assert.deepEqual(value.probabilities, expected);
      for (const call of ['classify', 'report', 'decode', 'preprocess']) await assert.rejects(own[call](film), fails('disposed'));
      await assert.rejects(own.classifyAll([film]).next(), fails('disposed'));
      own.dispose();
      await unharmed();
    });
  });
}

const kindOf = (kind) => ({ 'load()': load, 'loadInWorker()': loadInWorker, 'loadPool()': loadPool })[kind];

test('a time limit is any number of milliseconds above 0', async () => {
  for (const timeLimit of [NaN, -1, 0, '5', null]) await assert.rejects(async () => loadPool({ model, workers: 1, timeLimit }), fails('argument'));
  for (const timeLimit of [2 ** 31, 1e12, Infinity]) { // more than a timer takes
    const pool = await loadPool({ model, workers: 1, timeLimit });
    assert.ok((await pool.classify(film)).outcome);
    pool.dispose();
  }
});

test('a worker is a Worker or a URL', async () => {
  for (const worker of [7, null, {}, 'http://[']) {
    await assert.rejects(async () => loadInWorker({ model, worker }), fails('argument'));
    await assert.rejects(async () => loadPool({ model, worker, workers: 1 }), fails('argument'));
  }
  const worker = new URL('../../wasm/dist/worker.js', import.meta.url);
  for (const open of [() => loadInWorker({ model, worker }), () => loadPool({ model, worker: worker.href, workers: 1 })]) {
    const pleura = await open();
    assert.ok((await pleura.classify(film)).probabilities);
    pleura.dispose();
  }
});

test('the modules come from another folder where one is named, with or without its slash', async () => {
  const wasm = new URL('../../wasm/dist', import.meta.url);
  for (const where of [wasm, wasm.href, `${wasm.href}/`]) {
    const pleura = await load({ model, wasm: where });
    assert.ok((await pleura.classify(film)).probabilities);
    pleura.dispose();
  }
  const nowhere = new URL('nowhere/', import.meta.url);
  for (const open of Object.values(kinds)) await assert.rejects(open({ model, wasm: nowhere }), fails('file', /nowhere\/pleura-/));
});
