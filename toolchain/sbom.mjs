// Writes the software bill of materials of the WebAssembly modules (CycloneDX 1.5,
// JSON) to standard output: what is compiled into them, from the pins that the build uses itself.
//
//     node toolchain/sbom.mjs [FILE...]     FILE...: what was built of it, listed with its SHA-256
//
// It holds no time and no path, so that the same pins and files give the same bytes.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const read = (path) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const licences = JSON.parse(read('deps/licences.json'));
const { version } = JSON.parse(read('package.json'));

function pins() {
  const sources = ['deps/sources.txt', 'deps/codecs/sources.txt'].flatMap((path) =>
    read(path)
      .split('\n')
      .filter((line) => line && !line.startsWith('#'))
      .map((line) => line.trim().split(/\s+/)),
  );
  const emscripten = /^emscripten_version=(\S+)/m.exec(read('toolchain/versions.sh'))[1];
  return [...sources, ['emscripten', emscripten], ['libcxx', emscripten]];
}

const hashes = (sha256) => (sha256 ? { hashes: [{ alg: 'SHA-256', content: sha256 }] } : {});

/** Everything that is compiled into the modules, as a person would name it. */
export function components() {
  return pins().map(([id, version, sha256]) => {
    if (!licences[id]) throw new Error(`deps/licences.json says nothing of ${id}.`);
    const { in: part, ...known } = licences[id];
    return { id, version, sha256, part, ...known };
  });
}

function library({ id, name, version, sha256, part, licence, notice }) {
  return {
    type: 'library',
    'bom-ref': `${id}@${version}`,
    name: id,
    version,
    description: `${name}, compiled into the ${part}`,
    ...hashes(sha256),
    licenses: [{ expression: licence }],
    ...(notice ? { copyright: notice } : {}),
    ...(sha256 ? { purl: `pkg:deb/debian/${id}@${encodeURIComponent(version)}?arch=source` } : {}),
  };
}

function file(path) {
  const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex');
  return { type: 'file', 'bom-ref': `file:${basename(path)}`, name: basename(path), ...hashes(sha256) };
}

export function sbom(paths = []) {
  const parts = [...components().map(library), ...paths.map(file)];
  const pleura = { type: 'application', 'bom-ref': 'pleura', name: 'pleura', version, licenses: [{ expression: 'Apache-2.0' }] };
  const body = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: { component: pleura },
    components: parts,
    dependencies: [{ ref: 'pleura', dependsOn: parts.filter(({ type }) => type === 'library').map((c) => c['bom-ref']) }],
  };
  // A UUID of version 8 that follows from the content.
  const digest = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const uuid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  const { bomFormat, specVersion, ...rest } = body;
  return `${JSON.stringify({ bomFormat, specVersion, serialNumber: `urn:uuid:${uuid}`, ...rest }, null, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(sbom(process.argv.slice(2)));
