// Makes dist/: the compiled TypeScript, and beside it both tiers of the module as CMake built them.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = `${here}dist/`;
// Where the CMake presets wasm-simd and wasm-relaxed build; elsewhere with PLEURA_BUILD.
const build = process.env.PLEURA_BUILD ?? `${here}../build`;

const modules = ['simd', 'relaxed'].flatMap((tier) =>
  ['mjs', 'wasm'].map((ext) => ({ from: `${build}/wasm-${tier}/pleura-${tier}.${ext}`, to: `${dist}pleura-${tier}.${ext}` })),
);
const missing = modules.find(({ from }) => !existsSync(from));
if (missing) {
  console.error(`${missing.from} is not there: build it first (cmake --preset wasm-simd && cmake --build --preset wasm-simd, and the same with wasm-relaxed).`);
  process.exit(1);
}

rmSync(dist, { recursive: true, force: true });
const tsc = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
const { status } = spawnSync(process.execPath, [tsc, '-p', here], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
for (const { from, to } of modules) copyFileSync(from, to);
