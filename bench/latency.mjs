// One pass through a net, every engine in turn, natively and in the browser.
import { canRun, ENGINES, label, launch, startEngine } from './chromium.mjs';
import { interleave, median, minimum } from './measure.mjs';
import { NATIVE } from './native.mjs';
import { deviation } from './nets.mjs';
import { place, serve } from './site.mjs';

const wanted = (name, engines) => !engines || engines.includes(name) || engines.includes(name.split(' ')[0]);

async function compare(net, candidates, { rounds, write, say }) {
  const samples = await interleave(candidates, { rounds, onRound: (round) => say(`${net.name}: round ${round} of ${rounds}`) });
  candidates.forEach((candidate, i) => {
    const ms = samples[i].map((value) => Number(value.toFixed(3)));
    write('latency', { ...candidate.what, net: net.name, ms, load_ms: candidate.load, deviation: candidate.deviation });
    say(`${candidate.name}: median ${median(ms).toFixed(1)}, minimum ${minimum(ms).toFixed(1)}\n`);
  });
}

/** A candidate that cannot run a net is a fact, too. */
async function attempt(name, what, net, { write, say }, start) {
  try {
    const started = await start();
    return [{ ...started, name, what, deviation: deviation(net, started.output) }];
  } catch (error) {
    say(`${name}: ${error.message.slice(0, 200)}\n`);
    write('failure', { ...what, net: net.name, message: error.message.slice(0, 500) });
    return [];
  }
}

export async function nativeLatency(net, options) {
  const candidates = [];
  for (const [name, { engine, threads, start }] of Object.entries(NATIVE)) {
    if (!wanted(name, options.engines)) continue;
    const what = { place: 'native', engine, tier: null, threads };
    candidates.push(...(await attempt(name, what, net, options, () => start(net, threads))));
  }
  try {
    await compare(net, candidates, options);
  } finally {
    for (const { close } of candidates) close();
  }
}

export async function browserLatency(net, options) {
  const { url, close } = await serve();
  const browser = await launch();
  try {
    const page = await browser.open(url);
    const files = place(net);
    const candidates = [];
    for (const name of Object.keys(ENGINES)) {
      if (!wanted(name, options.engines) || !canRun(name, net)) continue;
      candidates.push(...(await attempt(name, label(name), net, options, () => startEngine(page, name, files))));
    }
    await compare(net, candidates, options);
  } finally {
    await browser.close();
    close();
  }
}
