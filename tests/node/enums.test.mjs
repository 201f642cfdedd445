// TypeScript's lists against what the module itself says of pleura.h.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CODES, REASONS } from 'pleura';
import { MAX_BYTES } from '../../wasm/dist/limits.js';
import { createCore } from '../../wasm/dist/module.js';
import createModule from '../../wasm/dist/pleura-simd.mjs';
import { MODEL, ROOT } from './support.mjs';

const core = await createCore('simd');
const binary = await WebAssembly.compile(readFileSync(join(ROOT, 'wasm/dist/pleura-simd.wasm')));
const glue = await createModule({
  instantiateWasm: (imports, use) => (WebAssembly.instantiate(binary, imports).then((instance) => use(instance, binary)), {}),
});
const text = (at) => Buffer.from(glue.HEAPU8.subarray(at, glue.HEAPU8.indexOf(0, at))).toString();
const enums = text(glue._pleura_wasm_enums()).trim().split('\n').map((line) => line.split(' '));
const of = (wanted) => Object.fromEntries(enums.filter(([kind]) => kind === wanted).map(([, name, number]) => [name, Number(number)]));

test('the error codes are those of C', () => {
  assert.deepEqual({ ok: 0, ...CODES }, of('code'));
});

test('the reasons are those of C', () => {
  assert.deepEqual({ ...REASONS }, of('reason'));
});

test('the outcomes are those of C', () => {
  assert.deepEqual([0, 1, 2].map((outcome) => text(glue._pleura_wasm_outcome_name(outcome))), ['cannot_say', 'no_finding', 'finding']);
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
