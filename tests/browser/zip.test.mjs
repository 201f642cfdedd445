// The page carried by hand: the zip, unpacked by Python and served by its plain server, without a header.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { copied, drop, finished, ready, ROOT, rows, suite } from './support.mjs';
import { fixtures } from '../node/support.mjs';

const { shared } = suite();
const PYTHON = process.env.PYTHON ?? 'python3';

const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });

/** Resolves once it says that it listens. */
async function serve(folder) {
  const port = await freePort();
  const server = spawn(PYTHON, ['-u', '-m', 'http.server', '--bind', '127.0.0.1', String(port)], { cwd: folder });
  let said = '';
  await new Promise((done, failed) => {
    server.once('exit', () => failed(new Error(said)));
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (part) => /Serving HTTP/.test((said += part)) && done());
  });
  const ended = new Promise((done) => server.once('exit', done));
  return { url: `http://127.0.0.1:${port}/`, stop: () => (server.kill(), ended) };
}

test('the page works from the unpacked zip under a plain server, and then without it', async () => {
  const [packed, again] = ['page.zip', 'again.zip'].map((name) => join(shared.folder, name));
  for (const out of [packed, again]) execFileSync(process.execPath, [join(ROOT, 'web/zip.mjs'), '--out', out]);
  assert.ok(readFileSync(packed).equals(readFileSync(again)), 'the same files make the same zip');
  execFileSync(PYTHON, ['-m', 'zipfile', '-t', packed]);
  execFileSync(PYTHON, ['-m', 'zipfile', '-e', packed, shared.folder]);
  const folder = join(shared.folder, 'pleura');
  assert.match(readFileSync(join(folder, 'README.txt'), 'utf8'), /python3 -m http\.server/);
  const server = await serve(folder);
  const context = await shared.browser.newContext();
  try {
    const page = await context.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(server.url);
    await ready(page);
    await page.click('#example');
    await finished(page, 6);
    await drop(page, fixtures().slice(0, 2));
    await finished(page, 8);
    assert.ok((await rows(page)).every(({ state }) => state !== 'error'));
    assert.equal(await copied(page), 'ready');
    assert.deepEqual(complaints, []);
    await server.stop();
    await page.reload();
    await ready(page);
    await page.click('#example');
    await finished(page, 6);
  } finally {
    await context.close();
    await server.stop();
  }
});
