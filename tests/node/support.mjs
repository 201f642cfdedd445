// What the tests of the package and of the page share: the model, the films, the command line.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MODEL = process.env.PLEURA_MODEL ?? join(ROOT, 'models/child-pneumonia/model.onnx');
export const FIXTURES = join(ROOT, 'tests/fixtures/films');
const NATIVE = process.env.PLEURA_NATIVE ?? join(ROOT, 'build/native/pleura');
/** Beside the checkout, where there is one; it is no part of the repository. */
const DATA = process.env.PLEURA_DATA ?? join(ROOT, '../shared/data');

/** On every probability, between any two of the engines. */
export const TOLERANCE = 1e-4;
const FILMS = 104;

const images = (folder) =>
  readdirSync(folder)
    .filter((name) => /\.(jpe?g|png)$/i.test(name))
    .sort()
    .map((name) => join(folder, name));

export const fixtures = () => images(FIXTURES);

/** Whether the films of the validation list are at hand. */
export const hasData = () => existsSync(join(DATA, 'chest'));

/** Full-size files as a hospital has them; none where the data is not at hand. */
export const originals = () => (existsSync(join(DATA, 'originals')) ? images(join(DATA, 'originals')) : []);

/** The lines of validation.csv, by the file's name: what the model answered when it was shipped. */
export function trained() {
  const list = join(ROOT, 'models/child-pneumonia/validation.csv');
  const [head, ...lines] = readFileSync(list, 'utf8').trim().split('\n').map((line) => line.split(','));
  return new Map(
    lines.map((line) => {
      const row = Object.fromEntries(head.map((name, place) => [name, line[place]]));
      const names = head.filter((name) => name.startsWith('p_'));
      return [basename(row.path), Object.fromEntries(names.map((name) => [name.slice(2), Number(row[name])]))];
    }),
  );
}

/**
 * Over 100 films that the model was not trained on, the same ones every time, evenly from the list
 * of those held back; the dozen fixtures where the data is not at hand.
 */
export function films() {
  const chest = join(DATA, 'chest');
  if (!existsSync(chest)) return fixtures();
  const list = join(ROOT, 'models/child-pneumonia/validation.csv');
  const named = existsSync(list) ? list : join(chest, 'index.csv');
  const paths = readFileSync(named, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[0])
    .filter((path) => path.startsWith('kermany/'))
    .map((path) => join(chest, path))
    .filter((path) => existsSync(path));
  const step = paths.length / FILMS;
  const chosen = Array.from({ length: FILMS }, (_, place) => paths[Math.floor(place * step)]);
  assert.equal(new Set(chosen).size, FILMS, `${named} names too few films`);
  return chosen;
}

/** The lines of the native command line, by the file's name. */
export function native(files, ...options) {
  assert.ok(existsSync(NATIVE), `There is no ${NATIVE}: build it first (cmake --preset native && cmake --build --preset native).`);
  const { stdout, stderr, error } = spawnSync(NATIVE, ['classify', '--json', '--model', MODEL, ...options, ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  const lines = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  assert.equal(lines.length, files.length, stderr);
  return new Map(lines.map((line) => [basename(line.file), line]));
}

/** The largest difference between two results' probabilities; they must name the same ones. */
export function difference(a, b) {
  assert.deepEqual(Object.keys(a), Object.keys(b));
  return Math.max(...Object.keys(a).map((name) => Math.abs(a[name] - b[name])));
}

/** The largest difference so far, and where. */
export class Worst {
  value = 0;
  where = '';
  count = 0;

  add(value, where) {
    this.count++;
    assert.ok(value <= TOLERANCE, `${where}: probabilities differ by ${value}`);
    if (value > this.value) [this.value, this.where] = [value, where];
  }

  toString() {
    return `${this.value.toExponential(2)} over ${this.count}${this.where && ` (${this.where})`}`;
  }
}

/** A model file's metadata_props, read without any of our own code: ModelProto field 14. */
export function metadata(bytes) {
  const properties = {};
  for (const [field, value] of protobuf(bytes)) {
    if (field !== 14) continue;
    const entry = Object.fromEntries(protobuf(value));
    properties[Buffer.from(entry[1]).toString()] = Buffer.from(entry[2] ?? []).toString();
  }
  return properties;
}

function* protobuf(bytes) {
  let at = 0;
  const varint = () => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, kind] = [Math.floor(key / 8), key % 8];
    if (kind === 0) {
      yield [field, varint()];
      continue;
    }
    const size = kind === 2 ? varint() : kind === 1 ? 8 : 4;
    yield [field, bytes.subarray(at, at + size)];
    at += size;
  }
}

/** From raw outputs to probabilities, as docs/model-format.md says, in JavaScript's doubles. */
export function probabilities(logits, properties) {
  assert.equal(properties['pleura.activation'], 'softmax');
  const temperature = Number(properties['pleura.temperature']);
  const labels = properties['pleura.labels'].split(',');
  const largest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  const answers = Object.fromEntries(labels.map((name, place) => [name, powers[place] / sum]));
  for (const group of (properties['pleura.groups'] ?? '').split(';').filter(Boolean)) {
    const [name, members] = group.split('=');
    answers[name] = members.split('+').reduce((total, member) => total + answers[member], 0);
  }
  return answers;
}

/** Files that no decoder may be trusted to survive, and the code that each must come back with. */
export function hostile() {
  const film = readFileSync(fixtures()[0]);
  return [
    { name: 'text.jpg', bytes: Buffer.from('Dear colleague, please find the film attached.\n'), code: 'format' },
    { name: 'empty.jpg', bytes: Buffer.alloc(0), code: 'empty' },
    { name: 'truncated.jpg', bytes: film.subarray(0, Math.floor(film.length * 0.6)), code: 'truncated' },
    { name: 'huge.png', bytes: pngHeader(30_000, 30_000), code: 'too_large' },
  ];
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, sum]);
}

function png(width, height, bits, packed) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([bits, 0, 0, 0, 0], 8);
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', packed), chunk('IEND', Buffer.alloc(0))]);
}

const pngHeader = (width, height) => png(width, height, 8, Buffer.alloc(16));

/** A PNG of one grey, which is no film. */
export function blank(width, height) {
  return png(width, height, 8, deflateSync(Buffer.alloc((width + 1) * height, 0)));
}

/** A film as a 16-bit PNG with something in its lower bytes, which it never had. */
export function deepFilm(path) {
  const { width, height, grey } = greysOf(path);
  let seed = 1;
  return deepPng(width, height, (x, y) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.min(grey(x, y) + (seed >>> 24), 65_535);
  });
}

/** A film's samples, 0 to 65,535, as the native command line decodes them. */
export function greysOf(path) {
  const inspect = (...options) => spawnSync(NATIVE, ['inspect', ...options, path], { maxBuffer: 1 << 28 }).stdout;
  const { width, height } = JSON.parse(inspect('--json').toString());
  const greys = inspect('--grey');
  return { width, height, grey: (x, y) => greys.readUInt16LE(2 * (y * width + x)) };
}

/** A 16-bit PNG of the greys that are told for each place. */
export function deepPng(width, height, grey) {
  const rows = Buffer.alloc((width * 2 + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.writeUInt16BE(grey(x, y), y * (width * 2 + 1) + 1 + x * 2);
  }
  return png(width, height, 16, deflateSync(rows));
}

/** A 16-bit PNG of random greys, with a ramp: nothing in it survives a reduction to 8 bits unnoticed. */
export function deep(width, height) {
  let seed = 1;
  return deepPng(width, height, (x) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((x / width) * 40_000) + (seed >>> 18);
  });
}
