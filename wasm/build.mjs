// Makes dist/: the compiled TypeScript, and beside it every build of the module as CMake made them.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { licences } from '../toolchain/licences.mjs';
import { sbom } from '../toolchain/sbom.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = `${here}dist/`;
// Where the CMake presets wasm-simd, wasm-relaxed and wasm-threads build; elsewhere with PLEURA_BUILD.
const build = process.env.PLEURA_BUILD ?? `${here}../build`;

const modules = ['simd', 'relaxed', 'threads'].flatMap((tier) =>
  ['mjs', 'wasm'].map((ext) => ({ from: `${build}/wasm-${tier}/pleura-${tier}.${ext}`, to: `${dist}pleura-${tier}.${ext}` })),
);
modules.push(
  ...['codecs', 'learn'].flatMap((name) =>
    ['mjs', 'wasm'].map((ext) => ({ from: `${build}/wasm-simd/pleura-${name}.${ext}`, to: `${dist}pleura-${name}.${ext}` })),
  ),
);
const missing = modules.find(({ from }) => !existsSync(from));
if (missing) {
  console.error(`${missing.from} is not there: build it first (cmake --preset wasm-simd && cmake --build --preset wasm-simd, and the same with wasm-relaxed and wasm-threads).`);
  process.exit(1);
}

rmSync(dist, { recursive: true, force: true });
const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
const { status } = spawnSync(process.execPath, [tsc, '-p', here], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
for (const { from, to } of modules) copyFileSync(from, to);
copyFileSync(`${here}../LICENSE`, `${dist}LICENSE`);

// Its threads run the glue again: by the URL that it has, not by the name that it had when it was built.
const glue = `${dist}pleura-threads.mjs`;
const [before, after, ...more] = readFileSync(glue, 'utf8').split('new URL("pleura-threads.mjs",import.meta.url)');
if (after === undefined || more.length > 0) {
  console.error(`${glue} does not start its threads as expected: is Emscripten another?`);
  process.exit(1);
}
writeFileSync(glue, `${before}new URL(import.meta.url)${after}`);

writeFileSync(`${dist}licences.txt`, licences());
writeFileSync(`${dist}sbom.cdx.json`, sbom(modules.map(({ to }) => to)));
