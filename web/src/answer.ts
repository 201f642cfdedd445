import { button, make } from './dom.js';
import type { Film, Mark } from './films.js';
import { icon, title } from './outcome.js';
import { capitalised, label, milliseconds, number, percent, t, type Key } from './strings.js';

export interface AnswerEvents {
  onMark(film: Film, mark: Mark): void;
  onNote(film: Film, note: string): void;
  onLabel(film: Film, label: string): void;
  /** The words to choose from; none where labels are not asked for. */
  labels(): string[];
}

/** Everything about one film in one column: what came out, how sure, why, and what the reader makes of it. */
export function showAnswer(into: HTMLElement, film: Film, events: AnswerEvents): void {
  into.dataset['state'] = film.state;
  into.replaceChildren(
    make('p', { className: 'outcome' }, make('span', { className: 'icon', textContent: icon(film), attributes: { 'aria-hidden': 'true' } }), make('span', { textContent: title(film) })),
    ...body(film),
    marks(film, events),
    ...labels(film, events),
    note(film, events),
    ...times(film),
  );
}

function body(film: Film): Node[] {
  const fault = film.fault ?? film.result?.error;
  if (fault) return [reason(fault.code, fault.message, t('answer.error'))];
  const answer = film.answer;
  if (!answer) return [];
  const { probabilities, finding, threshold, framings = 1 } = answer;
  const reasons = answer.reasons.map(({ code, message }) => reason(code, message, t(`reason.${code}`)));
  if (!probabilities) return [...reasons, make('p', { className: 'quiet', textContent: t('answer.not_run') })];
  const main = finding !== null && finding in probabilities ? finding : null;
  const rest = Object.entries(probabilities).filter(([name]) => name !== main);
  if (main === null) rest.sort(([, a], [, b]) => b - a);
  return [
    ...(main === null ? [] : [scale(main, probabilities[main] ?? 0, threshold, film.margin())]),
    ...reasons,
    make('ul', { className: 'others', attributes: { 'aria-label': t('answer.others') } }, ...rest.map(([name, value]) => make('li', {}, bar(name, value)))),
    make('p', { className: 'quiet small', textContent: (framings > 1 ? t('answer.framings', { framings }) + ' ' : '') + t(main === null ? 'answer.no_threshold' : 'answer.score') }),
  ];
}

/** The core's sentence is English; its code has words in every language. */
function reason(code: string, message: string, words: string): HTMLElement {
  return make('div', { className: 'reason' }, make('strong', { textContent: words }), make('p', { attributes: { lang: 'en' } }, message, ' ', make('code', { textContent: code })));
}

/** The probability from 0 to 100 %, the threshold as an upright line, the doubtful range around it hatched. */
function scale(name: string, probability: number, threshold: number | null, margin: number): HTMLElement {
  const track = make('div', { className: 'track', attributes: { 'aria-hidden': 'true' } });
  const place = (className: string, from: number, to?: number) => {
    const element = make('div', { className });
    // Through the object model: the policy forbids style attributes, not this.
    element.style.setProperty('--at', String(from));
    if (to !== undefined) element.style.setProperty('--to', String(to));
    track.append(element);
  };
  place('fill', 0, probability);
  if (threshold !== null) {
    if (margin > 0) place('doubt', Math.max(0, threshold - margin), Math.min(1, threshold + margin));
    place('threshold', threshold);
  }
  place('pin', probability);
  const ticks = make('div', { className: 'ticks', attributes: { 'aria-hidden': 'true' } }, ...[0, 0.25, 0.5, 0.75, 1].map((value) => make('span', { textContent: String(value * 100) })));
  return make(
    'div',
    { className: 'scale' },
    make('p', { className: 'value' }, make('span', { textContent: capitalised(label(name)) }), make('span', { className: 'number', textContent: percent(probability) })),
    track,
    ticks,
    threshold !== null && make('p', { className: 'small quiet', textContent: t(margin > 0 ? 'answer.threshold_margin' : 'answer.threshold', { threshold: percent(threshold), margin: number(margin * 100) }) }),
  );
}

function bar(name: string, probability: number): HTMLElement {
  const fill = make('div', { className: 'fill' });
  fill.style.setProperty('--at', '0');
  fill.style.setProperty('--to', String(probability));
  return make(
    'div',
    { className: 'bar' },
    make('p', { className: 'value' }, make('span', { textContent: capitalised(label(name)) }), make('span', { className: 'number', textContent: percent(probability) })),
    make('div', { className: 'track', attributes: { 'aria-hidden': 'true' } }, fill),
  );
}

function marks(film: Film, events: AnswerEvents): HTMLElement {
  const toggle = (mark: 'accepted' | 'flagged', words: Key, key: string) =>
    button(t(words), () => events.onMark(film, film.mark === mark ? null : mark), `mark ${mark}`, {
      'aria-pressed': String(film.mark === mark),
      'aria-keyshortcuts': key,
      'data-mark': mark,
    });
  return make('div', { className: 'actions marks' }, toggle('accepted', 'action.accept', 'a'), toggle('flagged', 'action.flag', 'f'));
}

function labels(film: Film, events: AnswerEvents): HTMLElement[] {
  const words = events.labels();
  if (words.length === 0) return [];
  const choose = (word: string, place: number) =>
    button(capitalised(label(word)), () => events.onLabel(film, film.label === word ? '' : word), 'mark', {
      'aria-pressed': String(film.label === word),
      'aria-keyshortcuts': String(place + 1),
      'data-mark': `label-${place}`,
    });
  // A list may have said a word that is none of these.
  const other = film.label !== '' && !words.includes(film.label) && make('p', { className: 'small quiet', textContent: t('labels.given', { label: film.label }) });
  return [make('div', { className: 'labels', attributes: { role: 'group', 'aria-label': t('labels.film') } }, make('p', { className: 'small quiet', textContent: t('labels.film') }), make('div', { className: 'actions' }, ...words.map(choose)), other)];
}

function note(film: Film, events: AnswerEvents): HTMLElement {
  const area = make('textarea', { id: 'note', attributes: { rows: '2', placeholder: t('note.placeholder') } });
  area.value = film.note;
  area.addEventListener('input', () => events.onNote(film, area.value));
  return make('label', { className: 'note' }, make('span', { textContent: t('note.label') }), area);
}

function times(film: Film): Node[] {
  const answer = film.answer;
  if (!answer) return [];
  const { decode, preprocess, network } = answer.ms_steps;
  const values = { all: milliseconds(answer.ms), decode: milliseconds(decode), prepare: milliseconds(preprocess), network: milliseconds(network) };
  return [make('p', { className: 'small quiet time', textContent: t('answer.time', values) })];
}
