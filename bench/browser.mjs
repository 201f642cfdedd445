// Candidates in headless Chromium, each in a worker of its own, on a page served like ours.
import { spawn } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { fullSizeFilms } from './films.mjs';

// Without these Chromium looks for hosts that are not there, and its timers wait for them.
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
  '--disable-background-networking', '--disable-component-update',
];

/** A folder with the harness, the engines and the model, for our own server to serve. */
function layOut(root, model, files) {
  const folder = join(root, 'build/bench/www');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'bench/browser'), folder, { recursive: true });
  mkdirSync(join(folder, 'films'));
  cpSync(join(root, 'wasm/dist'), join(folder, 'pleura'), { recursive: true });
  cpSync(join(root, 'bench/node_modules/onnxruntime-web/dist'), join(folder, 'ort'), { recursive: true });
  copyFileSync(model, join(folder, 'model.onnx'));
  const films = files.map((file, i) => `films/${i}-${basename(file)}`);
  files.forEach((file, i) => copyFileSync(file, join(folder, films[i])));
  return { folder, films };
}

async function serve(root, folder) {
  const server = spawn(process.execPath, [join(root, 'web/server.mjs'), '--root', folder, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const address = line.match(/http:\/\/\S+/)?.[0];
    if (address) return { server, address };
  }
  throw new Error('the server did not start');
}

export async function browserCandidates({ root, model, films }) {
  const { folder, films: paths } = layOut(root, model, fullSizeFilms(films));
  const { server, address } = await serve(root, folder);
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  const page = await browser.newPage();
  await page.goto(address);
  const place = `Chromium ${browser.version().split('.')[0]}, 1 thread`;
  const make = async (engine, name, what, path) => ({
    place,
    engine: name,
    what,
    load: await page.evaluate(([e, w]) => globalThis.start(e, w), [engine, what]),
    run: (round) => page.evaluate(([e, w, f]) => globalThis.run(e, w, f), [engine, what, path(round)]),
  });
  const none = () => null;
  const candidates = [
    await make('relaxed', 'Pleura, relaxed SIMD', 'network', none),
    await make('simd', 'Pleura, SIMD128', 'network', none),
    await make('ort', 'ONNX Runtime Web 1.30', 'network', none),
  ];
  if (paths.length > 0) {
    const film = (round) => paths[round % paths.length];
    candidates.push(await make('relaxed', 'Pleura, relaxed SIMD', 'file to answer', film));
    candidates.push(await make('simd', 'Pleura, SIMD128', 'file to answer', film));
  }
  return {
    candidates,
    close: async () => {
      await browser.close();
      server.kill();
    },
  };
}
