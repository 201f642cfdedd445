// Learning on the spot: the package against the command line, profiles in every kind of classifier, and
// the exported model in ONNX Runtime.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import ort from 'onnxruntime-node';
import { load, loadInWorker, loadPool, NOTES, PleuraError } from 'pleura';
import { Learner } from '../../wasm/dist/pleura-learner.js';
import { difference, fixtures, metadata, MODEL, probabilities, TOLERANCE } from './support.mjs';

const model = readFileSync(MODEL);
const films = fixtures().map((path) => readFileSync(path));
const fails = (code) => (error) => {
  assert.ok(error instanceof PleuraError, String(error));
  assert.equal(error.code, code);
  return true;
};

const LABELS = { n: 'normal', b: 'bacterial_pneumonia', v: 'viral_pneumonia' };

let pleura;
/** The fixtures, each eight times as another patient's, and every fifth with another film's label. */
let labelled;
let plain;
let adapted;
before(async () => {
  pleura = await load({ model });
  const known = [];
  for (const [place, film] of films.entries()) {
    const { embedding } = await pleura.embed(film);
    const name = fixtures()[place].split('/').at(-1);
    known.push({ embedding, labels: LABELS[name[0]], name });
  }
  labelled = Array.from({ length: 96 }, (_, n) => {
    const { embedding, labels, name } = known[n % 12];
    return { embedding, labels: n % 5 === 0 ? known[(n + 5) % 12].labels : labels, patient: `${name} ${Math.floor(n / 12)}` };
  });
  plain = [];
  for (const film of films) plain.push(await pleura.classify(film));
  adapted = await pleura.learn(labelled, { task: 'adapt', draws: 100, acceptNoBetter: true });
});
after(() => pleura.dispose());

test('the notes are those of C', async () => {
  const lines = (await Learner.start()).enums.trim().split('\n').map((line) => line.split(' '));
  assert.deepEqual({ ...NOTES }, Object.fromEntries(lines.map(([, name, number]) => [name, Number(number)])));
});

test('an embedding comes with the report that there is without it', async () => {
  const { embedding, result } = await pleura.embed(films[0]);
  assert.equal(embedding.length, pleura.info.features + pleura.info.labels.length);
  assert.ok(embedding.every(Number.isFinite));
  assert.deepEqual(result.probabilities, plain[0].probabilities);
  const none = await pleura.embed(new Uint8Array(10));
  assert.equal(none.embedding, null);
  assert.equal(none.result.error.code, 'format');
});

test('the report and the profile', () => {
  const { report, profile } = adapted;
  assert.equal(report.schema, 'pleura.learning/1');
  assert.equal(report.films, 96);
  assert.equal(report.patients, 96);
  assert.equal(report.starts_from, 'model');
  assert.deepEqual(report.labels.map(({ name }) => name), pleura.info.labels);
  assert.equal(report.confusion.after.flat().reduce((a, b) => a + b), 96);
  for (const { before: [value, low, high] } of Object.values(report.figures)) assert.ok(low <= value && value <= high);
  assert.ok(report.notes.some(({ code, message }) => code === 'no_reference' && message.endsWith('.')));
  assert.equal(JSON.parse(profile).model.sha256, pleura.info.sha256);
});

test('a profile changes the answers, is named in them, and is taken back', async () => {
  const info = await pleura.applyProfile(adapted.profile);
  assert.equal(pleura.info, info);
  assert.match(info.profile, /^[0-9a-f]{64}$/);
  assert.ok(pleura.csvHeader.endsWith(',profile_sha256'));
  const { result, csv } = await pleura.report(films[0]);
  assert.equal(result.model.profile, info.profile);
  assert.ok(csv.endsWith(info.profile));
  assert.notDeepEqual(result.probabilities, plain[0].probabilities);
  // Learning starts from the model, whatever is applied.
  assert.deepEqual((await pleura.learn(labelled, { task: 'adapt', draws: 100, acceptNoBetter: true })).report, adapted.report);
  await pleura.applyProfile(null);
  const again = await pleura.classify(films[0]);
  assert.deepEqual(again.probabilities, plain[0].probabilities);
  assert.equal(again.model.profile, undefined);
});

for (const task of ['calibrate', 'adapt']) {
  test(`the exported model answers in ONNX Runtime as the profile does: ${task}`, async () => {
    const { profile } = await pleura.learn(labelled, { task, draws: 100, acceptNoBetter: true });
    const onnx = Buffer.from(await pleura.exportOnnx(profile, model));
    const properties = metadata(onnx);
    const session = await ort.InferenceSession.create(onnx);
    const { channels, height, width } = pleura.info.input;
    await pleura.applyProfile(profile);
    for (const film of films) {
      const input = await pleura.preprocess(film);
      const tensor = new ort.Tensor('float32', input, [1, channels, height, width]);
      const { data } = (await session.run({ [session.inputNames[0]]: tensor }))[session.outputNames[0]];
      const answer = await pleura.classify(film);
      // ONNX Runtime is shown the whole film alone.
      const alone = answer.framings > 1 ? probabilities(await pleura.run(input), properties) : answer.probabilities;
      assert.ok(difference(alone, probabilities(data, properties)) < TOLERANCE);
    }
    await pleura.applyProfile(null);
  });
}

test('what cannot be learnt, applied or exported is told by its code', async () => {
  const calibrate = { task: 'calibrate', draws: 50 };
  await assert.rejects(pleura.learn(labelled.slice(0, 30), calibrate), fails('too_few_films'));
  await assert.rejects(pleura.learn(labelled.filter(({ labels }) => labels === 'normal'), calibrate), fails('one_class'));
  await assert.rejects(pleura.learn([], calibrate), fails('one_class'));
  await assert.rejects(pleura.learn(labelled, { task: 'guess' }), fails('argument'));
  await assert.rejects(pleura.learn(labelled, { ...calibrate, folds: 1 }), fails('argument'));
  await assert.rejects(pleura.learn([{ embedding: [1, 2], labels: 'normal' }], calibrate), fails('argument'));
  await assert.rejects(pleura.learn([{ embedding: new Float32Array(3), labels: 'normal' }], calibrate), fails('argument'));
  await assert.rejects(pleura.learn(labelled, { ...calibrate, reference: new Uint8Array(9) }), fails('corrupt'));
  await assert.rejects(pleura.applyProfile(''), fails('profile'));
  await assert.rejects(pleura.applyProfile('{}'), fails('profile'));
  await assert.rejects(pleura.applyProfile(7), fails('argument'));
  const other = adapted.profile.replace(pleura.info.sha256, 'a'.repeat(64));
  await assert.rejects(pleura.applyProfile(other), fails('other_model'));
  await assert.rejects(pleura.exportOnnx(adapted.profile, model.subarray(1)), fails('other_model'));
  assert.equal(pleura.info.profile, null);
  assert.deepEqual((await pleura.classify(films[0])).probabilities, plain[0].probabilities);
});

describe('in workers', () => {
  test('one worker learns, applies and exports as the calling thread does', async () => {
    const remote = await loadInWorker({ model });
    const { embedding } = await remote.embed(films[0]);
    assert.deepEqual(embedding, labelled[0].embedding);
    const learnt = await remote.learn(labelled, { task: 'adapt', draws: 100, acceptNoBetter: true });
    assert.deepEqual(learnt, adapted);
    await remote.applyProfile(learnt.profile);
    assert.equal(remote.info.profile, (await remote.classify(films[0])).model.profile);
    assert.deepEqual(await remote.exportOnnx(learnt.profile, model), await pleura.exportOnnx(adapted.profile, model));
    remote.dispose();
  });

  test('every worker of a pool takes a profile up, and gives it back', async () => {
    const pool = await loadPool({ model, workers: 2 });
    const all = () => Promise.all(films.map((film) => pool.classify(film)));
    await all();
    const { profile } = await pool.applyProfile(adapted.profile);
    for (const { model: by } of await all()) assert.equal(by.profile, profile);
    await assert.rejects(pool.applyProfile('{}'), fails('profile'));
    for (const { model: by } of await all()) assert.equal(by.profile, profile);
    await pool.applyProfile(null);
    for (const { model: by } of await all()) assert.equal(by.profile, undefined);
    pool.dispose();
  });
});
