import { draw, make } from './dom.js';
import { number } from './strings.js';

export interface Line {
  name: string;
  points: [number, number][];
  /** Which of the plot's colours and dashes: lines differ by both. */
  style: number;
  steps?: boolean;
}

export interface Plot {
  title: string;
  x: string;
  y: string;
  xRange: [number, number];
  yRange: [number, number];
  lines: Line[];
  /** An upright line with a word to it, such as the best epoch. */
  mark?: { x: number; text: string };
  dot?: { x: number; y: number; text: string };
  /** Points with an upright interval. */
  bars?: { x: number; y: number; low: number; high: number }[];
  diagonal?: boolean;
  /** The same in words, for who cannot see it. */
  summary: string;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [360, 240, 44, 10, 12, 38];

/**
 * A plot as SVG: sharp at any zoom and on paper, in the page's own colours, and its words are text.
 * A library (uPlot, 22 KB) would draw millions of points on a canvas; here are dozens.
 */
export function plot(of: Plot): HTMLElement {
  const px = (x: number) => LEFT + ((x - of.xRange[0]) / (of.xRange[1] - of.xRange[0])) * (WIDTH - LEFT - RIGHT);
  const py = (y: number) => TOP + ((of.yRange[1] - y) / (of.yRange[1] - of.yRange[0])) * (HEIGHT - TOP - BOTTOM);
  const svg = draw('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `${of.title}. ${of.summary}` });
  const words = (text: string, attributes: Record<string, string | number>) => {
    const element = draw('text', attributes);
    element.textContent = text;
    svg.append(element);
  };
  for (const y of ticks(of.yRange, 5)) {
    svg.append(draw('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: py(y), y2: py(y) }));
    words(number(y), { x: LEFT - 6, y: py(y) + 3.5, 'text-anchor': 'end' });
  }
  for (const x of ticks(of.xRange, 6)) words(number(x), { x: px(x), y: HEIGHT - BOTTOM + 15, 'text-anchor': 'middle' });
  words(of.x, { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, 'text-anchor': 'middle', class: 'axis' });
  if (of.diagonal) svg.append(draw('line', { class: 'diagonal', x1: px(0), y1: py(0), x2: px(1), y2: py(1) }));
  if (of.mark) {
    svg.append(draw('line', { class: 'mark', x1: px(of.mark.x), x2: px(of.mark.x), y1: TOP, y2: HEIGHT - BOTTOM }));
    const late = of.mark.x > (of.xRange[0] + of.xRange[1]) / 2;
    words(of.mark.text, { x: px(of.mark.x) + (late ? -4 : 4), y: HEIGHT - BOTTOM - 6, 'text-anchor': late ? 'end' : 'start' });
  }
  for (const line of of.lines) {
    const path = line.points.map(([x, y], place) => {
      const [at, up] = [px(x).toFixed(1), py(y).toFixed(1)];
      return place === 0 ? `M${at},${up}` : line.steps ? `H${at}V${up}` : `L${at},${up}`;
    });
    svg.append(draw('path', { class: `line line-${line.style}`, d: path.join('') }));
  }
  for (const { x, y, low, high } of of.bars ?? []) {
    svg.append(draw('line', { class: 'whisker', x1: px(x), x2: px(x), y1: py(low), y2: py(high) }), draw('circle', { class: 'point', cx: px(x), cy: py(y), r: 3.5 }));
  }
  if (of.dot) {
    svg.append(draw('circle', { class: 'dot', cx: px(of.dot.x), cy: py(of.dot.y), r: 5 }));
    words(of.dot.text, { x: px(of.dot.x) + 10, y: py(of.dot.y) + 14 });
  }
  const legend = make(
    'ul',
    { className: 'legend', attributes: { 'aria-hidden': 'true' } },
    ...(of.lines.length > 1 ? of.lines.map(({ name, style }) => make('li', { className: `line-${style}`, textContent: name })) : []),
  );
  return make('figure', { className: 'plot' }, make('figcaption', {}, make('strong', { textContent: of.title }), ' ', make('span', { className: 'quiet small', textContent: of.y })), svg, legend);
}

/** Round numbers inside a range. */
function ticks([low, high]: [number, number], count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const found: number[] = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + step * 1e-9; at += step) found.push(Number(at.toPrecision(8)));
  return found;
}
