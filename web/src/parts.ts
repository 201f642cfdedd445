// What the views are made of: panels, tables, names with what they stand for.
import { make, type Child } from './dom.js';
import { t, type Key } from './strings.js';

export const section = (title: string, ...content: Child[]): HTMLElement => make('section', { className: 'panel' }, make('h3', { textContent: title }), ...content);

export const panel = (title: Key, ...content: Child[]): HTMLElement => section(t(title), ...content);

/** What is not known is left out. */
export function facts(rows: [name: Key, value: string | undefined, english?: boolean][], className = 'facts'): HTMLElement {
  return make('dl', { className }, ...rows.map(([key, value, english]) => value && make('div', {}, make('dt', { textContent: t(key) }), make('dd', { textContent: value, attributes: english ? { lang: 'en' } : {} }))));
}

export type Cell = Child | Child[];

/** The first cell of a row is its name; `head` names the columns, where they have names. */
export function table(head: Cell[], rows: Cell[][], className = '', caption = ''): HTMLElement {
  const cell = (content: Cell, scope: string) => make(scope ? 'th' : 'td', scope ? { attributes: { scope } } : {}, ...[content].flat());
  return make(
    'table',
    { className },
    caption && make('caption', { textContent: caption }),
    head.length > 0 && make('thead', {}, make('tr', {}, ...head.map((name) => cell(name, String(name) === '' ? '' : 'col')))),
    make('tbody', {}, ...rows.map((cells) => make('tr', {}, ...cells.map((content, place) => cell(content, place === 0 ? 'row' : ''))))),
  );
}

/** A place of its own to scroll in, by the keyboard too. */
export const scrolled = (label: string, ...content: Child[]): HTMLElement => make('div', { className: 'scroll', attributes: { tabindex: '0', role: 'group', 'aria-label': label } }, ...content);
