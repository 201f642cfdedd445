// Integer inference has the same bits in browsers as natively. The browser is only started with the
// page's address, and the page says itself what it found: so any browser will do. Chromium always;
// Firefox where it is installed (Debian: firefox-esr).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TIERS = ['simd', 'relaxed'];
const BROWSERS = {
  chromium: {
    program: process.env.CHROMIUM ?? '/usr/bin/chromium',
    options: (profile) => ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', `--user-data-dir=${profile}`],
  },
  firefox: {
    program: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    options: (profile) => ['--headless', '--no-remote', '--profile', profile],
  },
};

const PAGE = `<!doctype html><meta charset="utf-8"><title>Integers</title><script type="module">
  const found = {};
  try {
    for (const tier of ${JSON.stringify(TIERS)}) {
      const { default: create } = await import('/' + tier + '/check_kernels.mjs');
      const module = await create();
      const text = (at) => module.UTF8ToString(at);
      found[tier] = { kernels: text(module._check()), digest: module._check_digest(), network: text(module._run_network()),
        sha256: text(module._network_sha256()), wanted: text(module._network_wanted_sha256()) };
    }
  } catch (error) { found.fault = String(error); }
  await fetch('/found', { method: 'POST', body: JSON.stringify(found) });
</script>`;

const TYPES = { mjs: 'text/javascript', wasm: 'application/wasm' };

function serve(onFound) {
  const server = createServer((request, response) => {
    const file = /^\/(simd|relaxed)\/(check_kernels\.(mjs|wasm))$/.exec(request.url);
    if (request.method === 'POST') {
      let body = '';
      request.on('data', (part) => (body += part)).on('end', () => onFound(JSON.parse(body)));
      response.end();
    } else if (file) {
      response.setHeader('content-type', TYPES[file[3]]);
      response.end(readFileSync(join(ROOT, `build/wasm-${file[1]}`, file[2])));
    } else {
      response.setHeader('content-type', 'text/html');
      response.statusCode = request.url === '/' ? 200 : 404;
      response.end(request.url === '/' ? PAGE : '');
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

async function ask({ program, options }) {
  const profile = mkdtempSync(join(tmpdir(), 'pleura-integers-'));
  let found;
  const answer = new Promise((resolve) => (found = resolve));
  const server = await serve(found);
  const browser = spawn(program, [...options(profile), `http://127.0.0.1:${server.address().port}/`], { stdio: 'ignore', detached: true });
  const closed = new Promise((resolve) => browser.on('exit', resolve));
  const late = setTimeout(() => found({ fault: 'no answer after two minutes' }), 120_000);
  try {
    return await answer;
  } finally {
    clearTimeout(late);
    // The group: a browser's own processes outlive it, and go on writing into the profile.
    process.kill(-browser.pid, 'SIGKILL');
    await closed;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
  }
}

for (const [name, browser] of Object.entries(BROWSERS)) {
  const skip = name !== 'chromium' && !existsSync(browser.program) && `${browser.program} is not installed`;
  test(`integers have the native build's bits in ${name}`, { skip }, async () => {
    const found = await ask(browser);
    assert.equal(found.fault, undefined);
    for (const tier of TIERS) {
      assert.equal(found[tier].kernels, '', tier);
      assert.equal(found[tier].digest, 1, tier);
      assert.equal(found[tier].network, '', tier);
      assert.equal(found[tier].sha256, found[tier].wanted, tier);
    }
  });
}
