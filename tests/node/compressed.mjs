// The compressed frames of the C tests, as the DICOM files that they would lie in.
import { readFileSync } from 'node:fs';

export const [WIDTH, HEIGHT] = [24, 20];

// name -> { syntax, bytes }, out of the header that the C tests include.
export const fixtures = new Map();
const header = readFileSync(new URL('../unit/fixture_codecs.h', import.meta.url), 'utf8');
for (const [, name, body] of header.matchAll(/unsigned char (\w+)\[\] = \{([^}]*)\}/g)) {
  const syntax = new RegExp(`SYNTAX_${name.toUpperCase()} "([\\d.]+)"`).exec(header)?.[1];
  if (!syntax) continue; // a broken frame, for the C tests alone
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

/** One frame as a DICOM file, by default of the fixtures' size and 12 bits. */
export function file({ syntax, bytes, width = WIDTH, height = HEIGHT, bits = 12, patient }) {
  const even = bytes.length % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes;
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    element(0x0002, 0x0010, 'UI', Buffer.from(syntax)),
    element(0x0008, 0x0060, 'CS', Buffer.from('DX')),
    ...(patient ? [element(0x0010, 0x0010, 'PN', Buffer.from(patient))] : []),
    element(0x0028, 0x0002, 'US', short(1)),
    element(0x0028, 0x0004, 'CS', Buffer.from('MONOCHROME2')),
    element(0x0028, 0x0010, 'US', short(height)),
    element(0x0028, 0x0011, 'US', short(width)),
    element(0x0028, 0x0100, 'US', short(bits > 8 ? 16 : 8)),
    element(0x0028, 0x0101, 'US', short(bits)),
    element(0x0028, 0x0102, 'US', short(bits - 1)),
    element(0x0028, 0x0103, 'US', short(0)),
    element(0x7fe0, 0x0010, 'OB', Buffer.concat([item(0xe000, Buffer.alloc(0)), item(0xe000, even), item(0xe0dd, Buffer.alloc(0))])),
  ]);
}
