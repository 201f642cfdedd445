// The list, the reader, and the films between them.
import { current, engine, status } from './current.js';
import { byId } from './dom.js';
import { Films, type Film, type Mark } from './films.js';
import { Labels } from './labels.js';
import { Reader } from './reader.js';
import { label, plural, t, type Key } from './strings.js';
import { Thumbnails } from './thumbnails.js';
import { Worklist } from './worklist.js';

export const films = new Films();
export const labels = new Labels(films);
export const list = new Worklist(byId('rows'), films, new Thumbnails(async (file) => (await current.settled()).decode(file)));

/** What a reader said, and is nowhere but in this window. */
export const unsaved = new Set<'marks' | 'labels'>();

/** What a film can be labelled with while it is read. */
export function words(): string[] {
  const info = current.engine?.info;
  if (!labels.asking || !info) return [];
  if (labels.own.length > 0) return labels.own.slice(0, 9);
  const all = info.finding && !info.labels.includes(info.finding) ? [...info.labels, info.finding] : info.labels;
  return all.slice(0, 9);
}

export function give(film: Film, word: string): void {
  film.label = word;
  unsaved.add('labels');
  films.changed();
  status.textContent = `${film.name}: ${word ? t('labels.given', { label: label(word) }) : t('labels.taken')}`;
}

export function mark(film: Film, wanted: Mark): void {
  film.mark = wanted;
  unsaved.add('marks');
  films.changed();
  status.textContent = `${film.name}: ${t(`mark.${wanted ?? 'none'}`)}`;
}

export const reader = new Reader(films, engine, {
  onMark: mark,
  onNote(film, note) {
    film.note = note;
    unsaved.add('marks');
    list.update();
  },
  onLabel: give,
  labels: words,
});

export function summary(counts = films.counts()): string {
  const parts = (['finding', 'no_finding', 'cannot_say', 'error', 'cancelled'] as const)
    .map((state): [number, Key] => [counts[state], `count.${state}`])
    .filter(([count]) => count > 0)
    .map(([count, key]) => t(key, { count }));
  return [plural('films', films.all.length), ...parts].join(' · ');
}

films.addEventListener('change', () => {
  const empty = films.all.length === 0;
  const view = byId('view-films').dataset;
  const counts = films.counts();
  view['empty'] = empty ? 'yes' : 'no';
  view['films'] = String(films.all.length);
  view['open'] = String(counts.waiting + counts.working);
  byId('desk').hidden = empty;
  byId('none').hidden = films.shown.length > 0;
  byId('summary').textContent = summary(counts);
});
