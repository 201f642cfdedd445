// Tables in Markdown from the records: bench/run.sh --report, or node bench/report.mjs [FILE].
import { join } from 'node:path';
import { median, minimum, quantile } from './measure.mjs';
import { BUILD } from './nets.mjs';
import { readRecords } from './records.mjs';

const NAMES = { pleura: 'Pleura', ort: 'ONNX Runtime', litert: 'LiteRT.js', tfjs: 'TensorFlow.js' };
const figure = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

export const called = ({ engine, tier, threads }) =>
  `${NAMES[engine]}${tier ? ` ${tier}` : ''}${threads > 1 ? `, ${threads} threads` : ''}`;

const unique = (values) => [...new Set(values)];

/** Median and minimum by engine and net, each with its ratio to Pleura's best of as many threads. */
function latency(records, place) {
  const these = records.filter((record) => record.kind === 'latency' && record.place === place);
  const nets = unique(these.map(({ net }) => net));
  const rows = unique(these.map(called)).map((name) => [
    name,
    ...nets.map((net) => {
      const own = these.find((record) => record.net === net && called(record) === name);
      if (!own) return '';
      const ours = these.filter(({ engine, threads, ...rest }) => engine === 'pleura' && threads === own.threads && rest.net === net && rest.run === own.run);
      const best = ours.toSorted((a, b) => median(a.ms) - median(b.ms))[0];
      const cell = `${figure(median(own.ms))} / ${figure(minimum(own.ms))}`;
      if (!best || own.engine === 'pleura') return cell;
      const ratio = [median, minimum].map((of) => (of(best.ms) / of(own.ms)).toFixed(2));
      return `${cell} (${ratio.join(', ')})`;
    }),
  ]);
  return these.length === 0 ? [] : [`### One pass, ${place}`, 'Median / minimum in ms; in brackets Pleura’s best of as many threads, in the same run, as a part of it: median, minimum.', table(['engine', ...nets], rows)];
}

/** Two threads against one, of the same engine in the same run. */
function scaling(records) {
  const these = records.filter(({ kind, threads }) => kind === 'latency' && threads > 1);
  const rows = these.flatMap((two) => {
    const ones = records.filter(
      (one) => one.kind === 'latency' && one.threads === 1 && one.run === two.run && one.place === two.place && one.net === two.net && one.engine === two.engine,
    );
    const one = ones.toSorted((a, b) => median(a.ms) - median(b.ms))[0];
    if (!one) return [];
    const gain = [median, minimum].map((of) => (of(one.ms) / of(two.ms)).toFixed(2));
    return [[two.place, NAMES[two.engine], two.net, ...gain]];
  });
  return rows.length === 0 ? [] : ['### Two threads against one', table(['where', 'engine', 'net', 'gain, median', 'gain, minimum'], rows)];
}

function failures(records) {
  const rows = records.filter(({ kind }) => kind === 'failure').map((record) => [record.place, called(record), record.net, record.message.slice(0, 120)]);
  return rows.length === 0 ? [] : ['### What did not run', table(['where', 'engine', 'net', 'why'], rows)];
}

function spread(records) {
  const rows = records
    .filter(({ kind, deviation }) => kind === 'latency' && deviation !== null)
    .map((record) => [record.place, called(record), record.net, record.deviation.toExponential(1), record.ms.length, `${figure(quantile(record.ms, 0.25))} to ${figure(quantile(record.ms, 0.75))}`]);
  return rows.length === 0 ? [] : ['### How sure', 'The largest deviation from plain NumPy, as a part of the largest output; the number of passes; the middle half of them in ms.', table(['where', 'engine', 'net', 'deviation', 'passes', 'middle half'], rows)];
}

export function report(path) {
  const records = readRecords(path);
  const runs = records.filter(({ kind }) => kind === 'run');
  const used = runs.filter(({ run }) => records.some((record) => record.kind !== 'run' && record.run === run));
  const origin = used.map(({ run, commit, what, processor, cores }) => `- ${run}, commit ${commit}, ${what}: ${processor}, ${cores} cores`);
  return [
    ...latency(records, 'native'),
    ...latency(records, 'chromium'),
    ...scaling(records),
    ...spread(records),
    ...failures(records),
    '### Where the figures come from',
    origin.join('\n'),
  ].join('\n\n');
}

if (process.argv[1] === import.meta.filename) console.log(report(process.argv[2] ?? join(BUILD, 'results.jsonl')));
