// What a page fetches of each engine before its first result, without the model.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { SITE } from './site.mjs';

const FILES = {
  pleura: () => [
    ...readdirSync(join(SITE, 'pleura')).filter((name) => name.endsWith('.js')),
    'pleura-relaxed.mjs',
    'pleura-relaxed.wasm',
  ].map((name) => `pleura/${name}`),
  ort: () => ['ort/ort.wasm.min.mjs', 'ort/ort-wasm-simd-threaded.mjs', 'ort/ort-wasm-simd-threaded.wasm'],
  litert: () => ['litert/litert.js', 'litert/litert_wasm_internal.js', 'litert/litert_wasm_internal.wasm'],
  tfjs: () => ['tfjs.js', 'tfjs/tfjs-backend-wasm-simd.wasm'],
};

export async function size({ write, say }) {
  for (const [engine, list] of Object.entries(FILES)) {
    const sums = { raw: 0, gzip: 0, brotli: 0 };
    for (const name of list()) {
      const bytes = readFileSync(join(SITE, name));
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
      sums.raw += bytes.length;
      sums.gzip += gzipSync(bytes, { level: 9 }).length;
      sums.brotli += brotliCompressSync(bytes, { params }).length;
    }
    write('size', { place: 'chromium', engine, tier: null, threads: 1, files: list(), ...sums });
    say(`${engine}: ${sums.brotli} bytes\n`);
  }
}
