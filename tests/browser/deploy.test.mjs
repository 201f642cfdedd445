// One folder, any host: the page under Debian's nginx with deploy/nginx.conf, in a sub-path, and under python3's bare
// server, which sets no headers at all.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { fixtures } from '../node/support.mjs';
import { HEADERS } from '../../web/server.mjs';
import { copied, drop, finished, launch, ready, ROOT, rows } from './support.mjs';

const DIST = join(ROOT, 'web/dist');
const NGINX = process.env.PLEURA_NGINX;
const deploy = (name) => readFileSync(join(ROOT, 'deploy', name), 'utf8');
let browser;
let folder;
const servers = [];

before(async () => {
  assert.ok(existsSync(join(DIST, 'docs/index.html')), 'the page has no docs/: ./serve.sh --build-only --docs');
  assert.ok(NGINX && existsSync(NGINX), 'nginx is not there: toolchain/setup.sh browser, and . build/toolchain/env.sh');
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), 'pleura-deploy-'));
});

after(async () => {
  await browser?.close();
  for (const { child, ended } of servers) {
    child.kill();
    await ended;
  }
  if (folder) rmSync(folder, { recursive: true });
});

function freePort() {
  const probe = createServer();
  return new Promise((done) => {
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** Starts a program and waits until it answers, or has ended. */
async function started(url, program, options, cwd) {
  const child = spawn(program, options, { cwd });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  let over = false;
  const ended = new Promise((done) => child.on('close', () => done((over = true))));
  servers.push({ child, ended });
  while (!over) {
    try {
      await fetch(url);
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  assert.fail(`${program} ended: ${said}`);
}

function ask(url, encodings = '') {
  return new Promise((done, failed) => {
    get(url, { headers: encodings ? { 'accept-encoding': encodings } : {} }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    }).on('error', failed);
  });
}

/** The page at an address: it loads, judges films, keeps its copy for work without a network, and complains of nothing. */
async function works(url, isolated) {
  const profile = await browser.newContext();
  const page = await profile.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (line) => {
    if (line.type() === 'error' || line.type() === 'warning') complaints.push(line.text());
  });
  try {
    await page.goto(url);
    await ready(page);
    assert.equal(await page.evaluate(() => crossOriginIsolated), isolated);
    const films = fixtures().slice(0, 2);
    await drop(page, films);
    await finished(page, films.length);
    assert.ok((await rows(page)).every(({ score }) => /\d/.test(score)));
    assert.equal(await copied(page), 'ready');
    assert.deepEqual(complaints, []);
  } finally {
    await profile.close();
  }
}

/**
 * The reference beside the page: the page leads there, every page and link of it is there, works under the same policy,
 * complains of nothing and is none of the files of the offline copy; its examples are those that the tests run.
 */
async function documented(url) {
  const waiting = [`${url}docs/index.html`];
  const found = new Set(waiting);
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { status, body, headers } = await ask(next);
    assert.equal(status, 200, next);
    if (!headers['content-type'].startsWith('text/html')) continue;
    const html = body.toString();
    assert.doesNotMatch(html, /<script|javascript:/, next);
    for (const [, path] of html.matchAll(/ (?:href|src)="([^"#]+)/g)) {
      const { href, origin } = new URL(path, next);
      if (origin !== new URL(url).origin || found.has(href) || !href.startsWith(`${url}docs/`)) continue;
      found.add(href);
      waiting.push(href);
    }
  }
  const written = readdirSync(join(DIST, 'docs'), { recursive: true }).filter((name) => name.endsWith('.html'));
  assert.deepEqual(written.filter((name) => !found.has(`${url}docs/${name}`)), [], 'pages that nothing leads to');
  const profile = await browser.newContext();
  const page = await profile.newPage();
  const complaints = [];
  page.on('console', (line) => complaints.push(line.text()));
  try {
    await page.goto(`${url}#trust`);
    await ready(page);
    assert.equal(await copied(page), 'ready');
    const [docs] = await Promise.all([profile.waitForEvent('page'), page.click('#trust-body a[href="docs/index.html"]')]);
    docs.on('console', (line) => complaints.push(line.text()));
    for (const [link, title, examples] of [
      ['c/index.html', /Pleura/, ['c/classify.c']],
      ['js/index.html', /pleura/, []],
      ['js/modules.html', /pleura/, ['vite/src/main.ts', 'node/classify.mjs']],
    ]) {
      await docs.goto(`${url}docs/`);
      await docs.click(`a[href="${link}"]`);
      await docs.waitForURL(`${url}docs/${link}`);
      assert.match(await docs.title(), title);
      const shown = (await docs.evaluate(() => document.body.innerText)).replace(/\s+/g, '');
      for (const example of examples) {
        const text = readFileSync(join(ROOT, 'examples', example), 'utf8').replace(/\s+/g, '');
        assert.ok(shown.includes(text), `${link} shows ${example}`);
      }
    }
    await docs.click('#tsd-nav-container a[href$="functions/loadPool.html"]');
    await docs.waitForURL(`${url}docs/js/functions/loadPool.html`);
    const kept = await docs.evaluate(async () => (await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()))).flat().map((request) => request.url));
    assert.ok(kept.length > 10 && !kept.some((address) => address.includes('/docs/')));
    assert.deepEqual(complaints, []);
  } finally {
    await profile.close();
  }
}

/** deploy/nginx.conf as it is, but for the port and the folder, under a main file like Debian's. */
async function nginx() {
  const port = await freePort();
  const site = deploy('nginx.conf');
  const own = site.replace('listen 8080;', `listen 127.0.0.1:${port};`).replace('alias /var/www/pleura/;', `alias ${DIST}/;`);
  assert.equal(own.split(DIST).length, 2);
  writeFileSync(join(folder, 'site.conf'), own);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  const root = process.getuid() === 0 ? 'user root;' : '';
  writeFileSync(
    join(folder, 'nginx.conf'),
    `load_module ${NGINX}/usr/lib/nginx/modules/ngx_http_brotli_static_module.so;
     ${root} pid ${folder}/nginx.pid; daemon off; error_log stderr; events {}
     http { access_log off; ${temporary.join(' ')} include ${folder}/site.conf; }`,
  );
  const url = `http://127.0.0.1:${port}/pleura/`;
  await started(url, join(NGINX, 'usr/sbin/nginx'), ['-p', folder, '-c', join(folder, 'nginx.conf')]);
  return url;
}

test('nginx: headers, types, packed files, cache rules, a sub-path', async () => {
  const url = await nginx();
  const index = await ask(url);
  assert.equal(index.status, 200);
  for (const [name, value] of Object.entries(HEADERS)) {
    if (name !== 'Vary') assert.equal(index.headers[name.toLowerCase()], value, name);
  }
  assert.equal(index.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(index.headers['cache-control'], 'no-cache');
  const [wasm] = /assets\/pleura-relaxed-[\w-]+\.wasm/.exec(readFileSync(join(DIST, 'sw.js'), 'utf8'));
  const plain = await ask(url + wasm);
  assert.equal(plain.headers['content-type'], 'application/wasm');
  assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(plain.headers['cross-origin-embedder-policy'], 'require-corp');
  assert.equal(plain.headers['content-encoding'], undefined);
  for (const [encoding, unpack] of [['br', brotliDecompressSync], ['gzip', gunzipSync]]) {
    const packed = await ask(url + wasm, encoding);
    assert.equal(packed.headers['content-encoding'], encoding);
    assert.equal(packed.headers['content-type'], 'application/wasm');
    assert.match(packed.headers.vary, /Accept-Encoding/i);
    assert.ok(packed.body.length < plain.body.length / 2);
    assert.deepEqual(unpack(packed.body), plain.body);
  }
  for (const [path, type] of [['manifest.webmanifest', 'application/manifest+json'], ['model.onnx', 'application/octet-stream'], ['sw.js', 'text/javascript; charset=utf-8']]) {
    const { headers } = await ask(url + path);
    assert.equal(headers['content-type'], type);
    assert.equal(headers['cache-control'], 'no-cache');
  }
  const missing = await ask(`${url}nothing`);
  assert.equal(missing.status, 404);
  assert.equal(missing.headers['x-content-type-options'], 'nosniff');
  await works(url, true);
  await documented(url);
});

test('python3 -m http.server: no headers, and a sub-path', async () => {
  const port = await freePort();
  mkdirSync(join(folder, 'python'));
  symlinkSync(DIST, join(folder, 'python/page'));
  const url = `http://127.0.0.1:${port}/page/`;
  await started(url, 'python3', ['-m', 'http.server', String(port), '--bind', '127.0.0.1'], join(folder, 'python'));
  assert.equal((await ask(url)).headers['content-security-policy'], undefined);
  await works(url, false);
  await documented(url);
});

test('_headers says what web/server.mjs says', () => {
  const blocks = deploy('_headers')
    .replace(/^#.*\n/gm, '')
    .split(/^(?=\/)/m)
    .map((block) => block.trim().split('\n'));
  assert.deepEqual(blocks.map(([path]) => path), ['/*', '/assets/*']);
  const all = Object.fromEntries(blocks[0].slice(1).map((line) => /^ {2}([\w-]+): (.*)$/.exec(line).slice(1)));
  const { Vary, ...wanted } = HEADERS;
  assert.deepEqual(all, { ...wanted, 'Cache-Control': 'no-cache' });
  assert.match(blocks[1].at(-1), /Cache-Control: public, max-age=31536000, immutable/);
});

test('the container files name scripts and files that are there', () => {
  const docker = deploy('Dockerfile');
  const devcontainer = JSON.parse(readFileSync(join(ROOT, '.devcontainer/devcontainer.json'), 'utf8').replace(/^\/\/.*\n/gm, ''));
  const named = [...docker.matchAll(/\.\/([\w./-]+\.sh)/g), ...docker.matchAll(/^COPY (deploy\/\S+)/gm)].map(([, path]) => path);
  named.push(devcontainer.postCreateCommand, ...deploy('github-pages.yml').match(/[\w/]+\.sh/g));
  assert.ok(named.length >= 4);
  for (const path of named) assert.ok(existsSync(join(ROOT, path)), path);
});
