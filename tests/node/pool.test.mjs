// The pool of workers, in Node's threads; tests/browser/pool.test.mjs has it in a page.
import assert from 'node:assert/strict';
import { openAsBlob, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { defaultWorkers, load, loadInWorker, loadPool, PleuraError } from 'pleura';
import { fixtures, hostile, MODEL } from './support.mjs';

const model = readFileSync(MODEL);
const paths = fixtures();
const films = paths.map((path) => readFileSync(path));
const fails = (code, message = /./) => (error) => {
  assert.ok(error instanceof PleuraError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};
const collect = async (items) => {
  const list = [];
  for await (const item of items) list.push(item);
  return list;
};

/** What load() on this thread answers, film by film. */
let expected;
before(async () => {
  const pleura = await load({ model });
  expected = [];
  for (const film of films) expected.push((await pleura.classify(film)).probabilities);
  pleura.dispose();
});

test('one worker, outside of a pool', async () => {
  const pleura = await loadInWorker({ model: pathToFileURL(MODEL) });
  assert.deepEqual((await pleura.classify(films[0])).probabilities, expected[0]);
  assert.equal(await pleura.requests(), 0);
  pleura.dispose();
  await assert.rejects(pleura.classify(films[0]), fails('disposed'));
});

test('a pool that cannot be had says why, and leaves no worker behind', async () => {
  const none = Buffer.from('not a model at all');
  await assert.rejects(loadPool({ model: none, workers: 2 }), fails('onnx'));
  await assert.rejects(loadPool({ model: pathToFileURL('/nowhere/model.onnx') }), fails('file', /nowhere/));
  await assert.rejects(loadPool({ model: 42 }), fails('argument', /bytes or as a URL/));
  await assert.rejects(loadPool({ model: () => {} }), fails('argument'));
  await assert.rejects(loadPool({ model: pathToFileURL('/nowhere/model.onnx'), after: Promise.reject(new Error('not painted')) }), /not painted/);
  await assert.rejects(loadPool({ model, workers: 0 }), fails('argument', /1 to 64 workers/));
  await assert.rejects(loadPool({ model, workers: 1.5 }), fails('argument'));
  await assert.rejects(loadPool({ model, timeLimit: 0 }), fails('argument', /time limit/));
  await assert.rejects(loadPool({ model, tier: 'avx512' }), fails('argument', /avx512/));
});

test('the default is one to four workers', () => {
  const workers = defaultWorkers();
  assert.ok(Number.isInteger(workers) && workers >= 1 && workers <= 4);
});

describe('a pool of two', () => {
  let pool;
  before(async () => {
    pool = await loadPool({ model: pathToFileURL(MODEL), workers: 2 });
  });
  after(() => pool.dispose());

  test('says what a single classifier says', async () => {
    assert.equal(pool.workers, 2);
    assert.equal(pool.info.name, 'child-pneumonia');
    const answers = await Promise.all(films.map((film) => pool.classify(film)));
    assert.deepEqual(answers.map(({ probabilities }) => probabilities), expected);
    const tensor = await pool.preprocess(films[0]);
    assert.equal((await pool.run(tensor)).length, 3);
  });

  test('faults of films are theirs alone', async () => {
    const bad = hostile();
    const reports = await Promise.all(bad.map(({ bytes, name }) => pool.report(bytes, { name })));
    assert.deepEqual(reports.map(({ result }) => result.error.code), bad.map(({ code }) => code));
    await assert.rejects(pool.classify(bad[0].bytes), fails(bad[0].code));
    await assert.rejects(pool.classify('film.jpg'), fails('argument'));
    await assert.rejects(pool.classify(films[0], { threshold: 2 }), fails('argument'));
    assert.deepEqual((await pool.classify(films[1])).probabilities, expected[1]);
  });

  test('takes Blobs and Files, and a view without what lies around it', async () => {
    const larger = new Uint8Array(films[0].length + 20);
    larger.set(films[0], 7);
    const forms = [
      new Blob([films[0]]),
      new File([films[0]], 'named.jpg'),
      await openAsBlob(paths[0]), // reading it in a worker would end the process
      larger.subarray(7, 7 + films[0].length),
    ];
    const answers = await Promise.all(forms.map((form) => pool.classify(form)));
    for (const { probabilities } of answers) assert.deepEqual(probabilities, expected[0]);
    assert.equal(answers[1].file, 'named.jpg');
  });

  test('pending counts, idle waits', async () => {
    assert.equal(pool.pending, 0);
    await pool.idle();
    let through = 0;
    const all = films.map((film) => pool.classify(film).then(() => through++));
    assert.equal(pool.pending, films.length);
    await pool.idle();
    assert.equal(pool.pending, 0);
    await Promise.all(all);
    assert.equal(through, films.length);
  });

  test('a film that waits is dropped when its signal says so, and one that runs is let finish', async () => {
    const stop = new AbortController();
    const [running, waiting] = [
      Array.from({ length: 2 }, (_, i) => pool.classify(films[i], { signal: stop.signal })),
      Array.from({ length: 6 }, (_, i) => pool.classify(films[i], { signal: stop.signal })),
    ];
    const other = pool.classify(films[3]);
    assert.equal(pool.pending, 9);
    stop.abort(new Error('enough'));
    assert.equal(pool.pending, 3, 'those that wait are gone at once');
    for (const film of [...running, ...waiting]) await assert.rejects(film, /enough/);
    assert.deepEqual((await other).probabilities, expected[3]);
    await pool.idle();
    await assert.rejects(pool.classify(films[0], { signal: stop.signal }), /enough/);
    await assert.rejects(pool.classify(films[0], { signal: AbortSignal.abort() }), { name: 'AbortError' });
    const unused = new AbortController();
    assert.deepEqual((await pool.classify(films[0], { signal: unused.signal })).probabilities, expected[0]);
    unused.abort(); // too late to matter
  });

  test('a batch in order', async () => {
    const items = await collect(pool.classifyAll(films, { ordered: true, threshold: 0.25 }));
    assert.deepEqual(items.map(({ index }) => index), films.map((_, i) => i));
    items.forEach(({ report, film, index }) => {
      assert.equal(film, films[index]);
      assert.deepEqual(report.result.probabilities, expected[index]);
      assert.equal(report.result.threshold, 0.25);
    });
  });

  test('a batch in order of completion has every film once', async () => {
    const bad = hostile().map(({ bytes }) => bytes);
    const items = await collect(pool.classifyAll([...bad, ...films]));
    assert.equal(items.length, bad.length + films.length);
    const sorted = items.toSorted((a, b) => a.index - b.index);
    assert.deepEqual(sorted.map(({ index }) => index), items.map((_, i) => i));
    assert.ok(sorted.slice(0, bad.length).every(({ report }) => report.result.error));
    sorted.slice(bad.length).forEach(({ report }, i) => assert.deepEqual(report.result.probabilities, expected[i]));
    assert.deepEqual(await collect(pool.classifyAll([])), []);
  });

  test('a batch reads no further ahead than four films, whatever its length', async () => {
    let read = 0;
    let given = 0;
    let ahead = 0;
    async function* endless() {
      for (;;) {
        ahead = Math.max(ahead, ++read - given);
        yield films[read % films.length];
      }
    }
    for await (const { report } of pool.classifyAll(endless())) {
      assert.ok(report.result.probabilities);
      given++;
      if (given % 10 === 0) await new Promise((done) => setTimeout(done, 50)); // a consumer that is slow
      if (given === 60) break;
    }
    assert.ok(ahead <= 4, `${ahead} films were held`);
    await pool.idle();
    assert.ok(read <= given + 4);
  });

  test('a batch ends when its consumer, its signal or its source does', async () => {
    let returned = false;
    function* watched() {
      try {
        for (let i = 0; ; i++) yield films[i % films.length];
      } finally {
        returned = true;
      }
    }
    const stop = new AbortController();
    const seen = [];
    await assert.rejects(async () => {
      for await (const item of pool.classifyAll(watched(), { signal: stop.signal })) {
        if (seen.push(item) === 3) stop.abort(new Error('enough'));
      }
    }, /enough/);
    assert.equal(seen.length, 3);
    assert.ok(returned, 'the source was closed');
    await pool.idle();

    async function* broken() {
      yield films[0];
      throw new Error('the disk is gone');
    }
    await assert.rejects(collect(pool.classifyAll(broken())), /the disk is gone/);
    await assert.rejects(collect(pool.classifyAll(films, { signal: AbortSignal.abort() })), { name: 'AbortError' });
    await assert.rejects(collect(pool.classifyAll(['film.jpg'])), fails('argument'));
    await pool.idle();
    assert.deepEqual((await pool.classify(films[0])).probabilities, expected[0]);
  });

  test('a batch does not wait for a source that has nothing to give yet', async () => {
    let more;
    async function* slow() {
      yield films[0];
      await new Promise((done) => (more = done));
      yield films[1];
    }
    const batch = pool.classifyAll(slow());
    assert.equal((await batch.next()).value.index, 0);
    more();
    assert.equal((await batch.next()).value.index, 1);
    assert.ok((await batch.next()).done);
  });

  test('after dispose() everything that waits is rejected, and everything asked later', async () => {
    const own = await loadPool({ model, workers: 2 });
    const waiting = films.map((film) => own.classify(film));
    const batch = collect(own.classifyAll(films));
    const idle = own.idle();
    own.dispose();
    own.dispose();
    for (const film of waiting) await assert.rejects(film, fails('disposed'));
    await assert.rejects(batch, fails('disposed'));
    await idle;
    assert.equal(own.pending, 0);
    await assert.rejects(own.classify(films[0]), fails('disposed'));
    await assert.rejects(own.requests(), fails('disposed'));
  });
});

describe('workers that fail', () => {
  let pool;
  let workers = 0;
  const startWorker = () => (workers++, new Worker(new URL('planted-worker.mjs', import.meta.url)));
  before(async () => {
    pool = await loadPool({ model, workers: 2, timeLimit: 1000, startWorker });
  });
  after(() => pool.dispose());

  for (const [name, code, sentence] of [
    ['hang', 'timeout', /not answered after 1000 ms/],
    ['exit', 'worker', /status 3/],
    ['throw', 'worker', /planted in \d+/],
  ]) {
    test(`a worker made to ${name} is replaced, and only its film is lost`, async () => {
      const before = workers;
      const faulty = pool.classify(films[0], { name });
      const others = films.map((film) => pool.classify(film));
      await assert.rejects(faulty, fails(code, sentence));
      const answers = await Promise.all(others);
      assert.deepEqual(answers.map(({ probabilities }) => probabilities), expected);
      await pool.idle();
      assert.equal(workers, Math.max(before, 2) + 1);
    });
  }

  test('when all workers fail at once, the pool goes on', async () => {
    const faulty = ['hang', 'exit', 'throw', 'exit'].map((name) => pool.classify(films[0], { name }));
    const results = await Promise.allSettled(faulty);
    assert.deepEqual(results.map(({ reason }) => reason?.code), ['timeout', 'worker', 'worker', 'worker']);
    assert.deepEqual((await pool.classify(films[2])).probabilities, expected[2]);
  });

  test('in a batch such a film is an item with its error', async () => {
    const source = [films[0], new File([films[1]], 'exit'), films[2]];
    const items = await collect(pool.classifyAll(source, { ordered: true }));
    assert.deepEqual(items.map(({ error }) => error?.code), [undefined, 'worker', undefined]);
    assert.deepEqual(items[2].report.result.probabilities, expected[2]);
  });

  test('a pool whose workers can no longer be started says so, and does not wait for ever', async () => {
    let allowed = 1;
    const own = await loadPool({
      model,
      workers: 1,
      startWorker: () => new Worker(new URL(allowed-- > 0 ? 'planted-worker.mjs' : 'no-such-worker.mjs', import.meta.url)),
    });
    await assert.rejects(own.classify(films[0], { name: 'exit' }), fails('worker', /status 3/));
    await assert.rejects(own.classify(films[0]), fails('worker', /no-such-worker/));
    await assert.rejects(own.classify(films[0]), fails('worker', /no-such-worker/));
    own.dispose();
  });
});
