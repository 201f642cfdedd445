import type { Film } from './films.js';
import { capitalised, label, percent, t, type Key } from './strings.js';

/** Told by shape and words, never by colour alone. */
const ICONS: Record<Film['state'], string> = {
  finding: '▲',
  no_finding: '▽',
  cannot_say: '?',
  error: '✕',
  waiting: '…',
  working: '…',
  cancelled: '–',
};

export const icon = (film: Film) => ICONS[film.state];

/** The outcome in words. Never worded as a diagnosis. */
export function title(film: Film): string {
  const finding = film.answer?.finding;
  if (film.answer && !finding) return t('outcome.no_finding_defined');
  // What a row says of these in a few letters is all that there is to say.
  if (['cannot_say', 'error', 'waiting'].includes(film.state)) return capitalised(short(film));
  return t(`outcome.${film.state}` as Key, { finding: finding ? label(finding) : '' });
}

/** In a few letters, for a row. */
export const short = (film: Film) => t(`short.${film.answer && !film.answer.finding ? 'open' : film.state}` as Key);

export function score(film: Film): string {
  return film.probability === null ? '' : percent(film.probability);
}

/** For the live region: the answer in one sentence. */
export function sentence(film: Film): string {
  const message = film.fault?.message ?? film.result?.error?.message;
  if (message) return `${film.name}: ${title(film)}. ${message}`;
  const value = score(film);
  return `${film.name}: ${title(film)}${value && `, ${value}`}.`;
}
