import type { Film as Pixels, Heatmap, ModelInfo } from 'pleura';
import { make } from './dom.js';
import type { Film } from './films.js';
import { heatWords, paintHeat } from './heat.js';
import { measured, threshold } from './operating.js';
import { icon, title } from './outcome.js';
import * as settings from './settings.js';
import { capitalised, label, percent, t, type Key } from './strings.js';

/** Pages printed at once: each holds a picture, and nobody files more in one go. */
export const MOST_PAGES = 200;
const SIDE = 560;

export interface Printed {
  film: Film;
  pixels: Pixels | null;
  heat: Heatmap | null;
}

/** One sheet a film: what was seen, what came out, and under which conditions it holds. */
export function sheet({ film, pixels, heat }: Printed, info: ModelInfo, versions: string): HTMLElement {
  const answer = film.answer;
  const fault = film.fault ?? film.result?.error;
  const finding = answer?.finding ?? null;
  return make(
    'section',
    { className: 'sheet' },
    make('header', {}, make('strong', { textContent: 'Pleura' }), make('span', { textContent: t('report.title') }), make('span', { textContent: new Date().toLocaleString(settings.get('language')) })),
    make('p', { className: 'warning', textContent: t('notice.tool') }),
    make('h2', { textContent: film.name }),
    make('p', { className: 'outcome' }, `${icon(film)} ${title(film)}`),
    make(
      'div',
      { className: 'columns' },
      make('div', {}, pixels && picture(pixels, null), pixels && heat?.zone && picture(pixels, heat), heat && make('p', { textContent: heatWords(heat) })),
      make(
        'div',
        {},
        fault && make('p', { textContent: `${fault.message} (${fault.code})` }),
        ...(answer?.reasons ?? []).map(({ code, message }) => make('p', {}, make('strong', { textContent: t(`reason.${code}`) }), ` ${message}`)),
        answer?.probabilities &&
          make('table', {}, make('tbody', {}, ...Object.entries(answer.probabilities).map(([name, value]) => make('tr', { className: name === finding ? 'main' : '' }, make('th', { textContent: capitalised(label(name)), attributes: { scope: 'row' } }), make('td', { textContent: percent(value) }))))),
        film.mark && make('p', { textContent: t(`mark.${film.mark}`) }),
        film.note !== '' && make('p', { className: 'noted', textContent: `${t('note.label')}: ${film.note}` }),
      ),
    ),
    conditions(info, versions),
  );
}

function conditions(info: ModelInfo, versions: string): HTMLElement {
  const at = threshold(info);
  const point = at === null ? null : measured(info, at);
  const rows: [Key, string | undefined][] = [
    ['fact.version', [info.name, info.version].filter(Boolean).join(' ') || t('model.unnamed')],
    ['fact.sha256', info.sha256],
    ['report.software', versions],
    [
      'report.threshold',
      at === null
        ? t('operating.none')
        : [percent(at), t(settings.get('threshold') === null ? 'report.threshold_model' : 'report.threshold_user'), point && t('report.point', { sensitivity: percent(point.sensitivity), specificity: percent(point.specificity) })].filter(Boolean).join('; '),
    ],
    ['fact.population', info.properties['pleura.population']],
    ['fact.limits', info.properties['pleura.limits']],
    ['fact.use', info.properties['pleura.intended_use']],
  ];
  return make('dl', {}, ...rows.flatMap(([key, value]) => (value ? [make('div', {}, make('dt', { textContent: t(key) }), make('dd', { textContent: value }))] : [])));
}

function picture({ width, height, samples }: Pixels, heat: Heatmap | null): HTMLCanvasElement {
  const scale = SIDE / Math.max(width, height);
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const canvas = make('canvas', { attributes: { width: String(w), height: String(h) } });
  const image = new ImageData(w, h);
  for (let y = 0; y < h; y++) {
    const row = Math.min(height - 1, Math.floor((y + 0.5) / scale)) * width;
    for (let x = 0; x < w; x++) {
      const grey = (samples[row + Math.min(width - 1, Math.floor((x + 0.5) / scale))] ?? 0) >> 8;
      const at = (y * w + x) * 4;
      image.data[at] = image.data[at + 1] = image.data[at + 2] = grey;
      image.data[at + 3] = 255;
    }
  }
  const context = canvas.getContext('2d');
  context?.putImageData(image, 0, 0);
  if (context && heat) {
    context.globalAlpha = settings.get('opacity');
    paintHeat(context, heat, { left: 0, top: 0, width: w, height: h });
  }
  return canvas;
}
