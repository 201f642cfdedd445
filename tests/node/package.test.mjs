// The package as a user meets it, on both tiers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { load, PleuraError, supports, ZONES } from 'pleura';
import { createCore } from '../../wasm/dist/module.js';
import { blank, deep, difference, fixtures, hostile, MODEL, native, TOLERANCE } from './support.mjs';

const model = readFileSync(MODEL);
const film = readFileSync(fixtures()[0]);
const fails = (code, message = /./) => (error) => {
  assert.ok(error instanceof PleuraError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

test('this Node has both tiers', () => {
  assert.ok(supports('simd'));
  assert.ok(supports('relaxed'), `Relaxed SIMD is on by default from Node 22; this is ${process.version}.`);
});

for (const tier of ['simd', 'relaxed']) {
  describe(tier, () => {
    let pleura;
    before(async () => {
      pleura = await load({ model, tier });
    });
    after(() => pleura.dispose());

    test('says what it is', () => {
      assert.equal(pleura.tier, tier);
      assert.match(pleura.version, /^\d+\.\d+\.\d+$/);
      assert.equal(pleura.info.name, 'child-pneumonia');
      assert.match(pleura.info.sha256, /^[0-9a-f]{64}$/);
      assert.match(pleura.info.properties['pleura.population'], /children/i);
      assert.ok(pleura.csvHeader.startsWith('file,outcome,'));
    });

    test('classifies a film, with the schema’s keys and no others', async () => {
      const answer = await pleura.classify(film, { name: 'film.jpg' });
      assert.deepEqual(
        Object.keys(answer).sort(),
        ['file', 'finding', 'framings', 'model', 'ms', 'ms_steps', 'outcome', 'probabilities', 'reasons', 'schema', 'threshold'].sort(),
      );
      assert.equal(answer.schema, 'pleura.result/1');
      assert.equal(answer.file, 'film.jpg');
      assert.ok(['finding', 'no_finding', 'cannot_say'].includes(answer.outcome));
      const { normal, bacterial_pneumonia, viral_pneumonia, pneumonia } = answer.probabilities;
      assert.ok(Math.abs(normal + bacterial_pneumonia + viral_pneumonia - 1) < 1e-5);
      assert.ok(Math.abs(bacterial_pneumonia + viral_pneumonia - pneumonia) < 1e-5);
      assert.ok(answer.ms > 0);
      for (const step of ['decode', 'preprocess', 'network']) assert.ok(answer.ms_steps[step] >= 0);
    });

    test('takes an ArrayBuffer, a view into one, a Blob and a File', async () => {
      const buffer = film.buffer.slice(film.byteOffset, film.byteOffset + film.byteLength);
      const larger = new Uint8Array(film.length + 20);
      larger.set(film, 7);
      const forms = [buffer, larger.subarray(7, 7 + film.length), new Blob([film]), new File([film], 'named.jpg')];
      const [first, ...others] = await Promise.all(forms.map((form) => pleura.classify(form)));
      for (const other of others) assert.deepEqual(other.probabilities, first.probabilities);
      assert.equal(others.at(-1).file, 'named.jpg');
      assert.equal(buffer.byteLength, film.length, 'the caller keeps the bytes');
    });

    test('takes a threshold, and refuses one that is none', async () => {
      const low = await pleura.classify(film, { threshold: 0 });
      const high = await pleura.classify(film, { threshold: 1 });
      assert.deepEqual([low.threshold, high.threshold], [0, 1]);
      assert.deepEqual(low.probabilities, high.probabilities);
      for (const threshold of [-0.1, 1.1, NaN, '0.5x']) {
        await assert.rejects(pleura.classify(film, { threshold }), fails('argument', /threshold/));
      }
    });

    test('keeps odd names whole', async () => {
      for (const name of ['Lungenröntgen 肺 🫁.jpg', 'a "quoted", \\ name\n.jpg', '<b>.jpg', 'x'.repeat(5000)]) {
        const { result, csv } = await pleura.report(film, { name });
        assert.equal(result.file, name);
        assert.ok(csv.length > name.length);
      }
    });

    for (const { name, bytes, code } of hostile()) {
      test(`${name}: one clear error, and the next film is fine`, async () => {
        await assert.rejects(pleura.classify(bytes, { name }), fails(code, /^[A-Z].*\.$/s));
        const { result, json, csv } = await pleura.report(bytes, { name });
        assert.equal(result.outcome, null);
        assert.equal(result.probabilities, null);
        assert.equal(result.error.code, code);
        assert.deepEqual(JSON.parse(json), result);
        assert.ok(csv.startsWith(`${name},,`), csv);
        assert.ok((await pleura.classify(film)).probabilities);
      });
    }

    test('a film cut anywhere is an answer or a typed error', async () => {
      for (let size = 0; size < film.length; size += 97) {
        const { result } = await pleura.report(film.subarray(0, size));
        assert.ok(result.error ? result.error.message : result.outcome);
      }
    });

    test('what the gate refuses has a reason and no probabilities', async () => {
      const cases = [
        [blank(400, 400), 'blank'],
        [deep(40, 40), 'too_small'],
        [deep(2000, 220), 'proportions'],
      ];
      for (const [bytes, code] of cases) {
        const answer = await pleura.classify(bytes);
        assert.equal(answer.outcome, 'cannot_say');
        assert.equal(answer.probabilities, null);
        assert.ok(answer.reasons.some((reason) => reason.code === code && reason.message), JSON.stringify(answer.reasons));
      }
    });

    test('a heatmap where it is asked for, the same as natively', async () => {
      const path = fixtures()[0];
      const film = readFileSync(path);
      assert.equal((await pleura.classify(film)).heatmap, undefined);
      const { heatmap } = await pleura.classify(film, { heatmap: true });
      const there = native([path], '--heatmap').get(basename(path)).heatmap;
      assert.deepEqual(Object.keys(heatmap.zones), [...ZONES]);
      assert.equal(heatmap.values.length, heatmap.width * heatmap.height);
      assert.ok(Math.max(...heatmap.values.map((value, place) => Math.abs(value - there.values[place]))) <= 2e-3);
      assert.deepEqual({ ...heatmap, values: 0, zones: 0 }, { ...there, values: 0, zones: 0 });
      assert.ok(pleura.info.heatmap);
    });

    test('hands out the film that it judges, all 16 bits of it', async () => {
      const [width, height] = [37, 23];
      const { samples, ...size } = await pleura.decode(deep(width, height));
      assert.deepEqual(size, { width, height });
      // As deep() makes them: big-endian rows of a ramp with noise.
      let seed = 1;
      const expected = Uint16Array.from({ length: width * height }, (_, place) => {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        return Math.floor(((place % width) / width) * 40_000) + (seed >>> 18);
      });
      assert.deepEqual(samples, expected);
      await assert.rejects(pleura.decode(Buffer.from('no film')), fails('format'));
    });

    test('refuses what is no film', async () => {
      for (const thing of [undefined, null, 'film.jpg', 7, {}, [255, 216]]) {
        await assert.rejects(pleura.classify(thing), fails('argument'));
      }
    });

    test('a Blob that cannot be read is a fault of the file', async () => {
      const gone = new Blob(['x']);
      gone.arrayBuffer = () => Promise.reject(new DOMException('gone', 'NotFoundError'));
      const { result } = await pleura.report(gone, { name: 'gone.jpg' });
      assert.equal(result.error.code, 'file');
    });

    test('a Blob over the limit is refused unread', async () => {
      const large = new Blob([]);
      Object.defineProperty(large, 'size', { value: 2 ** 40 });
      large.arrayBuffer = () => assert.fail('it was read');
      const { result } = await pleura.report(large, { name: 'large.jpg' });
      assert.equal(result.error.code, 'too_large');
    });

    test('preprocess and run are the steps of classify', async () => {
      const tensor = await pleura.preprocess(film);
      const logits = await pleura.run(tensor);
      assert.equal(logits.length, 3);
      assert.ok(logits.every(Number.isFinite));
      await assert.rejects(pleura.run(tensor.subarray(1)), fails('argument'));
      await assert.rejects(pleura.run([1, 2, 3]), fails('argument'));
      await assert.rejects(pleura.preprocess(Buffer.from('text')), fails('format'));
    });

    test('two models at once, in any order, and disposal of one leaves the other', async () => {
      const other = await load({ model, tier });
      const [a, b] = await Promise.all([pleura.classify(film), other.classify(film)]);
      assert.deepEqual(a.probabilities, b.probabilities);
      other.dispose();
      other.dispose(); // twice does no harm
      await assert.rejects(other.classify(film), fails('disposed'));
      await assert.rejects(other.run(new Float32Array(1)), fails('disposed'));
      assert.deepEqual((await pleura.classify(film)).probabilities, a.probabilities);
    });

    test('memory stays flat over many films, good and bad', async () => {
      const core = await createCore(tier);
      core.loadModel(model);
      const round = () => {
        core.classify(film, 'film.jpg', NaN);
        for (const { name, bytes } of hostile()) core.classify(bytes, name, NaN);
      };
      for (let i = 0; i < 5; i++) round();
      const before = core.memory;
      for (let i = 0; i < 100; i++) round();
      assert.equal(core.memory, before);
      core.dispose();
    });

    test('a model loaded again in the same module gives back the first one’s memory', async () => {
      const core = await createCore(tier);
      // It takes some rounds until the allocator's gaps are used again.
      for (let i = 0; i < 60; i++) core.loadModel(model);
      const before = core.memory;
      for (let i = 0; i < 60; i++) core.loadModel(model);
      assert.equal(core.memory, before);
      core.dispose();
    });
  });
}

test('threads: the same answers to the last bit, and nothing is left running', async () => {
  const answers = [];
  for (const threads of [1, 2, 3]) {
    const pleura = await load({ model, threads });
    assert.equal(pleura.threads, threads);
    answers.push((await pleura.classify(film)).probabilities);
    pleura.dispose();
  }
  assert.deepEqual(answers[1], answers[0]);
  assert.deepEqual(answers[2], answers[0]);
  const chosen = await load({ model, threads: 'auto' });
  assert.ok(chosen.threads >= 1);
  assert.deepEqual((await chosen.classify(film)).probabilities, answers[0]);
  chosen.dispose();
});

test('threads need relaxed SIMD, and a number that makes sense', async () => {
  const pleura = await load({ model, tier: 'simd', threads: 2 });
  assert.deepEqual([pleura.tier, pleura.threads], ['simd', 1]);
  pleura.dispose();
  for (const threads of [0, 1.5, 17, '2']) await assert.rejects(load({ model, threads }), fails('argument', /threads/));
});

test('the tiers agree', async () => {
  const answers = [];
  for (const tier of ['simd', 'relaxed']) {
    const pleura = await load({ model, tier });
    answers.push((await pleura.classify(film)).probabilities);
    pleura.dispose();
  }
  assert.ok(difference(...answers) <= TOLERANCE);
});

test('a model comes from a URL, too, and progress is told', async () => {
  const stages = [];
  const pleura = await load({ model: pathToFileURL(MODEL), onProgress: ({ stage, loaded }) => stages.push([stage, loaded]) });
  assert.ok(stages.some(([stage, loaded]) => stage === 'model' && loaded === model.length));
  assert.ok(stages.some(([stage]) => stage === 'module'));
  pleura.dispose();
});

test('models that are none are refused with a code', async () => {
  await assert.rejects(load({ model: Buffer.from('not a model at all') }), fails('onnx'));
  await assert.rejects(load({ model: new Uint8Array(0) }), fails('empty'));
  await assert.rejects(load({ model: model.subarray(0, model.length - 1000) }), fails('onnx'));
  await assert.rejects(load({ model: pathToFileURL('/nowhere/model.onnx') }), fails('file', /nowhere/));
  await assert.rejects(load({ model: 'model.onnx' }), fails('argument', /URL/));
  await assert.rejects(load({}), fails('argument'));
  await assert.rejects(load({ model, tier: 'avx512' }), fails('argument', /avx512/));
  await assert.rejects(load({ model, wasm: new URL('nowhere/', import.meta.url) }), fails('file', /pleura-.*wasm/));
});
