// TypeScript's lists against those of pleura.h, which the compiler reads.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CODES, REASONS } from 'pleura';
import { MAX_BYTES } from '../../wasm/dist/limits.js';
import { createCore } from '../../wasm/dist/module.js';
import { MODEL, ROOT } from './support.mjs';

const core = await createCore('simd');
const header = readFileSync(join(ROOT, 'core/include/pleura/pleura.h'), 'utf8');

/** One of the header's lists of X(NAME, number, "name", ...). */
function listed(list) {
  const [, text] = new RegExp(`#define ${list}\\(X\\)((?:.*\\\\\n)+.*)`).exec(header);
  return Object.fromEntries([...text.matchAll(/X\(\w+, (\d+), "(\w+)"/g)].map(([, number, name]) => [name, Number(number)]));
}

test('the error codes are those of C', () => {
  assert.deepEqual({ ok: 0, ...CODES }, listed('PLEURA_CODES'));
});

test('the reasons are those of C', () => {
  assert.deepEqual({ ...REASONS }, listed('PLEURA_REASONS'));
});

test('the schema of results names the same codes and reasons', () => {
  const schema = JSON.parse(readFileSync(join(ROOT, 'docs/result.schema.json'), 'utf8')).properties;
  assert.deepEqual(schema.error.properties.code.enum, Object.keys(CODES));
  assert.deepEqual(schema.reasons.items.properties.code.enum, Object.keys(REASONS));
});

test('the limit on bytes is that of C', () => {
  core.loadModel(readFileSync(MODEL));
  assert.equal(core.classify(new Uint8Array(MAX_BYTES), 'as large as may be', NaN).result.error.code, 'format');
  const here = core.classify(new Uint8Array(MAX_BYTES + 1), 'too large', NaN);
  assert.equal(here.result.error.code, 'too_large');
  assert.match(here.result.error.message, /134217729 bytes; at most 134217728/);
});

test('the page has words for every reason, in every language', () => {
  const folder = new URL('../../web/src/strings/', import.meta.url);
  for (const file of readdirSync(folder).filter((name) => !name.startsWith('learn-'))) {
    const words = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    for (const reason of Object.keys(REASONS)) assert.ok(words[`reason.${reason}`], `${file}: reason.${reason}`);
  }
});
