// What a visitor downloads, in bytes and not in seconds. Brotli at its strongest, as a host would keep it.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, constants } from 'node:zlib';
import { MODEL, ROOT } from './support.mjs';

const KB = 1000;
const ONE_BUILD = 205 * KB;
const PAGE_CODE = 60 * KB;
const LEARN_CODE = 12 * KB;
const LEARN_MODULE = 50 * KB;
const FIRST_VISIT = 2500 * KB;

const packed = new Map();
function size(path) {
  if (!packed.has(path)) {
    const bytes = readFileSync(path);
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    packed.set(path, brotliCompressSync(bytes, { params }).length);
  }
  return packed.get(path);
}

const sum = (paths) => paths.reduce((total, path) => total + size(path), 0);
const module = (build) => ['mjs', 'wasm'].map((ending) => join(ROOT, `wasm/dist/pleura-${build}.${ending}`));

for (const build of ['simd', 'relaxed', 'threads']) {
  test(`module and glue, ${build}: at most ${ONE_BUILD / KB} KB`, (t) => {
    const bytes = sum(module(build));
    t.diagnostic(`${bytes} bytes`);
    assert.ok(bytes <= ONE_BUILD, `${bytes} bytes`);
  });
}

/**
 * Everything of the page but pleura-*: documents, styles, scripts in every language, data. pleura-* are
 * the module's builds, and those parts of the package that the page fetches only when somebody learns; docs/ is
 * the reference for programs, which is another site.
 */
function page() {
  const dist = join(ROOT, 'web/dist');
  assert.ok(existsSync(join(dist, 'index.html')), 'There is no page: build it first (npm run build).');
  return readdirSync(dist, { recursive: true })
    .map((name) => join(dist, name))
    .filter((path) => /\.(html|css|js|svg|json|txt|webmanifest)$/.test(path) && !/^pleura-/.test(basename(path)) && !path.startsWith(join(dist, 'docs')));
}

/** The view of learning, with its styles and its words: fetched when it is opened first. */
const isLearning = (path) => /^learn/.test(basename(path));

test(`the page’s own code: at most ${PAGE_CODE / KB} KB`, (t) => {
  // What is said of the model, the examples and licences is data.
  const files = page().filter((path) => !/\.(json|txt)$/.test(path) && !isLearning(path));
  assert.ok(files.some((path) => path.endsWith('.js')) && files.some((path) => path.endsWith('.css')));
  const bytes = sum(files);
  t.diagnostic(`${bytes} bytes in ${files.length} files`);
  assert.ok(bytes <= PAGE_CODE, files.map((path) => `${basename(path)} ${size(path)}`).join(', '));
});

test(`what learning adds to the page, in every language: at most ${LEARN_CODE / KB} KB`, (t) => {
  const files = page().filter(isLearning);
  assert.equal(files.filter((path) => path.endsWith('.js')).length, 4, files.map((path) => basename(path)).join());
  const bytes = sum(files);
  t.diagnostic(`${bytes} bytes in ${files.length} files`);
  assert.ok(bytes <= LEARN_CODE, `${bytes} bytes`);
});

test(`the module that learns: at most ${LEARN_MODULE / KB} KB`, (t) => {
  const bytes = sum(module('learn'));
  t.diagnostic(`${bytes} bytes`);
  assert.ok(bytes <= LEARN_MODULE, `${bytes} bytes`);
});

test(`page, module and model: at most ${FIRST_VISIT / KB} KB`, (t) => {
  const bytes = sum([...page(), ...module('relaxed'), MODEL]);
  t.diagnostic(`${bytes} bytes, of which the model has ${size(MODEL)}`);
  assert.ok(bytes <= FIRST_VISIT, `${bytes} bytes`);
});
