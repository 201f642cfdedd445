// Packs the built page into one zip file, to be carried by hand to where there is no network:
//
//   node web/zip.mjs [--root web/dist] [--out build/pleura-page.zip]
//
// The same files make the same zip to the byte. Node only, no package.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { crc32, deflateRawSync } from 'node:zlib';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const HOW = `Pleura: chest X-rays, classified in this browser. A research tool, not a medical device.

Browsers compute nothing in a page that is opened as a file: it needs a server, which may be this machine.
In this folder, with Python 3:

    python3 -m http.server --bind 127.0.0.1 8080

or with Node.js (http-server, serve), or copy the folder to any web host; then open

    http://127.0.0.1:8080/

Nothing else is fetched from anywhere. Keep the files together; none needs to be changed.
`;

/** The page's files, but for the packed doubles (.br, .gz), which plain servers do not use. */
function content(root) {
  const found = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)).split(sep).join('/'))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(root, name)) }));
  return [...found, { name: 'README.txt', bytes: Buffer.from(HOW) }];
}

const [STORED, DEFLATED, VERSION, UTF8, DATE] = [0, 8, 20, 1 << 11, (1 << 5) | 1]; // of 1 January 1980

function record(signature, ...fields) {
  const bytes = Buffer.alloc(4 + fields.reduce((sum, [size]) => sum + size, 0));
  bytes.writeUInt32LE(signature);
  let at = 4;
  for (const [size, value] of fields) at = bytes.writeUIntLE(value, at, size);
  return bytes;
}

/** APPNOTE.TXT 6.3: local headers with their data, the central directory, its end. */
export function zip(files, folder) {
  const [parts, directory] = [[], []];
  let offset = 0;
  const size = (list) => list.reduce((sum, { length }) => sum + length, 0);
  for (const { name, bytes } of files) {
    const path = Buffer.from(`${folder}/${name}`);
    const deflated = deflateRawSync(bytes, { level: 9 });
    const [method, data] = deflated.length < bytes.length ? [DEFLATED, deflated] : [STORED, bytes];
    const common = [[2, VERSION], [2, UTF8], [2, method], [2, 0], [2, DATE], [4, crc32(bytes)], [4, data.length], [4, bytes.length], [2, path.length], [2, 0]];
    const local = [record(0x04034b50, ...common), path, data];
    directory.push(record(0x02014b50, [2, VERSION], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), path);
    parts.push(...local);
    offset += size(local);
  }
  const end = record(0x06054b50, [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size(directory)], [4, offset], [2, 0]);
  return Buffer.concat([...parts, ...directory, end]);
}

function main() {
  const { values } = parseArgs({
    options: {
      root: { type: 'string', default: here('dist') },
      out: { type: 'string', default: here('../build/pleura-page.zip') },
    },
  });
  const bytes = zip(content(values.root), 'pleura');
  mkdirSync(dirname(values.out), { recursive: true });
  writeFileSync(values.out, bytes);
  console.log(`${values.out}: ${(bytes.length / 1e6).toFixed(1)} MB`);
}

main();
