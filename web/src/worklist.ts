import { eachFrame, make } from './dom.js';
import type { Film, Films } from './films.js';
import { icon, score, short } from './outcome.js';
import { label, t } from './strings.js';
import type { Thumbnails } from './thumbnails.js';

/** In CSS pixels at the default size of text; the rows are as high as the root's text makes them. */
const ROW_REM = 4.25;
/** Rows beyond the edges, so that a scroll finds them drawn. */
const OVERSCAN = 4;

interface Drawn {
  film: Film;
  element: HTMLElement;
  canvas: HTMLCanvasElement;
}

/**
 * The list of films. Only the rows in view exist: ten thousand films are as fast as ten. A library
 * would bring measuring of rows of unlike heights, which ours are not.
 */
export class Worklist {
  readonly #list: HTMLElement;
  readonly #inner = make('div', { className: 'inner', attributes: { role: 'presentation' } });
  readonly #films: Films;
  readonly #thumbnails: Thumbnails;
  readonly #drawn = new Map<number, Drawn>();
  readonly update = eachFrame(() => this.#draw());

  constructor(list: HTMLElement, films: Films, thumbnails: Thumbnails) {
    this.#list = list;
    this.#films = films;
    this.#thumbnails = thumbnails;
    list.append(this.#inner);
    list.addEventListener('scroll', this.update, { passive: true });
    new ResizeObserver(this.update).observe(list);
    films.addEventListener('change', this.update);
    films.addEventListener('select', () => {
      this.reveal();
      this.update();
    });
    document.addEventListener('language', () => {
      this.#clear();
      this.update();
    });
    list.addEventListener('click', (event) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>('[data-film]');
      const film = row && films.shown.find(({ id }) => String(id) === row.dataset['film']);
      if (film) films.select(film);
    });
  }

  get #height(): number {
    return ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  /** How many rows the list shows at once. */
  get page(): number {
    return Math.max(1, Math.floor(this.#list.clientHeight / this.#height) - 1);
  }

  /** Scrolls as little as is needed to show the selected row. */
  reveal(): void {
    const at = this.#films.selected ? this.#films.shown.indexOf(this.#films.selected) : -1;
    if (at < 0) return;
    const height = this.#height;
    const { scrollTop, clientHeight } = this.#list;
    if (at * height < scrollTop) this.#list.scrollTop = at * height;
    else if ((at + 1) * height > scrollTop + clientHeight) this.#list.scrollTop = (at + 1) * height - clientHeight;
  }

  #clear(): void {
    for (const { element, film } of this.#drawn.values()) {
      element.remove();
      this.#thumbnails.forget(film);
    }
    this.#drawn.clear();
  }

  #draw(): void {
    const { shown, selected } = this.#films;
    const height = this.#height;
    this.#inner.style.height = `${shown.length * height}px`;
    const first = Math.max(0, Math.floor(this.#list.scrollTop / height) - OVERSCAN);
    const end = Math.min(shown.length, Math.ceil((this.#list.scrollTop + this.#list.clientHeight) / height) + OVERSCAN);
    const visible = new Set<number>();
    for (let place = first; place < end; place++) {
      const film = shown[place];
      if (!film) continue;
      visible.add(film.id);
      const row = this.#drawn.get(film.id) ?? this.#make(film);
      fill(row, film === selected);
      row.element.style.transform = `translateY(${place * height}px)`;
      row.element.setAttribute('aria-posinset', String(place + 1));
      row.element.setAttribute('aria-setsize', String(shown.length));
    }
    for (const [id, { element, film }] of this.#drawn) {
      if (visible.has(id)) continue;
      element.remove();
      this.#drawn.delete(id);
      this.#thumbnails.forget(film);
    }
    if (selected && visible.has(selected.id)) this.#list.setAttribute('aria-activedescendant', `film-${selected.id}`);
    else this.#list.removeAttribute('aria-activedescendant');
  }

  #make(film: Film): Drawn {
    const canvas = make('canvas', { attributes: { 'aria-hidden': 'true', width: '1', height: '1' } });
    const element = make('div', { className: 'row', id: `film-${film.id}`, attributes: { role: 'option', 'data-film': String(film.id) } }, canvas);
    element.append(make('div', { className: 'what' }), make('div', { className: 'score' }));
    this.#inner.append(element);
    const drawn = { film, element, canvas };
    this.#drawn.set(film.id, drawn);
    this.#thumbnails.show(film, canvas);
    return drawn;
  }
}

function fill({ film, element }: Drawn, selected: boolean): void {
  element.setAttribute('aria-selected', String(selected));
  const mark = film.mark ?? '';
  const state = [film.state, mark, film.note, film.label, score(film)].join('\n');
  if (element.dataset['shows'] === state) return;
  element.dataset['shows'] = state;
  element.dataset['state'] = film.state;
  const [, what, value] = element.children;
  const marks = film.mark && make('span', { className: `mark ${film.mark}`, textContent: film.mark === 'flagged' ? '⚑' : '✓', title: t(`mark.${film.mark}`), attributes: { role: 'img', 'aria-label': t(`mark.${film.mark}`) } });
  const note = film.note !== '' && make('span', { className: 'mark', textContent: '✎', title: film.note, attributes: { role: 'img', 'aria-label': t('note.label') } });
  what?.replaceChildren(
    make('div', { className: 'name', textContent: film.name, title: film.name }),
    make('div', { className: 'outcome' }, make('span', { className: 'icon', textContent: icon(film), attributes: { 'aria-hidden': 'true' } }), ' ', short(film), film.label && ` · ${label(film.label)}`),
  );
  value?.replaceChildren(make('span', { className: 'number', textContent: score(film) }), make('span', { className: 'marks' }, marks, note));
}
