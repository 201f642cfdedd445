// Tables in Markdown and plots from the records: bench/run.sh --report [FILE [FOLDER]].
import { join } from 'node:path';
import { median, minimum, quantile } from './measure.mjs';
import { called, engineName, unique } from './names.mjs';
import { BUILD } from './nets.mjs';
import { plot } from './plot.mjs';
import { readRecords } from './records.mjs';

const figure = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

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
    return [[two.place, engineName(two.engine), two.net, ...gain]];
  });
  return rows.length === 0 ? [] : ['### Two threads against one', table(['where', 'engine', 'net', 'gain, median', 'gain, minimum'], rows)];
}

function failures(records) {
  const later = (failure) => (record) =>
    record.kind === 'latency' && record.net === failure.net && record.place === failure.place && called(record) === called(failure) && record.run > failure.run;
  const rows = records
    .filter((record) => record.kind === 'failure' && !records.some(later(record)))
    .map((record) => [record.place, called(record), record.net, record.message.split('\n')[0].slice(0, 160)]);
  return rows.length === 0 ? [] : ['### What did not run', table(['where', 'engine', 'net', 'why'], rows)];
}

function spread(records) {
  const rows = records
    .filter(({ kind, deviation }) => kind === 'latency' && deviation !== null)
    .map((record) => [record.place, called(record), record.net, record.deviation.toExponential(1), record.ms.length, `${figure(quantile(record.ms, 0.25))} to ${figure(quantile(record.ms, 0.75))}`]);
  return rows.length === 0 ? [] : ['### How sure', 'The largest deviation from plain NumPy, as a part of the largest output; the number of passes; the middle half of them in ms.', table(['where', 'engine', 'net', 'deviation', 'passes', 'middle half'], rows)];
}

const both = (list) => `${figure(median(list))} / ${figure(minimum(list))}`;

function sizes(records) {
  const these = records.filter(({ kind }) => kind === 'size');
  const kb = (bytes) => figure(bytes / 1000);
  const rows = these.map((record) => [called(record), kb(record.raw), kb(record.gzip), kb(record.brotli)]);
  return rows.length === 0 ? [] : ['### What a page fetches of the engine', 'In KB (1000 bytes), without the model.', table(['engine', 'raw', 'gzip 9', 'brotli 11'], rows)];
}

function coldStarts(records) {
  const these = records.filter(({ kind }) => kind === 'cold');
  if (these.length === 0) return [];
  const rows = these.map((record) => {
    const empty = these.find(({ engine, run }) => engine === 'empty page' && run === record.run);
    const above = empty && record !== empty ? `+${figure(median(record.mib) - median(empty.mib))}` : figure(median(record.mib));
    const parts = [record.load, record.first].map((list) => (list?.length ? figure(median(list)) : ''));
    return [record.net ?? '', called(record), both(record.navigation), ...parts, above];
  });
  return ['### First visit', 'A fresh browser and profile each time, everything from this machine, uncompressed. Milliseconds, median / minimum, from navigation to the first result (of our page: to its answer for the first example, asked for once it is ready); of these, the median for engine and model (of our page: to its being ready), and for the first pass. Memory is VmHWM of the page’s process in MiB above that of an empty page.', table(['net', 'engine', 'first result', 'engine and model', 'first pass', 'memory'], rows)];
}

function lines(records) {
  const these = records.filter(({ kind }) => kind === 'line');
  const rows = these.map((record) => [record.place, called(record), ...['decode', 'preprocess', 'network', 'total'].map((step) => both(record[step])), ((median(record.decode) + median(record.preprocess)) / median(record.network)).toFixed(2)]);
  return rows.length === 0 ? [] : [`### From a file to an answer`, `${these[0].films} full-size films, the shipped model; median / minimum in ms.`, table(['where', 'engine', 'decode', 'preprocess', 'network', 'all', '(decode + preprocess) / network'], rows)];
}

function batches(records) {
  const these = records.filter(({ kind }) => kind === 'batch');
  if (these.length === 0) return [];
  const rows = these.map((record) => {
    const one = these.find(({ workers, run }) => workers === 1 && run === record.run);
    const gains = [median, minimum].map((of) => (of(one.ms) / of(record.ms)).toFixed(2));
    const rates = [median, minimum].map((of) => figure((record.films / of(record.ms)) * 1000));
    return [record.workers, rates.join(' / '), gains.join(' / '), ...[0.5, 0.95, 0.99].map((share) => figure(quantile(record.waits, share)))];
  });
  return ['### A batch through the pool', 'Chromium, the shipped model, the films of tests/fixtures. Films a second, median / best round; the gain over one worker; milliseconds from a film’s turn in the queue to its report.', table(['workers', 'films/s', 'gain', 'p50', 'p95', 'p99'], rows)];
}

function memories(records) {
  const record = records.find(({ kind }) => kind === 'memory');
  if (!record) return [];
  const values = record.series.map(([, mib]) => mib);
  return ['### Memory over a batch', `${record.series.at(-1)[0]} films, 2 workers: ${figure(values[0])} MiB after the first 250, ${figure(values.at(-1))} at the end, never more than ${figure(Math.max(...values))} (VmRSS of the page’s process).`];
}

function learnings(records) {
  const these = records.filter(({ kind }) => kind === 'learn');
  const rows = these.map((record) => [record.net, record.films, record.features, record.penalties || '', both(record.ms)]);
  return rows.length === 0 ? [] : ['### Learning on the spot', 'Chromium, from kept embeddings; five folds, 1,000 draws. Median / minimum in ms.', table(['model, task', 'films', 'features', 'penalties tried', 'all'], rows)];
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
    ...sizes(records),
    ...coldStarts(records),
    ...lines(records),
    ...batches(records),
    ...memories(records),
    ...learnings(records),
    ...spread(records),
    ...failures(records),
    '### Where the figures come from',
    origin.join('\n'),
  ].join('\n\n');
}

if (process.argv[1] === import.meta.filename) {
  const [, , path = join(BUILD, 'results.jsonl'), folder = join(BUILD, 'plots')] = process.argv;
  console.log(report(path));
  console.error(`Plots in ${folder}: ${plot(readRecords(path), folder).join(', ')}`);
}
