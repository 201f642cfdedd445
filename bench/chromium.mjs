// Headless Chromium with a fresh profile, and what runs in it.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

// Without these it looks for hosts that are not there, and its timers wait for them.
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
  '--disable-background-networking', '--disable-component-update',
];

/** Every engine that runs in a page, by name: its script and how it is started. */
export const ENGINES = {
  'pleura relaxed': { script: 'pleura.js', module: true, tier: 'relaxed', threads: 1 },
  'pleura simd': { script: 'pleura.js', module: true, tier: 'simd', threads: 1 },
  'pleura threads': { script: 'pleura.js', module: true, tier: 'relaxed', threads: 2 },
  'ort': { script: 'ort.js', module: true, threads: 1 },
  'ort 2': { script: 'ort.js', module: true, threads: 2 },
  'litert': { script: 'litert/litert.js', threads: 1 },
  // Its threads load the wrong script when they are started from a worker.
  'litert 2': { script: 'litert/litert.js', onPage: true, threads: 2 },
  'tfjs': { script: 'tfjs.js', threads: 1 },
};

export const label = (name) => {
  const { tier = null, threads } = ENGINES[name];
  return { place: 'chromium', engine: name.split(' ')[0], tier, threads };
};

/** Whether an engine has a file of the net in its own format. */
export const canRun = (name, net) =>
  !(name.startsWith('litert') && !net.tflite) && !(name.startsWith('tfjs') && !net.plain);

/**
 * On a machine that does other work, too: with PLEURA_BENCH_FIRST=1, and as root, the scheduler prefers the
 * browser's processes, as bench/run.sh has it prefer ours. They are a session of their own.
 */
function prefer(profile) {
  if (process.env.PLEURA_BENCH_FIRST !== '1') return;
  const main = readdirSync('/proc').find((id) => /^\d+$/.test(id) && read(`/proc/${id}/cmdline`).includes(`--user-data-dir=${profile}`));
  writeFileSync(`/proc/${main}/autogroup`, '-19');
}

export async function launch() {
  const profile = mkdtempSync(join(tmpdir(), 'pleura-bench-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath: '/usr/bin/chromium', args: ARGS });
  prefer(profile);
  return {
    context,
    version: context.browser()?.version() ?? /Chrome\/(\d+)/.exec(await context.pages()[0].evaluate(() => navigator.userAgent))?.[1],
    profile,
    async open(url) {
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      await page.goto(url);
      return page;
    },
    async close() {
      await context.close();
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** No call may hang the benchmark. */
export function within(seconds, promise, what) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what}: no answer within ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Starts an engine on a page; returns what its start took, its output, and passes through it. */
export async function startEngine(page, name, files) {
  const options = { ...ENGINES[name], net: files };
  const facts = await within(60, page.evaluate(([id, how]) => globalThis.start(id, how), [name, options]), name);
  const run = (count) => within(120, page.evaluate(([id, n]) => globalThis.passes(id, n), [name, count]), name);
  return { ...facts, run };
}

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it ended meanwhile
  }
};

/** /proc's figure for the page's process in MiB: VmHWM, the most that it ever held, or VmRSS, now. */
export function rendererMemory(profile, figure) {
  const values = readdirSync('/proc')
    .filter((id) => /^\d+$/.test(id))
    .filter((id) => read(`/proc/${id}/cmdline`).includes('--type=renderer') && descendsFrom(id, profile))
    .map((id) => Number(new RegExp(`${figure}:\\s+(\\d+)`).exec(read(`/proc/${id}/status`))?.[1] ?? 0));
  return Math.max(0, ...values) / 1024;
}

/** Until the browser has done with its own start (it builds its toolbar in a page of its own), 10 s at most. */
export async function settle(profile) {
  const ticks = () => readdirSync('/proc')
    .filter((id) => /^\d+$/.test(id) && descendsFrom(id, profile))
    .map((id) => read(`/proc/${id}/stat`).split(' '))
    .reduce((sum, fields) => sum + Number(fields[13] ?? 0) + Number(fields[14] ?? 0), 0);
  for (let [tries, last] = [0, -Infinity]; tries < 20; tries++) {
    const now = ticks();
    if (now - last <= 2) return; // hundredths of a second of a processor
    last = now;
    await new Promise((done) => setTimeout(done, 500));
  }
}

function descendsFrom(id, profile) {
  for (let at = id; at && at !== '0' && at !== '1'; at = /PPid:\s+(\d+)/.exec(read(`/proc/${at}/status`))?.[1]) {
    if (read(`/proc/${at}/cmdline`).includes(profile)) return true;
  }
  return false;
}
