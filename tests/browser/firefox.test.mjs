// The main job in Firefox, where it is installed (Debian: firefox-esr): the page as it is shipped, with
// one script more from its own origin, which does as a user does and says what it found.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { CONTENT_SECURITY_POLICY } from '../../web/server.mjs';
import { ROOT } from './support.mjs';

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.json': 'application/json', '.svg': 'image/svg+xml' };

const USER = `
  const found = {};
  const until = async (what, test) => {
    for (let tries = 0; tries < 600; tries++) {
      if (test()) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    throw new Error('waited in vain for ' + what);
  };
  const one = (selector) => document.querySelector(selector);
  try {
    await until('the classifier', () => document.documentElement.dataset.ready || one('#message').textContent);
    one('#example').click();
    await until('six answers', () => one('#view-films').dataset.films === '6' && one('#view-films').dataset.open === '0');
    await until('the film', () => one('#film').dataset.drawn === 'yes');
    await until('the heatmap', () => one('#heat-text').textContent !== '');
    found.answer = one('#answer').innerText;
    found.heat = one('#heat-text').textContent;
    location.hash = '#trust';
    await until('the self-test', () => one('#selftest'));
    one('#selftest').click();
    await until('its end', () => one('#selftest-result').dataset.passed);
    found.passed = one('#selftest-result').dataset.passed;
    found.requests = one('#requests').textContent;
    found.tier = one('#tier').textContent;
  } catch (error) {
    found.fault = String(error) + ' ' + one('#message').textContent;
  }
  await fetch('found', { method: 'POST', body: JSON.stringify(found) });
`;

function serve(onFound) {
  const server = createServer((request, response) => {
    const name = new URL(request.url, 'http://here').pathname.slice(1) || 'index.html';
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY.join('; '));
    response.setHeader('Content-Type', TYPES[extname(name)] ?? 'application/octet-stream');
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (part) => (body += part)).on('end', () => onFound(JSON.parse(body)));
      response.end();
    } else if (name === 'user.js') response.end(USER);
    else if (existsSync(join(ROOT, 'web/dist', name))) {
      const bytes = readFileSync(join(ROOT, 'web/dist', name));
      response.end(name === 'index.html' ? bytes.toString().replace('</body>', '<script type="module" src="user.js"></script></body>') : bytes);
    } else response.writeHead(404).end();
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

test('Firefox: examples, answer, heatmap and self-test', { skip: !existsSync(FIREFOX) && 'Firefox is not installed', timeout: 150_000 }, async (t) => {
  const profile = mkdtempSync(join(tmpdir(), 'pleura-firefox-'));
  let tell;
  const told = new Promise((done) => (tell = done));
  const server = await serve(tell);
  const browser = spawn(FIREFOX, ['--headless', '--no-remote', '--profile', profile, `http://127.0.0.1:${server.address().port}/`], { stdio: 'ignore' });
  try {
    const found = await told;
    assert.equal(found.fault, undefined);
    assert.match(found.answer, /threshold for pneumonia|Cannot say/);
    assert.match(found.heat, /activation map|Nothing in this film/);
    assert.equal(found.passed, 'yes');
    assert.equal(found.requests, '0');
    t.diagnostic(found.tier);
  } finally {
    browser.kill();
    await new Promise((done) => (browser.exitCode === null ? browser.once('exit', done) : done()));
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});
