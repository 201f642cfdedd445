import type { ModelInfo } from 'pleura';
import { aboutModel, modelName, type About } from './about.js';
import { button, make } from './dom.js';
import { confusion, interval, interval95, scores, type Scores } from './figures.js';
import { markdown } from './markdown.js';
import { OperatingPoint, threshold } from './operating.js';
import { facts, panel, section, table } from './parts.js';
import { plot, type Line } from './plots.js';
import * as settings from './settings.js';
import { capitalised, label, number, percent, t } from './strings.js';

export interface ModelChoice {
  name: string;
  sha256: string | null;
}

export interface ModelEvents {
  onSwitch(place: number): void;
  onFile(file: File): void;
}

/** What is known of the model in use: from its file, and for the shipped one from its training. */
export class ModelView {
  readonly #into: HTMLElement;
  readonly #events: ModelEvents;
  readonly #operating = make('div', { className: 'operating' });
  readonly #control = new OperatingPoint(this.#operating, 'model');
  readonly #matrix = make('div', { className: 'matrix' });
  readonly #roc = make('div');
  #info: ModelInfo | null = null;
  #choices: ModelChoice[] = [];
  #current = 0;
  #stale = false;

  constructor(into: HTMLElement, events: ModelEvents) {
    this.#into = into;
    this.#events = events;
    settings.onChange('threshold', () => this.#follow());
    document.addEventListener('language', () => {
      this.#stale = true;
      this.seen();
    });
  }

  /** What is shown from now on: built once it is in sight. */
  show(info: ModelInfo, choices: ModelChoice[], current: number): void {
    [this.#info, this.#choices, this.#current] = [info, choices, current];
    this.#stale = true;
    this.seen();
  }

  /** To be called when the view comes into sight. */
  seen(): void {
    if (this.#stale && !this.#into.closest('[hidden]')) this.#build();
  }

  #build(): void {
    const info = this.#info;
    if (!info) return;
    this.#stale = false;
    this.#control.info = info;
    const about = aboutModel(info);
    this.#into.replaceChildren(
      this.#chooser(),
      section(info.properties['pleura.title'] ?? info.name ?? t('model.unnamed'), known(info)),
      panel('operating.title', make('p', { textContent: t('operating.about') }), this.#operating, this.#matrix),
      ...(about ? [panel('model.figures', figures(about), make('div', { className: 'plots' }, this.#roc, calibration(info, about)))] : []),
      ...(about?.history.epochs.length ? [panel('model.history', make('p', { className: 'quiet', textContent: t('model.history_about', { best: about.history.best }) }), make('div', { className: 'plots' }, ...history(about)))] : []),
      ...(info.properties['pleura.card'] ? [panel('model.card', card(info.properties['pleura.card']))] : []),
    );
    this.#follow();
  }

  #chooser(): HTMLElement {
    const input = make('input', { id: 'model-file', hidden: true, attributes: { type: 'file', accept: '.onnx' } });
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      input.value = '';
      if (file) this.#events.onFile(file);
    });
    const select = make('select', { id: 'model-choice' }, ...this.#choices.map(({ name }, place) => make('option', { textContent: name, attributes: { value: String(place) } })));
    select.value = String(this.#current);
    select.addEventListener('change', () => this.#events.onSwitch(Number(select.value)));
    return make(
      'div',
      { className: 'panel chooser' },
      make('label', {}, make('span', { textContent: t('model.in_use') }), select),
      button(t('model.bring'), () => input.click(), '', { id: 'bring' }),
      input,
      make('p', { className: 'quiet small', textContent: t('model.bring_about') }),
    );
  }

  /** What stands on the threshold. */
  #follow(): void {
    if (this.#stale) return;
    const info = this.#info;
    const films = info && scores(info);
    const at = info && threshold(info);
    if (!info || !films || at === null) {
      this.#matrix.replaceChildren();
      return;
    }
    this.#matrix.replaceChildren(matrix(films, at, label(info.finding ?? '')));
    const about = aboutModel(info);
    if (about) this.#roc.replaceChildren(roc(films, at, about));
  }
}

/** The card has its own first heading, and the page has said it already. */
function card(text: string): HTMLElement {
  const element = markdown(text);
  element.lang = 'en';
  return element;
}

function known(info: ModelInfo): HTMLElement {
  const property = (key: string) => info.properties[`pleura.${key}`];
  const { channels, height, width } = info.input;
  return facts([
    ['footer.model', modelName(info) || t('model.unnamed')],
    ['fact.sha256', info.sha256],
    ['fact.labels', [...info.labels, ...Object.keys(info.groups)].map(label).join(', ')],
    ['fact.finding', info.finding ? label(info.finding) : t('operating.none')],
    ['fact.population', property('population'), true],
    ['fact.training', property('training_data'), true],
    ['fact.use', property('intended_use'), true],
    ['fact.limits', property('limits'), true],
    ['fact.licence', property('licence'), true],
    ['fact.network', t('fact.network_value', { width, height, channels, macs: number(info.macs / 1e6, 0), bytes: number(info.bytes / 1e6, 1), nodes: info.nodes_run })],
  ]);
}

const FIGURES = ['auc', 'sensitivity', 'specificity', 'accuracy', 'three_class_accuracy', 'bacterial_or_viral_auc', 'calibration_error', 'cannot_say'] as const;

function figures({ figures: values, intervals, films }: About): HTMLElement {
  const rows = FIGURES.flatMap((name) => {
    const [value, range] = [values[name], intervals[name]];
    return value === undefined ? [] : [[t(`figure.${name}`), number(value, 3), range && `${number(range[0], 3)} – ${number(range[1], 3)}`]];
  });
  return make('div', { className: 'scroll' }, table(['', t('model.value'), t('model.interval')], rows, 'small', t('model.measured_on', { count: films.labels.length })));
}

function matrix(films: Scores, at: number, finding: string): HTMLElement {
  const cells = confusion(films, at);
  const cell = (count: number, of: number) => [make('strong', { textContent: number(count) }), make('span', { className: 'small quiet', textContent: ` ${percent(count / of, 0)} (${interval95(count, of)})` })];
  const head = ['', t('matrix.above', { threshold: percent(at) }), t('matrix.below')];
  const rows = [
    [t('matrix.ill', { finding }), cell(cells.truePositive, films.ill.length), cell(cells.falseNegative, films.ill.length)],
    [t('matrix.healthy'), cell(cells.falsePositive, films.healthy.length), cell(cells.trueNegative, films.healthy.length)],
  ];
  return make('div', { className: 'scroll' }, table(head, rows, '', t('matrix.title')));
}

/** Sensitivity against false alarms at every threshold, with the interval of each sensitivity. */
function roc({ ill, healthy }: Scores, at: number, about: About): HTMLElement {
  const cuts = [...new Set([...ill, ...healthy])].sort((a, b) => b - a);
  const curve: [number, number][] = [[0, 0]];
  const [low, high]: [number, number][][] = [[[0, 0]], [[0, 0]]];
  for (const cut of cuts) {
    const { truePositive, falsePositive } = confusion({ ill, healthy }, cut);
    const x = falsePositive / healthy.length;
    const [least, most] = interval(truePositive, ill.length);
    curve.push([x, truePositive / ill.length]);
    low?.push([x, least]);
    high?.push([x, most]);
  }
  const here = confusion({ ill, healthy }, at);
  const [sensitivity, specificity] = [here.truePositive / ill.length, here.trueNegative / healthy.length];
  const [auc, range] = [about.figures['auc'] ?? 0, about.intervals['auc'] ?? ([0, 1] as const)];
  const words = t('roc.summary', { auc: number(auc, 3), low: number(range[0], 3), high: number(range[1], 3), sensitivity: percent(sensitivity), specificity: percent(specificity) });
  return make(
    'div',
    {},
    plot({
      title: t('roc.title'),
      x: t('roc.x'),
      y: t('figure.sensitivity'),
      xRange: [0, 1],
      yRange: [0, 1],
      diagonal: true,
      lines: [
        { name: t('roc.curve'), points: [...curve, [1, 1]], style: 0 },
        { name: t('roc.low'), points: low ?? [], style: 2 },
        { name: t('roc.high'), points: high ?? [], style: 2 },
      ],
      dot: { x: 1 - specificity, y: sensitivity, text: t('roc.here') },
      summary: words,
    }),
    make('p', { className: 'small quiet', textContent: words }),
  );
}

/** In ten steps of the score: how often the finding was there, at the prevalence that the scores are stated for. */
function calibration(info: ModelInfo, about: About): HTMLElement {
  const films = scores(info);
  if (!films) return make('div');
  const weight = { ill: about.prevalence / films.ill.length, healthy: (1 - about.prevalence) / films.healthy.length };
  const bins = Array.from({ length: 10 }, () => ({ sum: 0, ill: 0, squares: 0, score: 0 }));
  for (const kind of ['ill', 'healthy'] as const) {
    for (const score of films[kind]) {
      const bin = bins[Math.min(9, Math.floor(score * 10))];
      if (!bin) continue;
      bin.sum += weight[kind];
      bin.squares += weight[kind] ** 2;
      bin.score += weight[kind] * score;
      if (kind === 'ill') bin.ill += weight[kind];
    }
  }
  const bars = bins
    .filter(({ sum }) => sum > 0)
    .map(({ sum, ill, squares, score }) => {
      const effective = sum ** 2 / squares;
      const [low, high] = interval((ill / sum) * effective, effective);
      return { x: score / sum, y: ill / sum, low, high };
    });
  const words = t('calibration.summary', { error: number(about.figures['calibration_error'] ?? 0, 3), prevalence: percent(about.prevalence, 0) });
  return make(
    'div',
    {},
    plot({ title: t('calibration.title'), x: t('calibration.x'), y: t('calibration.y'), xRange: [0, 1], yRange: [0, 1], diagonal: true, lines: [], bars, summary: words }),
    make('p', { className: 'small quiet', textContent: words }),
  );
}

const CURVES = ['loss', 'accuracy', 'auc', 'precision', 'recall'] as const;

function history({ history: { best, epochs } }: About): HTMLElement[] {
  return CURVES.flatMap((name) => {
    const line = (part: 'train' | 'validation', style: number): Line => ({
      name: t(`history.${part}`),
      style,
      points: epochs.flatMap(({ epoch, [part]: values }): [number, number][] => {
        const value = values[name];
        return value === undefined ? [] : [[epoch, value]];
      }),
    });
    const lines = [line('train', 0), line('validation', 1)].filter(({ points }) => points.length > 0);
    if (lines.length === 0) return [];
    const values = lines.flatMap(({ points }) => points.map(([, y]) => y));
    const at = epochs.find(({ epoch }) => epoch === best)?.validation[name];
    const range: [number, number] = name === 'loss' ? [0, Math.max(...values) * 1.05] : [Math.floor(Math.min(...values) * 10) / 10, 1];
    const last = epochs.at(-1)?.epoch ?? 1;
    return [
      plot({
        title: capitalised(t(`history.${name}`)),
        x: t('history.epoch'),
        y: '',
        xRange: [1, Math.max(2, last)],
        yRange: range,
        lines,
        mark: { x: best, text: t('history.best', { epoch: best }) },
        summary: t('history.summary', { value: at === undefined ? '–' : number(at, 3), epoch: best }),
      }),
    ];
  });
}
