// web/server.mjs: what it serves, with which headers, and what it does not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { CONTENT_SECURITY_POLICY, serve } from '../../web/server.mjs';
import { ROOT } from './support.mjs';

const SERVER = join(ROOT, 'web/server.mjs');
let folder;
let served;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pleura-'));
  const root = join(folder, 'root');
  mkdirSync(join(root, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  mkdirSync(join(folder, 'root-beside'));
  writeFileSync(join(folder, 'root-beside/secret.txt'), 'secret');
  writeFileSync(join(root, 'index.html'), '<!doctype html>');
  writeFileSync(join(root, 'model.onnx'), 'model');
  writeFileSync(join(root, 'assets/core.wasm'), 'plain');
  writeFileSync(join(root, 'assets/core.wasm.br'), brotliCompressSync(Buffer.from('plain')));
  writeFileSync(join(root, 'a b.jpg'), 'film');
  symlinkSync(join(folder, 'secret.txt'), join(root, 'link.txt'));
  served = await serve({ root });
});

after(() => {
  served.server.close();
  rmSync(folder, { recursive: true });
});

/** Without the URL class, which would tidy up the path before it is sent. */
function get(path, { method = 'GET', headers = {} } = {}) {
  return new Promise((done, failed) => {
    const { port } = served.server.address();
    request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    })
      .on('error', failed)
      .end();
  });
}

test('types and headers', async () => {
  for (const [path, type] of [
    ['/', 'text/html; charset=utf-8'],
    ['/index.html?query', 'text/html; charset=utf-8'],
    ['/model.onnx', 'application/octet-stream'],
    ['/assets/core.wasm', 'application/wasm'],
    ['/a%20b.jpg', 'image/jpeg'],
  ]) {
    const { status, headers } = await get(path);
    assert.equal(status, 200, path);
    assert.equal(headers['content-type'], type);
    assert.match(headers['content-security-policy'], /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cross-origin-embedder-policy'], 'require-corp');
  }
  assert.match((await get('/assets/core.wasm')).headers['cache-control'], /immutable/);
  assert.equal((await get('/')).headers['cache-control'], 'no-cache');
});

test('the page’s own policy is the server’s', () => {
  const page = readFileSync(join(ROOT, 'web/index.html'), 'utf8');
  assert.ok(page.includes(`content="${CONTENT_SECURITY_POLICY.join('; ')}"`));
});

test('packed files are served to those who take them', async () => {
  const packed = await get('/assets/core.wasm', { headers: { 'accept-encoding': 'gzip, br;q=0.9' } });
  assert.equal(packed.headers['content-encoding'], 'br');
  assert.equal(packed.headers['content-type'], 'application/wasm');
  assert.equal(brotliDecompressSync(packed.body).toString(), 'plain');
  assert.equal(Number(packed.headers['content-length']), packed.body.length);
  assert.equal((await get('/assets/core.wasm')).body.toString(), 'plain');
});

test('nothing outside of the root is served, however it is asked for', async () => {
  for (const path of [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/..\\secret.txt',
    '//secret.txt',
    '/../root-beside/secret.txt',
    '/link.txt',
    '/a%00b',
    '/%',
    '/assets',
    '/assets/',
    '/nothing',
  ]) {
    const { status, body } = await get(path);
    assert.equal(status, 404, path);
    assert.equal(body.toString(), 'Not found.\n');
  }
});

test('only GET and HEAD', async () => {
  assert.equal((await get('/', { method: 'POST' })).status, 405);
  const head = await get('/model.onnx', { method: 'HEAD' });
  assert.equal(head.headers['content-length'], '5');
  assert.equal(head.body.length, 0);
});

function started(...options) {
  const child = spawn(process.execPath, [SERVER, ...options]);
  const said = { out: '', error: '' };
  child.stdout.on('data', (text) => (said.out += text));
  child.stderr.on('data', (text) => (said.error += text));
  const ended = new Promise((done) => child.on('close', done));
  return { child, said, ended };
}

test('says where the page is', async () => {
  const { child, said, ended } = started('--root', join(folder, 'root'), '--port', '0');
  await new Promise((done) => child.stdout.once('data', done));
  const [, url] = /^Pleura is at (http:\/\/127\.0\.0\.1:\d+\/)\n$/.exec(said.out);
  assert.equal((await fetch(url)).status, 200);
  child.kill();
  await ended;
});

test('a busy port, a folder without a page and a wrong port are a sentence each', async () => {
  const busy = createServer();
  await new Promise((done) => busy.listen(0, '127.0.0.1', done));
  const { port } = busy.address();
  for (const [options, sentence] of [
    [['--root', join(folder, 'root'), '--port', String(port)], `Port ${port} is in use: choose another with --port.\n`],
    [['--root', folder], /^There is no page in .*: build it first/],
    [['--root', join(folder, 'root'), '--port', 'x'], 'x is no port number.\n'],
  ]) {
    const { said, ended } = started(...options);
    assert.equal(await ended, 1);
    if (sentence instanceof RegExp) assert.match(said.error, sentence);
    else assert.equal(said.error, sentence);
    assert.equal(said.error.trim().split('\n').length, 1);
  }
  busy.close();
});
