// The folder that the browser sees, and a server for it: every engine beside every net.
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, statSync, createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { basename, extname, join, resolve, sep } from 'node:path';
import { rolldown } from 'rolldown';
import { BUILD, ROOT } from './nets.mjs';

export const SITE = join(BUILD, 'www');
const peers = join(ROOT, 'bench/node_modules');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.json': 'application/json' };

async function bundle(name, file) {
  const build = await rolldown({ input: join(ROOT, `bench/browser/${name}.js`), cwd: join(ROOT, 'bench'), logLevel: 'silent' });
  await build.write({ file: join(SITE, file), format: 'iife', minify: true });
  await build.close();
}

export async function layOut() {
  rmSync(SITE, { recursive: true, force: true });
  mkdirSync(join(SITE, 'nets'), { recursive: true });
  cpSync(join(ROOT, 'bench/browser'), SITE, { recursive: true });
  cpSync(join(ROOT, 'wasm/dist'), join(SITE, 'pleura'), { recursive: true });
  cpSync(join(peers, 'onnxruntime-web/dist'), join(SITE, 'ort'), {
    recursive: true,
    filter: (path) => !path.endsWith('.map'),
  });
  cpSync(join(peers, '@litertjs/core/wasm'), join(SITE, 'litert'), { recursive: true });
  const tfjs = join(peers, '@tensorflow/tfjs-backend-wasm/dist');
  cpSync(tfjs, join(SITE, 'tfjs'), { recursive: true, filter: (path) => path === tfjs || path.endsWith('.wasm') });
  await Promise.all([bundle('litert', 'litert/litert.js'), bundle('tfjs', 'tfjs.js')]);
}

/** Puts a file beside the engines and returns its address. */
export function placeFile(path) {
  copyFileSync(path, join(SITE, 'nets', basename(path)));
  return `nets/${basename(path)}`;
}

export function place(net) {
  return {
    onnx: placeFile(net.onnx),
    ...(net.tflite && { tflite: placeFile(net.tflite) }),
    ...(net.plain && { plain: (placeFile(`${net.plain}.json`), placeFile(`${net.plain}.bin`).replace(/\.bin$/, '')) }),
  };
}

/** Isolated, so that threads can be had; no policy, since some peers evaluate code that they make. */
export async function serve(folder = SITE) {
  const server = createServer((request, response) => {
    const path = resolve(join(folder, decodeURIComponent(request.url.split('?')[0]).replace(/\/$/, '/index.html')));
    if (!path.startsWith(folder + sep) || !existsSync(path)) return response.writeHead(404).end();
    response.writeHead(200, {
      'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
      'Content-Length': statSync(path).size,
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Cache-Control': 'no-cache',
    });
    createReadStream(path).pipe(response);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
