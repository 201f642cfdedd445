import type { Comparison, FigureName, Interval, LearningReport, Sides } from 'pleura';
import { make } from './dom.js';
import { plot, type Line } from './later.js';
import { label, number, percent, t, type Key } from './strings.js';

/** What was learnt, before and after, and what must be known before it is used. */
export function showLearning(report: LearningReport): HTMLElement[] {
  const against = report.compared_with;
  return [
    make('p', { className: `verdict ${report.verdict}` }, make('strong', { textContent: `${SIGNS[report.verdict]} ${t(`verdict.${report.verdict}_${against}`)}` })),
    make('p', { className: 'quiet', textContent: t('result.about', { films: report.films, patients: report.patients, folds: report.folds }) }),
    ...report.notes.map(({ code, message }) => make('div', { className: 'reason' }, make('strong', { textContent: t(`learn_note.${code}`) }), make('p', { attributes: { lang: 'en' }, textContent: message }))),
    figures(report.figures, t('result.table'), against === 'model'),
    make('div', { className: 'plots' }, roc(report), reliability(report), ...curve(report)),
    ...calls(report),
    ...(report.task === 'adapt' ? labels(report) : []),
    ...(report.reference ? [figures(report.reference.figures, t('result.reference', { films: report.reference.films }), true)] : []),
  ];
}

/** Told by shape as well as by words and colour. */
const SIGNS = { better: '▲', no_better: '=', worse: '▼' };

const ROWS: FigureName[] = ['auc', 'sensitivity', 'specificity', 'balanced_accuracy', 'accuracy', 'label_accuracy', 'calibration_error', 'brier'];

function interval([value, low, high]: Interval, signed = false): Node[] {
  if (value === null) return [make('span', { textContent: '–' })];
  const sign = signed && value > 0 ? '+' : '';
  return [make('span', { textContent: sign + number(value, 3) }), ...(low === null || high === null ? [] : [make('span', { className: 'quiet small', textContent: ` ${number(low, 3)} – ${number(high, 3)}` })])];
}

function figures(of: Comparison, caption: string, before: boolean): HTMLElement {
  const head = (key: Key) => make('th', { textContent: t(key), attributes: { scope: 'col' } });
  const row = (name: FigureName) => {
    const values = of[name];
    if (values.after[0] === null) return [];
    const cell = (value: Interval, signed = false) => make('td', { className: 'number' }, ...interval(value, signed));
    return [make('tr', {}, make('th', { textContent: t(`figure.${name}`), attributes: { scope: 'row' } }), ...(before ? [cell(values.before)] : []), cell(values.after), ...(before ? [cell(values.gain, true)] : []))];
  };
  return table(caption, [...(before ? [head('result.before')] : []), head('result.after'), ...(before ? [head('result.gain')] : [])], ROWS.flatMap(row), 'learn-figures');
}

function table(caption: string, columns: Node[], body: Node[], className = ''): HTMLElement {
  return make('div', { className: 'scroll', attributes: { tabindex: '0', role: 'region', 'aria-label': caption } }, make('table', { className }, make('caption', { textContent: caption }), make('thead', {}, make('tr', {}, make('td'), ...columns)), make('tbody', {}, ...body)));
}

/** Both sides as lines of a plot, what is new as the first. */
function sides<T>(of: Sides<T>, points: (side: T) => [number, number][]): Line[] {
  return [{ name: t('result.after'), style: 0, points: points(of.after) }, ...(of.before ? [{ name: t('result.before'), style: 1, points: points(of.before) }] : [])];
}

function roc({ roc: of, figures: { auc } }: LearningReport): HTMLElement {
  const points = (side: [number, number, number][]): [number, number][] => [[0, 0], ...side.map(([, sensitivity, specificity]): [number, number] => [1 - specificity, sensitivity]), [1, 1]];
  const value = ([middle]: Interval) => (middle === null ? '–' : number(middle, 3));
  return plot({ title: t('roc.title'), x: t('roc.x'), y: t('figure.sensitivity'), xRange: [0, 1], yRange: [0, 1], diagonal: true, lines: sides(of, points), summary: t('result.sides', { name: t('figure.auc'), before: value(auc.before), after: value(auc.after) }) });
}

function reliability({ reliability: of, figures: { calibration_error: error } }: LearningReport): HTMLElement {
  const points = (side: [number | null, number | null, number][]): [number, number][] => side.flatMap(([mean, share]): [number, number][] => (mean === null || share === null ? [] : [[mean, share]]));
  const value = ([middle]: Interval) => (middle === null ? '–' : number(middle, 3));
  return plot({ title: t('calibration.title'), x: t('calibration.x'), y: t('calibration.y'), xRange: [0, 1], yRange: [0, 1], diagonal: true, lines: sides(of, points), summary: t('result.sides', { name: t('figure.calibration_error'), before: value(error.before), after: value(error.after) }) });
}

/** What fewer films would have brought: whether more are worth the trouble. */
function curve({ curve: of = [] }: LearningReport): HTMLElement[] {
  const known = of.flatMap(({ films, auc: [value, low, high] }) => (value === null ? [] : [{ x: films, y: value, low: low ?? value, high: high ?? value }]));
  const last = known.at(-1);
  if (!last || known.length < 2) return [];
  const least = Math.min(...known.map(({ low }) => low));
  const words = known.map(({ x, y }) => `${number(x)}: ${number(y, 3)}`).join(', ');
  return [plot({ title: t('curve.title'), x: t('curve.x'), y: t('figure.auc'), xRange: [0, last.x], yRange: [Math.floor(Math.min(least, 0.9) * 10) / 10, 1], lines: [{ name: '', style: 0, points: known.map(({ x, y }) => [x, y]) }], bars: known, summary: words })];
}

/** How the calls changed: with the finding or without, called so or not. */
function calls({ calls: of, finding, threshold }: LearningReport): HTMLElement[] {
  const one = (key: Key, [healthy, ill]: [[number, number], [number, number]], at: number | null) => {
    const row = (name: Key, wrong: number, right: number, order: 'ill' | 'healthy') => {
      const cells = [make('td', { className: 'right number', textContent: number(right) }), make('td', { className: 'wrong number', textContent: number(wrong) })];
      return make('tr', {}, make('th', { textContent: t(name, { finding: label(finding) }), attributes: { scope: 'row' } }), ...(order === 'ill' ? cells : cells.reverse()));
    };
    const head = (name: Key) => make('th', { textContent: t(name, { threshold: at === null ? '–' : percent(at) }), attributes: { scope: 'col' } });
    return table(`${t('matrix.title')}: ${t(key)}`, [head('matrix.above'), head('matrix.below')], [row('matrix.ill', ill[0], ill[1], 'ill'), row('matrix.healthy', healthy[1], healthy[0], 'healthy')], 'calls');
  };
  return [make('div', { className: 'pair' }, ...(of.before ? [one('result.before', of.before, threshold.before)] : []), one('result.after', of.after, threshold.after))];
}

function labels({ confusion: of, labels: names }: LearningReport): HTMLElement[] {
  const one = (key: Key, counts: number[][]) =>
    table(
      `${t('result.labels')}: ${t(key)}`,
      names.map(({ name }) => make('th', { textContent: label(name), attributes: { scope: 'col' } })),
      counts.map((row, at) => make('tr', {}, make('th', { textContent: label(names[at]?.name ?? ''), attributes: { scope: 'row' } }), ...row.map((count, to) => make('td', { className: `number ${to === at ? 'right' : ''}`, textContent: number(count) })))),
      'calls',
    );
  return [make('div', { className: 'pair' }, ...(of.before ? [one('result.before', of.before)] : []), one('result.after', of.after))];
}
