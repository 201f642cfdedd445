import { type Answer, type PleuraError, type Report, type Result } from 'pleura';
import { atThreshold } from './threshold.js';
import * as settings from './settings.js';

export type State = 'waiting' | 'working' | 'cancelled' | 'error' | 'finding' | 'no_finding' | 'cannot_say';
export type Mark = 'accepted' | 'flagged' | null;
export type Order = 'risk' | 'name' | 'added';
export type Filter = 'all' | 'finding' | 'cannot_say' | 'no_finding' | 'error' | 'open' | 'flagged';

export class Film {
  static #next = 0;
  readonly id = Film.#next++;
  /** Missing for a film of a list that was kept, until its file is opened again. */
  file: File | null;
  readonly name: string;
  progress: 'waiting' | 'working' | 'cancelled' | 'done' = 'waiting';
  report: Report | null = null;
  /** A fault of ours and not of the file. */
  fault: PleuraError | null = null;
  mark: Mark = null;
  note = '';
  /** What a person says that it shows, to learn from; and whose it is. Empty: not said. */
  label = '';
  patient = '';
  #shown: { result: Answer; threshold: number | null; margin: number; at: Answer } | null = null;
  readonly margin: () => number;

  constructor(file: File | null, name: string, margin: () => number) {
    this.file = file;
    this.name = name;
    this.margin = margin;
  }

  /** What the core said, at the threshold that is chosen now. */
  get result(): Result | null {
    const result = this.report?.result;
    if (!result || result.error) return result ?? null;
    const threshold = settings.get('threshold');
    const margin = this.margin();
    const shown = this.#shown;
    if (shown?.result === result && shown.threshold === threshold && shown.margin === margin) return shown.at;
    this.#shown = { result, threshold, margin, at: threshold === null ? result : atThreshold(result, margin, threshold) };
    return this.#shown.at;
  }

  get answer(): Answer | null {
    const result = this.result;
    return result && !result.error ? result : null;
  }

  get state(): State {
    if (this.fault) return 'error';
    if (this.progress !== 'done') return this.progress;
    return this.result?.outcome ?? 'error';
  }

  /** The finding's probability; without a finding the largest; null where nothing was computed. */
  get probability(): number | null {
    const { probabilities, finding } = this.answer ?? {};
    if (!probabilities) return null;
    return (finding ? probabilities[finding] : undefined) ?? Math.max(...Object.values(probabilities));
  }

  /** What has to be looked at first comes first; a film that cannot be judged stands at the threshold. */
  get risk(): number {
    const answer = this.answer;
    if (answer) return this.probability ?? answer.threshold ?? 0.5;
    return this.state === 'error' ? -1 : -2;
  }
}

const FILTERS: Record<Filter, (film: Film) => boolean> = {
  all: () => true,
  finding: ({ state }) => state === 'finding',
  cannot_say: ({ state }) => state === 'cannot_say',
  no_finding: ({ state }) => state === 'no_finding',
  error: ({ state }) => state === 'error',
  open: ({ state, mark }) => mark === null && !['waiting', 'working', 'cancelled'].includes(state),
  flagged: ({ mark }) => mark === 'flagged',
};

const collator = new Intl.Collator(undefined, { numeric: true });

/** Keys are taken once a film and not once a comparison: ten thousand films are sorted in a frame. */
function sort(films: Film[], order: Order): Film[] {
  if (order === 'added') return films;
  if (order === 'name') return films.sort((a, b) => collator.compare(a.name, b.name) || a.id - b.id);
  const keyed = films.map((film) => ({ film, risk: film.risk }));
  return keyed.sort((a, b) => b.risk - a.risk || a.film.id - b.film.id).map(({ film }) => film);
}

/** All films of the list; "change" when what is shown of them did, "select" when another is looked at. */
export class Films extends EventTarget {
  all: Film[] = [];
  /** Those that pass the filter, in order. */
  shown: Film[] = [];
  selected: Film | null = null;
  order: Order = 'risk';
  filter: Filter = 'all';
  search = '';

  add(films: Film[]): void {
    for (const film of films) this.all.push(film);
    this.arrange();
  }

  remove(films: Film[]): void {
    const gone = new Set(films);
    this.all = this.all.filter((film) => !gone.has(film));
    this.arrange();
    if (this.selected && gone.has(this.selected)) this.select(null);
  }

  /** Filters and sorts again: the answers, the threshold or the wishes changed. */
  arrange(): void {
    const words = this.search.toLocaleLowerCase();
    const passes = FILTERS[this.filter];
    const found = this.all.filter((film) => passes(film) && (words === '' || `${film.name}\n${film.note}`.toLocaleLowerCase().includes(words)));
    this.shown = sort(found, this.order);
    this.changed();
  }

  changed(): void {
    this.dispatchEvent(new Event('change'));
  }

  select(film: Film | null): void {
    if (this.selected === film) return;
    this.selected = film;
    this.dispatchEvent(new Event('select'));
  }

  /** Goes so many films on in the list that is shown. */
  step(by: number): void {
    const at = this.selected ? this.shown.indexOf(this.selected) : -1;
    const to = at < 0 ? 0 : Math.min(this.shown.length - 1, Math.max(0, at + by));
    this.select(this.shown[to] ?? null);
  }

  /** How many films are in each state. */
  counts(): Record<State, number> {
    const counts = { waiting: 0, working: 0, cancelled: 0, error: 0, finding: 0, no_finding: 0, cannot_say: 0 };
    for (const { state } of this.all) counts[state]++;
    return counts;
  }
}
