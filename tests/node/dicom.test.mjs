// DICOM through the package: the compressed films of the C tests, decoded by the second module.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from 'pleura';

const root = new URL('../../', import.meta.url);
const model = readFileSync(new URL('models/child-pneumonia/model.onnx', root));
const [WIDTH, HEIGHT] = [24, 20];

// name -> { syntax, bytes }, out of the header that the C tests include.
const fixtures = new Map();
const header = readFileSync(new URL('tests/unit/fixture_codecs.h', root), 'utf8');
for (const [, name, body] of header.matchAll(/unsigned char (\w+)\[\] = \{([^}]*)\}/g)) {
  const syntax = new RegExp(`SYNTAX_${name.toUpperCase()} "([\\d.]+)"`).exec(header)[1];
  fixtures.set(name, { syntax, bytes: Buffer.from(body.split(',').map(Number).slice(0, -1)) });
}

function element(group, number, vr, value) {
  const padded = value.length % 2 ? Buffer.concat([value, Buffer.from(vr === 'UI' ? '\0' : ' ')]) : value;
  const head = Buffer.alloc(vr === 'OB' ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, 'latin1');
  if (vr === 'OB') head.writeUInt32LE(0xffffffff, 8);
  else head.writeUInt16LE(padded.length, 6);
  return Buffer.concat([head, padded]);
}

const short = (value) => Buffer.from([value & 255, value >> 8]);
const item = (number, bytes) => {
  const head = Buffer.from([0xfe, 0xff, number & 255, number >> 8, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
};

function file({ syntax, bytes }) {
  const even = bytes.length % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes;
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x0002, 0x0010, 'UI', Buffer.from(syntax)),
    element(0x0008, 0x0060, 'CS', Buffer.from('DX')),
    element(0x0028, 0x0002, 'US', short(1)),
    element(0x0028, 0x0004, 'CS', Buffer.from('MONOCHROME2')),
    element(0x0028, 0x0010, 'US', short(HEIGHT)),
    element(0x0028, 0x0011, 'US', short(WIDTH)),
    element(0x0028, 0x0100, 'US', short(16)),
    element(0x0028, 0x0101, 'US', short(12)),
    element(0x0028, 0x0102, 'US', short(11)),
    element(0x0028, 0x0103, 'US', short(0)),
    element(0x7fe0, 0x0010, 'OB', Buffer.concat([item(0xe000, Buffer.alloc(0)), item(0xe000, even), item(0xe0dd, Buffer.alloc(0))])),
  ]);
}

const exact = ['jpeg_lossless', 'jpeg_lossless_sv1', 'jpeg_ls', 'jpeg_2000'];

for (const [name, fixture] of fixtures) {
  test(`a film in ${name} is decoded as natively`, async () => {
    const pleura = await load({ model });
    const film = await pleura.decode(file(fixture));
    assert.equal(film.width, WIDTH);
    assert.equal(film.height, HEIGHT);
    const most = exact.includes(name) ? 0 : 45 * 16;
    for (let i = 0; i < WIDTH * HEIGHT; i++) {
      const value = ((i % WIDTH) * 160 + Math.floor(i / WIDTH) * 13) % 4096;
      const grey = Math.floor((value / 4095) * 65535 + 0.5);
      assert.ok(Math.abs(film.samples[i] - grey) <= most, `${name}: grey ${i} is ${film.samples[i]}, not ${grey}`);
    }
    pleura.dispose();
  });
}

test('damaged frames are refused with the code and sentence of C, and the next film is judged', async () => {
  const pleura = await load({ model });
  for (const [name, { syntax, bytes }] of fixtures) {
    const { result } = await pleura.report(file({ syntax, bytes: bytes.subarray(0, bytes.length / 2) }), { name });
    assert.ok(['corrupt', 'truncated'].includes(result.error?.code), `${name}: ${JSON.stringify(result)}`);
    assert.match(result.error.message, /^DICOM: the JPEG(-LS| 2000)? data cannot be decoded \(.+\)\.$/);
  }
  const { result } = await pleura.report(file(fixtures.get('jpeg_ls')), { name: 'good' });
  assert.deepEqual(result.reasons.map(({ code }) => code), ['too_small']);
  pleura.dispose();
});
