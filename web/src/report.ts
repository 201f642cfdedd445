import type { Film as Pixels, Heatmap, ModelInfo } from 'pleura';
import { modelName } from './about.js';
import { make } from './dom.js';
import type { Film } from './films.js';
import { heatWords, paintHeat } from './heat.js';
import { measured, threshold } from './operating.js';
import { icon, title } from './outcome.js';
import { facts, table } from './parts.js';
import * as settings from './settings.js';
import { capitalised, label, percent, t } from './strings.js';
import { small } from './thumbnails.js';

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
      pixels && picture(pixels, null),
      pixels && heat?.zone && picture(pixels, heat),
      make(
        'div',
        {},
        fault && make('p', { textContent: `${fault.message} (${fault.code})` }),
        ...(answer?.reasons ?? []).map(({ code, message }) => make('p', {}, make('strong', { textContent: t(`reason.${code}`) }), ` ${message}`)),
        answer?.probabilities && table([], Object.entries(answer.probabilities).map(([name, value]) => [capitalised(label(name)), name === finding ? make('strong', { textContent: percent(value) }) : percent(value)])),
        film.mark && make('p', { textContent: t(`mark.${film.mark}`) }),
        film.note !== '' && make('p', { className: 'noted', textContent: `${t('note.label')}: ${film.note}` }),
      ),
      heat && make('p', { textContent: heatWords(heat) }),
    ),
    conditions(info, versions),
  );
}

function conditions(info: ModelInfo, versions: string): HTMLElement {
  const at = threshold(info);
  const point = at === null ? null : measured(info, at);
  const measuredAt = point && t('report.point', { sensitivity: percent(point.sensitivity), specificity: percent(point.specificity) });
  return facts(
    [
      ['footer.model', modelName(info) || t('model.unnamed')],
      ['fact.sha256', info.sha256],
      ['report.software', versions],
      ['report.threshold', at === null ? t('operating.none') : [percent(at), t(settings.get('threshold') === null ? 'report.threshold_model' : 'report.threshold_user'), measuredAt].filter(Boolean).join('; ')],
      ['fact.population', info.properties['pleura.population'], true],
      ['fact.limits', info.properties['pleura.limits'], true],
      ['fact.use', info.properties['pleura.intended_use'], true],
    ],
    '',
  );
}

function picture(film: Pixels, heat: Heatmap | null): HTMLCanvasElement {
  const image = small(film, SIDE / Math.max(film.width, film.height));
  const { width, height } = image;
  const canvas = make('canvas', { attributes: { width: String(width), height: String(height) } });
  const context = canvas.getContext('2d');
  context?.putImageData(image, 0, 0);
  if (context && heat) {
    context.globalAlpha = settings.get('opacity');
    paintHeat(context, heat, { left: 0, top: 0, width, height });
  }
  return canvas;
}
