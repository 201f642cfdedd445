// What the user asks for: buttons, choices, keys, language, theme.
import { clear } from './arrivals.js';
import { films, give, labels, list, mark, reader, unsaved, words } from './desk.js';
import { byId, make, onClick } from './dom.js';
import type { Filter, Order } from './films.js';
import { storage } from './furnish.js';
import { listenToKeys } from './keys.js';
import { queue } from './progress.js';
import * as settings from './settings.js';
import { currentLanguage, LANGUAGES, setLanguage, t, type Language } from './strings.js';

onClick('clear', clear);
onClick('cancel', () => queue.cancel());
onClick('pause', () => (queue.paused ? queue.resume() : queue.pause()));
onClick('previous', () => films.step(-1));
onClick('next', () => films.step(1));
/** The browser asks before the window goes, where something goes with it. */
addEventListener('beforeunload', (event) => {
  if ((unsaved.size > 0 && !storage()?.on) || queue.busy) event.preventDefault();
});

const ORDERS: Order[] = ['risk', 'name', 'added'];
const FILTERS: Filter[] = ['all', 'finding', 'cannot_say', 'no_finding', 'error', 'open', 'flagged'];

/** A select whose words follow the language. */
function choices<T extends string>(id: string, values: T[], words: (value: T) => string, onChange: (value: T) => void): void {
  const select = byId<HTMLSelectElement>(id);
  const fill = () => {
    const kept = select.value;
    select.replaceChildren(...values.map((value) => make('option', { textContent: words(value), attributes: { value } })));
    if (kept) select.value = kept;
  };
  fill();
  document.addEventListener('language', fill);
  select.addEventListener('change', () => onChange(select.value as T));
}
choices('order', ORDERS, (order) => t(`order.${order}`), (order) => {
  films.order = order;
  films.arrange();
});
choices('filter', FILTERS, (filter) => t(`filter.${filter}`), (filter) => {
  films.filter = filter;
  films.arrange();
});
byId<HTMLInputElement>('search').addEventListener('input', () => {
  films.search = byId<HTMLInputElement>('search').value;
  films.arrange();
});

const toggle = (wanted: 'accepted' | 'flagged') => films.selected && mark(films.selected, films.selected.mark === wanted ? null : wanted);
listenToKeys(
  {
    j: () => films.step(1),
    k: () => films.step(-1),
    a: () => toggle('accepted'),
    f: () => toggle('flagged'),
    i: () => reader.invert(),
    c: () => void reader.pin(),
    h: () => settings.set('heatmap', !settings.get('heatmap')),
    n: () => document.getElementById('note')?.focus(),
  },
  {
    ArrowDown: () => films.step(1),
    ArrowUp: () => films.step(-1),
    PageDown: () => films.step(list.page),
    PageUp: () => films.step(-list.page),
    Home: () => films.step(-films.shown.length),
    End: () => films.step(films.shown.length),
  },
  (digit) => {
    const word = digit === 0 ? '' : words()[digit - 1];
    if (!labels.asking || !films.selected || word === undefined) return false;
    give(films.selected, word);
    return true;
  },
);
byId('rows').addEventListener('focus', () => {
  if (!films.selected) films.step(0);
});

const language = byId<HTMLSelectElement>('language');
language.append(...Object.entries(LANGUAGES).map(([value, textContent]) => make('option', { textContent, attributes: { value, lang: value } })));
language.addEventListener('change', () => settings.set('language', language.value as Language));
settings.onChange('language', () => void setLanguage(settings.get('language')));
const showLanguage = () => (language.value = currentLanguage());
showLanguage();
document.addEventListener('language', () => {
  showLanguage();
  films.changed();
});

const paint = () => (document.documentElement.dataset['theme'] = settings.get('theme'));
onClick('theme', () => settings.set('theme', settings.get('theme') === 'dark' ? 'light' : 'dark'));
settings.onChange('theme', paint);
paint();

settings.onChange('threshold', () => films.arrange());
