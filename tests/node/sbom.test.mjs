// The bill of materials says what is compiled into the modules, and under which licence.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sbom } from '../../toolchain/sbom.mjs';
import { ROOT } from './support.mjs';

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const written = JSON.parse(read('wasm/dist/sbom.cdx.json'));
const licences = JSON.parse(read('deps/licences.json'));

test('every pinned source is in it, with its version, SHA-256 and licence, and nothing else', () => {
  const pins = ['deps/sources.txt', 'deps/codecs/sources.txt'].flatMap((path) => read(path).match(/^[^#\n].*$/gm).map((line) => line.split(/\s+/)));
  assert.ok(pins.length >= 10);
  const libraries = written.components.filter(({ type }) => type === 'library');
  for (const [name, version, sha256] of pins) {
    const found = libraries.find((library) => library.name === name);
    assert.equal(found?.version, version, name);
    assert.deepEqual(found.hashes, [{ alg: 'SHA-256', content: sha256 }]);
    assert.equal(found.licenses[0].expression, licences[name].licence);
  }
  assert.deepEqual(libraries.map(({ name }) => name).sort(), Object.keys(licences).sort());
  assert.deepEqual(written.dependencies[0].dependsOn, libraries.map((library) => library['bom-ref']));
});

test('every module is in it, with its SHA-256', () => {
  const dist = join(ROOT, 'wasm/dist');
  const modules = readdirSync(dist).filter((name) => /^pleura-.*\.(wasm|mjs)$/.test(name));
  assert.ok(modules.length >= 8);
  for (const name of modules) {
    const [hash] = written.components.find((component) => component.name === name)?.hashes ?? [];
    assert.equal(hash?.content, createHash('sha256').update(readFileSync(join(dist, name))).digest('hex'), name);
  }
});

test('it is CycloneDX, and the same every time', () => {
  assert.equal(written.bomFormat, 'CycloneDX');
  assert.match(written.serialNumber, /^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/);
  assert.equal(sbom(), sbom());
});

test('the licences’ own words come with the modules', () => {
  const text = read('wasm/dist/licences.txt');
  for (const { name, licence, notice } of Object.values(licences)) {
    assert.ok(text.includes(`${name} `) && text.includes(licence) && (!notice || text.includes(notice)), name);
  }
  // A line of each that only its own file has.
  for (const holder of ['Marat Dukhan', 'Petteri Aimonen', 'Sean Barrett', 'Jan de Vaan', 'OFFIS e.V.', 'Antonin Descampe', 'Apache License']) {
    assert.ok(text.includes(holder), holder);
  }
});
