// A static server for web/dist, with the headers that the page should have wherever it is put:
//
//   node web/server.mjs [--root web/dist] [--port 8080] [--host 127.0.0.1]
//
// It reads files below its root and does nothing else. Node only, no package.
import { createReadStream, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.jpeg': 'image/jpeg',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.onnx': 'application/octet-stream',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

const ENCODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
];

/** index.html says the same in a <meta>, for hosts that set no headers; this one also binds the worker. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "style-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
];

/** deploy/ says the same for other servers; tests/browser/deploy.test.mjs compares. */
export const HEADERS = {
  'Content-Security-Policy': [...CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"].join('; '),
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  // The same address has packed and plain answers: a cache must not mix them up.
  Vary: 'Accept-Encoding',
};

async function sizeOf(path) {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : null;
  } catch {
    return null;
  }
}

/** The file for a request's path, or null: never one outside of root, however the path is written. */
function locate(root, url) {
  let path;
  try {
    path = decodeURIComponent(url.split('?', 1)[0]);
  } catch {
    return null;
  }
  if (path.includes('\0')) return null;
  const file = resolve(join(root, path.endsWith('/') ? `${path}index.html` : path));
  try {
    // Links are followed before the check, so that none leads out.
    const real = realpathSync(file);
    return real.startsWith(root + sep) ? real : null;
  } catch {
    return null;
  }
}

async function answer(root, request, response) {
  const fail = (status, text) => {
    response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(request.method === 'HEAD' ? undefined : `${text}\n`);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') return fail(405, 'Only GET and HEAD.');
  const file = locate(root, request.url);
  const whole = file && (await sizeOf(file));
  if (file === null || whole === null) return fail(404, 'Not found.');

  const accepted = (request.headers['accept-encoding'] ?? '').split(',').map((part) => part.split(';')[0].trim());
  let [path, size, encoding] = [file, whole, null];
  for (const { name, suffix } of ENCODINGS) {
    const packed = accepted.includes(name) ? await sizeOf(file + suffix) : null;
    if (packed !== null) {
      [path, size, encoding] = [file + suffix, packed, name];
      break;
    }
  }
  response.writeHead(200, {
    ...HEADERS,
    'Content-Type': TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream',
    'Content-Length': size,
    ...(encoding && { 'Content-Encoding': encoding }),
    // What lies in assets/ has its hash in its name.
    'Cache-Control': file.startsWith(join(root, 'assets') + sep) ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (request.method === 'HEAD') return response.end();
  createReadStream(path)
    .on('error', () => response.destroy())
    .pipe(response);
}

/** Starts to listen; `onRequest(method, url)` hears of every request, for the tests. */
export function serve({ root, port = 0, host = '127.0.0.1', onRequest = () => {} }) {
  const real = realpathSync(root);
  const server = createServer((request, response) => {
    onRequest(request.method, request.url);
    answer(real, request, response).catch(() => response.destroy());
  });
  return new Promise((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, () => {
      const at = server.address();
      const name = at.family === 'IPv6' ? `[${at.address}]` : at.address;
      done({ server, url: `http://${name}:${at.port}/` });
    });
  });
}

async function main() {
  const { values } = parseArgs({
    options: {
      root: { type: 'string', default: fileURLToPath(new URL('dist', import.meta.url)) },
      port: { type: 'string', default: '8080' },
      host: { type: 'string', default: '127.0.0.1' },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`${values.port} is no port number.`);
  if ((await sizeOf(join(values.root, 'index.html'))) === null) {
    throw new Error(`There is no page in ${values.root}: build it first (npm run build).`);
  }
  const { url } = await serve({ root: values.root, port, host: values.host });
  console.log(`Pleura is at ${url}`);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main().catch((error) => {
    const busy = error.code === 'EADDRINUSE';
    console.error(busy ? `Port ${error.port} is in use: choose another with --port.` : error.message);
    process.exit(1);
  });
}
