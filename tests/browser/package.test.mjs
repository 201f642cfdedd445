// The package as it is packed: installed into a fresh Vite app, into a page without a bundler and into a Node
// program, none of which knows this repository.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { load } from 'pleura';
import { difference, fixtures, MODEL, TOLERANCE } from '../node/support.mjs';
import { launch, openPage, ROOT } from './support.mjs';

const EXAMPLES = join(ROOT, 'examples');
const film = fixtures()[0];
let browser;
let folder;
let app;
let packed;
let expected;

const run = (program, options, cwd) => execFileSync(program, options, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const near = (found) => assert.ok(difference(found, expected) <= TOLERANCE, JSON.stringify(found));

/** What is installed beside the package: the versions that this repository pins, from npm's own cache where it has them. */
function lock(manifest) {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const pinned = Object.entries(packages).filter(([path, { link }]) => path.startsWith('node_modules/') && !link && path !== 'node_modules/idb');
  const own = { version: '0.1.0', resolved: 'file:pleura.tgz' };
  return { name: manifest.name, lockfileVersion: 3, packages: { '': manifest, 'node_modules/pleura': own, ...Object.fromEntries(pinned) } };
}

before(async () => {
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), 'pleura-package-'));
  app = join(folder, 'app');
  cpSync(join(EXAMPLES, 'vite'), app, { recursive: true });
  [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', app], join(ROOT, 'wasm')));
  copyFileSync(join(app, packed.filename), join(app, 'pleura.tgz'));
  writeFileSync(join(app, '.npmrc'), readFileSync(join(ROOT, '.npmrc')));
  const manifest = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
  manifest.dependencies.pleura = 'file:pleura.tgz';
  writeFileSync(join(app, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(app, 'package-lock.json'), JSON.stringify(lock(manifest)));
  run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], app);
  for (const place of [join(app, 'public'), join(folder, 'bare')]) {
    mkdirSync(place, { recursive: true });
    copyFileSync(MODEL, join(place, 'model.onnx'));
    copyFileSync(film, join(place, 'film.jpg'));
  }
  const pleura = await load({ model: readFileSync(MODEL) });
  expected = (await pleura.classify(readFileSync(film))).probabilities;
  pleura.dispose();
});

after(async () => {
  await browser?.close();
  if (folder) rmSync(folder, { recursive: true });
});

test('what is packed is what is built, and nothing else', () => {
  const files = packed.files.map(({ path }) => path);
  const strange = files.filter((path) => !/^(dist\/[\w.-]+\.(js|mjs|wasm|d\.ts|d\.mts)|dist\/LICENSE|dist\/sbom\.cdx\.json|dist\/licences\.txt|README\.md|package\.json)$/.test(path));
  assert.deepEqual(strange, []);
  for (const name of ['index.js', 'index.d.ts', 'worker.js', 'pleura-simd.wasm', 'pleura-relaxed.wasm', 'pleura-threads.wasm', 'pleura-codecs.wasm', 'LICENSE', 'licences.txt', 'sbom.cdx.json']) {
    assert.ok(files.includes(`dist/${name}`), name);
  }
});

const vite = (...options) => run(process.execPath, [join(app, 'node_modules/vite/bin/vite.js'), ...options], app);

/** What the example's page answers, once it has. */
async function answers(root, path = '') {
  const opened = await openPage(browser, { root, path });
  try {
    await opened.page.waitForFunction(() => document.documentElement.dataset.answer || document.documentElement.dataset.fault, null, { timeout: 60_000 });
    const { answer, fault } = await opened.page.evaluate(() => ({ ...document.documentElement.dataset }));
    assert.equal(fault, undefined);
    assert.deepEqual(opened.complaints, []);
    return { answers: JSON.parse(answer), served: opened.served };
  } finally {
    await opened.close();
  }
}

test('a fresh Vite app: types, build, and the page under any path', async () => {
  run(process.execPath, [join(app, 'node_modules/typescript/bin/tsc'), '-p', app], app);
  vite('build', '--logLevel', 'warn');
  cpSync(join(app, 'dist'), join(folder, 'host/some/where'), { recursive: true });
  const { answers: found, served } = await answers(join(folder, 'host'), 'some/where/');
  assert.deepEqual(found.map(({ how }) => how), ['load', 'loadInWorker', 'loadPool', 'classifyAll', 'classifyAll']);
  for (const { probabilities } of found) near(probabilities);
  assert.ok(served.every((line) => line.startsWith('GET /some/where/')), served.join('\n'));
  assert.ok(!served.some((line) => /threads|codecs/.test(line)), 'what nobody needs is not fetched');
});

test('the same app in Vite’s development server', async () => {
  const { createServer } = await import(pathToFileURL(join(app, 'node_modules/vite/dist/node/index.js')).href);
  const server = await createServer({ root: app, configFile: join(app, 'vite.config.js'), logLevel: 'error', server: { port: 0, host: '127.0.0.1' } });
  const profile = await browser.newContext();
  try {
    await server.listen();
    const page = await profile.newPage();
    await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/`);
    await page.waitForFunction(() => document.documentElement.dataset.answer || document.documentElement.dataset.fault, null, { timeout: 60_000 });
    const { answer, fault } = await page.evaluate(() => ({ ...document.documentElement.dataset }));
    assert.equal(fault, undefined);
    for (const { probabilities } of JSON.parse(answer)) near(probabilities);
  } finally {
    await profile.close();
    await server.close();
  }
});

test('what an app does not use is not in its bundle', () => {
  const small = join(app, 'small');
  mkdirSync(small);
  writeFileSync(join(small, 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>');
  writeFileSync(join(small, 'main.js'), "import { supports } from 'pleura'; document.title = String(supports('simd'));");
  vite('build', '--logLevel', 'warn', small);
  // Vite writes the assets of all modules that it has read; what counts is what the script can ask for.
  const scripts = readdirSync(join(small, 'dist/assets')).filter((name) => name.endsWith('.js'));
  assert.equal(scripts.length, 1);
  const script = readFileSync(join(small, 'dist/assets', scripts[0]), 'utf8');
  assert.doesNotMatch(script, /wasm['"`]|Worker/);
  const { length } = script;
  assert.ok(length < 2500, `${length} bytes`);
});

test('a page without a bundler; worker and modules from the folders that it names', async () => {
  const bare = join(folder, 'bare');
  cpSync(join(app, 'node_modules/pleura/dist'), join(bare, 'pleura'), { recursive: true });
  mkdirSync(join(bare, 'modules'));
  for (const name of readdirSync(join(bare, 'pleura')).filter((name) => name.endsWith('.wasm'))) {
    copyFileSync(join(bare, 'pleura', name), join(bare, 'modules', name));
  }
  cpSync(join(EXAMPLES, 'bare'), bare, { recursive: true });
  const { answers: found, served } = await answers(bare);
  assert.equal(found.length, 4);
  for (const { probabilities } of found) near(probabilities);
  assert.ok(served.some((line) => /GET \/modules\/pleura-\w+\.wasm/.test(line)), served.join('\n'));
});

test('a Node program', () => {
  const said = run(process.execPath, [join(EXAMPLES, 'node/classify.mjs'), MODEL, film, film].map((path, place) => (place === 0 ? within(path) : path)), app);
  const rows = said.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(rows.map(({ file }) => file), [film, film].map((path) => basename(path)));
  for (const { probabilities } of rows) near(probabilities);
});

/** A copy in the app: a program finds its packages beside itself. */
function within(path) {
  copyFileSync(path, join(app, basename(path)));
  return join(app, basename(path));
}
