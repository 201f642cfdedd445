import { button, make } from './dom.js';
import { confusion, interval95, pointAt, points, predictive, scores, type Point } from './figures.js';
import type { ModelInfo } from 'pleura';
import * as settings from './settings.js';
import { label, number, percent, t } from './strings.js';

/** What a threshold means for a model, by what was measured; null where nothing was. */
export function measured(info: ModelInfo, threshold: number): Point | null {
  const films = scores(info);
  if (!films) return pointAt(points(info), threshold);
  const { truePositive, trueNegative } = confusion(films, threshold);
  return { threshold, sensitivity: truePositive / films.ill.length, specificity: trueNegative / films.healthy.length };
}

/** The threshold in force: the user's, or else the model's; null where the model names no finding. */
export const threshold = (info: ModelInfo) => (info.finding === null ? null : (settings.get('threshold') ?? info.threshold));

/** A slider for the threshold, with what it costs and brings. Several may stand on the page. */
export class OperatingPoint {
  readonly #into: HTMLElement;
  readonly #prefix: string;
  #info: ModelInfo | null = null;

  constructor(into: HTMLElement, prefix: string) {
    this.#into = into;
    this.#prefix = prefix;
    for (const name of ['threshold', 'prevalence'] as const) settings.onChange(name, () => this.#update());
    document.addEventListener('language', () => this.#build());
  }

  set info(info: ModelInfo) {
    this.#info = info;
    this.#build();
  }

  #build(): void {
    const info = this.#info;
    const now = info && threshold(info);
    if (!info?.finding || now === null) {
      this.#into.replaceChildren(make('p', { className: 'quiet', textContent: info ? t('operating.none') : '' }));
      return;
    }
    const [slide, share] = [`${this.#prefix}-threshold`, `${this.#prefix}-prevalence`];
    const slider = make('input', { id: slide, attributes: { type: 'range', min: '0.005', max: '0.995', step: '0.005', 'data-threshold': '' } });
    const prevalence = make('input', { id: share, attributes: { type: 'number', min: '0.1', max: '99.9', step: 'any', inputmode: 'decimal', 'data-prevalence': '' } });
    slider.value = String(now);
    prevalence.value = String(settings.get('prevalence') * 100);
    slider.addEventListener('input', () => settings.set('threshold', Number(slider.value)));
    prevalence.addEventListener('input', () => {
      const value = Number(prevalence.value) / 100;
      if (value > 0 && value < 1) settings.set('prevalence', value);
    });
    this.#into.replaceChildren(
      make('label', { attributes: { for: slide } }, t('operating.threshold', { finding: label(info.finding) }), ' ', make('output', { attributes: { for: slide } })),
      slider,
      make('label', { className: 'prevalence', attributes: { for: share } }, make('span', { textContent: t('operating.prevalence', { finding: label(info.finding) }) }), prevalence),
      make('dl', { className: 'figures' }),
      make('p', { className: 'small quiet source' }),
      button(t('operating.reset', { threshold: percent(info.threshold ?? 0) }), () => settings.set('threshold', null), 'reset'),
    );
    this.#update();
  }

  #update(): void {
    const info = this.#info;
    const now = info && threshold(info);
    const slider = this.#into.querySelector<HTMLInputElement>('[data-threshold]');
    if (!info || now === null || !slider) return;
    if (Number(slider.value) !== now) slider.value = String(now);
    const shown = percent(now);
    slider.setAttribute('aria-valuetext', shown);
    this.#into.querySelector('output')!.textContent = shown;
    const share = this.#into.querySelector<HTMLInputElement>('[data-prevalence]')!;
    if (Number(share.value) !== settings.get('prevalence') * 100 && document.activeElement !== share) share.value = String(settings.get('prevalence') * 100);
    const point = measured(info, now);
    const films = scores(info);
    const values = point && predictive(point, settings.get('prevalence'));
    const at = films && confusion(films, now);
    const rows: [string, number | null, string][] = [
      [t('figure.sensitivity'), point?.sensitivity ?? null, at && films ? interval95(at.truePositive, films.ill.length) : ''],
      [t('figure.specificity'), point?.specificity ?? null, at && films ? interval95(at.trueNegative, films.healthy.length) : ''],
      [t('figure.ppv'), values?.positive ?? null, ''],
      [t('figure.npv'), values?.negative ?? null, ''],
    ];
    this.#into.querySelector('.figures')!.replaceChildren(
      ...rows.map(([name, value, range]) =>
        make('div', {}, make('dt', { textContent: name }), make('dd', {}, make('span', { className: 'number', textContent: value === null ? '–' : percent(value) }), range && ' ', range && make('span', { className: 'number small quiet', textContent: range }))),
      ),
    );
    const reset = this.#into.querySelector<HTMLButtonElement>('.reset')!;
    reset.disabled = settings.get('threshold') === null;
    this.#into.querySelector('.source')!.textContent = !point
      ? t('operating.unmeasured')
      : films
        ? t('operating.films', { ill: number(films.ill.length), healthy: number(films.healthy.length) })
        : t('operating.points');
  }
}
