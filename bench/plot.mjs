// Plots in SVG, drawn from the records by hand: bars and lines, readable on light and dark pages.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, minimum } from './measure.mjs';
import { called, unique } from './names.mjs';

const WIDTH = 760;
const COLOURS = ['#2a6fb0', '#6aa7d8', '#9cc9ea', '#c9573f', '#e0937f', '#7a9a3a', '#a9c46c', '#8a6bb0'];
const escaped = (text) => String(text).replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);
const text = (x, y, words, rest = '') => `<text x="${x}" y="${y}" ${rest}>${escaped(words)}</text>`;

function picture(height, title, inside) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
${text(12, 22, title, 'font-size="15" font-weight="600"')}
${inside.join('\n')}
</svg>
`;
}

const round = (value) => (value < 10 ? value.toFixed(1) : value.toFixed(0));

/** Groups of horizontal bars; each bar is a name and its parts, and what stands behind it. */
function bars(title, groups, { unit, legend = [] }) {
  const largest = Math.max(...groups.flatMap(({ rows }) => rows.map(({ parts }) => parts.reduce((a, b) => a + b))));
  const scale = (WIDTH - 330) / largest;
  const lines = [];
  let y = 40;
  for (const [i, name] of legend.entries()) {
    lines.push(`<rect x="${12 + i * 170}" y="${y}" width="12" height="12" fill="${COLOURS[i * 3]}"/>`, text(30 + i * 170, y + 10, name));
  }
  if (legend.length > 0) y += 22;
  for (const { name, rows } of groups) {
    lines.push(text(12, y + 14, name, 'font-weight="600"'));
    y += 22;
    for (const { label, parts, colour } of rows) {
      let x = 190;
      lines.push(text(182, y + 12, label, 'text-anchor="end"'));
      for (const [i, part] of parts.entries()) {
        lines.push(`<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(1, part * scale).toFixed(1)}" height="15" fill="${colour ?? COLOURS[i * 3]}"/>`);
        x += part * scale;
      }
      lines.push(text((x + 6).toFixed(1), y + 12, `${round(parts.reduce((a, b) => a + b))} ${unit}`));
      y += 19;
    }
    y += 10;
  }
  return picture(y + 6, title, lines);
}

function curve(title, points, { xUnit, yUnit }) {
  const [height, left, bottom] = [300, 70, 260];
  const top = Math.max(...points.map(([, y]) => y)) * 1.15;
  const last = points.at(-1)[0] || 1;
  const at = ([x, y]) => `${(left + (x / last) * (WIDTH - left - 30)).toFixed(1)},${(bottom - (y / top) * (bottom - 50)).toFixed(1)}`;
  const lines = [`<polyline points="${points.map(at).join(' ')}" fill="none" stroke="${COLOURS[0]}" stroke-width="2"/>`];
  for (let i = 0; i <= 4; i++) {
    const y = bottom - (i / 4) * (bottom - 50);
    lines.push(`<line x1="${left}" x2="${WIDTH - 30}" y1="${y}" y2="${y}" stroke="#ddd"/>`, text(left - 8, y + 4, round((top * i) / 4), 'text-anchor="end"'));
    lines.push(text(left + (i / 4) * (WIDTH - left - 30), bottom + 18, round((last * i) / 4), 'text-anchor="middle"'));
  }
  lines.push(text(WIDTH - 30, bottom + 34, xUnit, 'text-anchor="end"'), text(12, 40, yUnit));
  return picture(height, title, lines);
}

const order = { pleura: 0, ort: 3, litert: 5, tfjs: 7 };

function latency(records, place) {
  const these = records.filter((record) => record.kind === 'latency' && record.place === place && record.threads === 1);
  const groups = unique(these.map(({ net }) => net)).map((net) => ({
    name: net,
    rows: these
      .filter((record) => record.net === net)
      .map((record) => ({ label: called(record), parts: [median(record.ms)], colour: COLOURS[order[record.engine] + (record.tier === 'simd' ? 1 : 0)] })),
  }));
  return groups.length > 0 && bars(`One pass, ${place}, one thread: median`, groups, { unit: 'ms' });
}

function cold(records) {
  const these = records.filter(({ kind, net, engine, load }) => kind === 'cold' && net && engine !== 'page' && load.length > 0);
  const groups = unique(these.map(({ net }) => net)).map((net) => ({
    name: net,
    rows: these.filter((record) => record.net === net).map((record) => {
      const [load, first, whole] = [record.load, record.first, record.navigation].map(median);
      return { label: called(record), parts: [Math.max(0, whole - load - first), load, first] };
    }),
  }));
  return groups.length > 0 && bars('First visit: from navigation to the first result, median', groups, { unit: 'ms', legend: ['page and worker', 'engine and model', 'first pass'] });
}

function size(records) {
  const rows = records.filter(({ kind }) => kind === 'size').map((record) => ({ label: called(record), parts: [record.brotli / 1000], colour: COLOURS[order[record.engine]] }));
  return rows.length > 0 && bars('What a page fetches of the engine, brotli', [{ name: '', rows }], { unit: 'KB' });
}

function batch(records) {
  const rows = records.filter(({ kind }) => kind === 'batch').map((record) => ({ label: `${record.workers} worker${record.workers > 1 ? 's' : ''}`, parts: [(record.films / minimum(record.ms)) * 1000], colour: COLOURS[0] }));
  return rows.length > 0 && bars('A batch of films through the pool: best of the rounds', [{ name: '', rows }], { unit: 'films/s' });
}

function memory(records) {
  const record = records.find(({ kind }) => kind === 'memory');
  return record && curve('Memory of the page’s process over a batch', record.series, { xUnit: 'films', yUnit: 'MiB' });
}

/** Writes the plots for which there are records; returns their names. */
export function plot(records, folder) {
  mkdirSync(folder, { recursive: true });
  const plots = {
    'latency-chromium': latency(records, 'chromium'),
    'latency-native': latency(records, 'native'),
    'cold-start': cold(records),
    size: size(records),
    workers: batch(records),
    memory: memory(records),
  };
  const made = Object.entries(plots).filter(([, svg]) => svg);
  for (const [name, svg] of made) writeFileSync(join(folder, `${name}.svg`), svg);
  return made.map(([name]) => `${name}.svg`);
}
