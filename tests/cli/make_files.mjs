// Writes what test_cli.sh needs into a folder: images of several kinds, and a model of two labels
// whose answer can be computed by hand: p(bright) = sigmoid(8 * (mean grey - 0.5)).
import { writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

const folder = process.argv[2];

// ---- PNG ----

function crc(bytes) {
  if (crc32) return crc32(bytes);
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const head = Buffer.alloc(4);
  const tail = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  tail.writeUInt32BE(crc(body));
  return Buffer.concat([head, body, tail]);
}

// `pixel(x, y)` gives a list of 8-bit samples: one for grey, three for colour.
function png(width, height, pixel) {
  const channels = pixel(0, 0).length;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, channels === 3 ? 2 : 0], 8);
  const rows = Buffer.alloc(height * (1 + width * channels));
  for (let y = 0, at = 0; y < height; y++) {
    at++;
    for (let x = 0; x < width; x++) for (const sample of pixel(x, y)) rows[at++] = sample;
  }
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

// ---- ONNX: protobuf by hand ----

function varint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}

const number = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);

function piece(field, ...parts) {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

const node = (type, inputs, output) =>
  piece(1, ...inputs.map((input) => piece(1, input)), piece(2, output), piece(4, type));

function tensor(name, dims, values) {
  const raw = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => raw.writeFloatLE(value, 4 * i));
  const sizes = dims.map((dim) => number(1, dim));
  return piece(5, ...sizes, number(2, 1), piece(8, name), piece(9, raw));
}

function value(field, name, dims) {
  const shape = piece(2, ...dims.map((dim) => piece(1, number(1, dim))));
  return piece(field, piece(1, name), piece(2, piece(1, number(1, 1), shape)));
}

const property = (key, text) => piece(14, piece(1, key), piece(2, text));

function model(properties) {
  const graph = piece(
    7,
    node("GlobalAveragePool", ["image"], "pooled"),
    node("Flatten", ["pooled"], "flat"),
    node("Gemm", ["flat", "weights", "bias"], "logits"),
    piece(2, "brightness"),
    tensor("weights", [1, 2], [0, 8]),
    tensor("bias", [2], [0, -4]),
    value(11, "image", [1, 1, 8, 8]),
    value(12, "logits", [1, 2]),
  );
  const entries = Object.entries(properties).map(([key, text]) => property(key, text));
  return Buffer.concat([number(1, 7), graph, piece(8, number(2, 13)), ...entries]);
}

// ---- DICOM: a data set of explicit little endian, without preamble ----

function element(group, number, vr, value) {
  const bytes = typeof value === "number" ? Buffer.from(new Uint16Array([value]).buffer) : Buffer.from(value, "latin1");
  const head = Buffer.alloc(vr === "OW" ? 12 : 8);
  head.writeUInt16LE(group, 0);
  head.writeUInt16LE(number, 2);
  head.write(vr, 4, "latin1");
  if (vr === "OW") head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

// 4 x 2 pixels of 12 bits: 0, 500, 1000 and so on; the second of its frames is black.
const dicom = Buffer.concat([
  element(0x0008, 0x0060, "CS", "DX"),
  element(0x0010, 0x1010, "AS", "018M"),
  element(0x0018, 0x5101, "CS", "PA"),
  element(0x0028, 0x0002, "US", 1),
  element(0x0028, 0x0004, "CS", "MONOCHROME2 "),
  element(0x0028, 0x0008, "IS", "2 "),
  element(0x0028, 0x0010, "US", 2),
  element(0x0028, 0x0011, "US", 4),
  element(0x0028, 0x0100, "US", 16),
  element(0x0028, 0x0101, "US", 12),
  element(0x0028, 0x0102, "US", 11),
  element(0x0028, 0x0103, "US", 0),
  element(0x7fe0, 0x0010, "OW", Buffer.from(Uint16Array.from({ length: 16 }, (_, i) => (i < 8 ? 500 * i : 0)).buffer)),
]);

// ---- The files ----

const ramp = (low, high) => (x) => [Math.round(low + ((high - low) * x) / 127)];
const film = png(128, 128, ramp(0, 200));
const files = {
  "film.png": film,
  "bright.png": png(128, 128, ramp(100, 255)),
  "set/b.PNG": png(128, 128, ramp(50, 255)),
  "set/a.png": film,
  "set/deep/IM0001": film,
  "set/notes.txt": "not an image",
  "set/.hidden.png": film,
  "film.dcm": dicom,
  "cut.dcm": dicom.subarray(0, -20),
  "photo.png": png(128, 128, (x, y) => [2 * x, 255 - 2 * x, y]),
  "small.png": png(20, 20, ramp(0, 255)),
  "strip.png": png(640, 64, ramp(0, 255)),
  "blank.png": png(128, 128, () => [7]),
  "cut.png": film.subarray(0, film.length - 20),
  "cut.jpg": Buffer.from("ffd8ffe000104a46494600010100000100010000", "hex"),
  "note.jpg": "This is a note.\n",
  "empty.jpg": "",
  "page.png": "<!DOCTYPE html><title>404</title>",
  "model.onnx": model({
    "pleura.name": "brightness",
    "pleura.version": "1",
    "pleura.labels": "dark,bright",
    "pleura.activation": "softmax",
    "pleura.finding": "bright",
    "pleura.threshold": "0.5",
    "pleura.gate.min_side": "32",
  }),
  "plain.onnx": model({}),
  "broken.onnx": "ONNX? No.",
  // p(bright): film .06, set/b.PNG .73, bright.png .83; a quoted cell, CR LF, no end at the end
  "labels.csv":
    '\uFEFFpath,labels,patient_id,"the ""site"""\r\nfilm.png,dark,1,"a, b"\r\n\r\n' +
    "set/b.PNG,bright,2,c\nbright.png,noise;bright,2,c\nbright.png,dark,3,c\n" +
    "photo.png,dark,,c\nfilm.png,other,,",
  "ragged.csv": "path,labels\nfilm.png,dark,1\n",
  "nul.csv": "path,labels\n\0film.png,dark\n",
  "open.csv": 'path,labels\nfilm.png,"dark\n',
  "behind.csv": 'path,labels\nfilm.png,"dark"er\n',
  "nameless.csv": "file,diagnosis\nfilm.png,dark\n",
};
for (const part of ["set/deep", "nothing"]) mkdirSync(join(folder, part), { recursive: true });
for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
