// What bench/run.sh starts when everything is built: measures what it is asked for, and writes records.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { memory, throughput } from './batch.mjs';
import { cold } from './cold.mjs';
import { browserLatency, nativeLatency } from './latency.mjs';
import { learning } from './learn.mjs';
import { line } from './line.mjs';
import { BUILD, findNet, NAMES } from './nets.mjs';
import { openRecords } from './records.mjs';
import { report } from './report.mjs';
import { layOut } from './site.mjs';
import { size } from './size.mjs';

const { values } = parseArgs({
  options: {
    what: { type: 'string', default: 'latency' },
    nets: { type: 'string', default: NAMES.join(',') },
    engines: { type: 'string' },
    places: { type: 'string', default: 'native,chromium' },
    rounds: { type: 'string', default: '10' },
    out: { type: 'string', default: join(BUILD, 'results.jsonl') },
  },
});
const list = (text) => text?.split(',').filter(Boolean);
const places = list(values.places);
const rounds = Number(values.rounds);
const say = (text) => process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : text.endsWith('\n') ? text : '');

const SUITES = {
  size,
  line,
  memory,
  batch: throughput,
  learn: learning,
  cold: (options) => cold({ ...options, nets: list(values.nets) }),
  async latency(options) {
    for (const name of list(values.nets)) {
      const net = findNet(name);
      say(`${net.name}\n`);
      if (places.includes('native')) await nativeLatency(net, options);
      if (places.includes('chromium')) await browserLatency(net, options);
    }
  },
};

const write = openRecords(values.out, { what: values.what, rounds, node: process.version });
if (places.includes('chromium') || values.what !== 'latency') await layOut();
for (const suite of list(values.what)) {
  if (!SUITES[suite]) throw new Error(`There is nothing called ${suite}; there are ${Object.keys(SUITES).join(', ')}.`);
  await SUITES[suite]({ rounds, engines: list(values.engines), write, say });
}
console.log(report(values.out));
