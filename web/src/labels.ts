import type { Film, Films } from './films.js';

/** What a person says of a film: never a model's answer. */
export interface Said {
  label: string;
  patient: string;
}

/** "a/b/c.jpg", "b/c.jpg", "c.jpg": a list and a folder may begin at different places. */
function* tails(path: string): Generator<string> {
  const parts = path.split(/[/\\]/);
  for (let at = 0; at < parts.length; at++) yield parts.slice(at).join('/');
}

/** The lists that were opened, for films that are here and for those that come. */
export class Labels {
  readonly #films: Films;
  /** By every tail of the path; null where two films of the list share it. */
  readonly #byTail = new Map<string, Said | null>();
  /** The words to choose from while reading; empty: the model's. */
  own: string[] = [];
  /** Reading asks for labels. */
  asking = false;

  constructor(films: Films) {
    this.#films = films;
  }

  /** How many films of the list are open. */
  open(list: Map<string, Said>): number {
    for (const [path, said] of list) {
      let whole = true;
      for (const tail of tails(path)) {
        const known = this.#byTail.get(tail);
        this.#byTail.set(tail, whole || known === undefined || known === said ? said : null);
        whole = false;
      }
    }
    const found = this.#films.all.filter((film) => this.fill(film)).length;
    this.#films.changed();
    return found;
  }

  /** Gives a film what a list says of it. */
  fill(film: Film): boolean {
    for (const tail of tails(film.name)) {
      const said = this.#byTail.get(tail);
      if (!said) continue;
      [film.label, film.patient] = [said.label, said.patient];
      return true;
    }
    return false;
  }

  /** The folder that a film lies in is its label. */
  fromFolders(): void {
    for (const film of this.#films.all) {
      const folder = film.name.split('/').at(-2);
      if (folder && !film.label) film.label = folder;
    }
    this.#films.changed();
  }

  get labelled(): Film[] {
    return this.#films.all.filter(({ label, file }) => label && file);
  }

  /** How many films have each label, the most frequent first. */
  counts(): [label: string, films: number][] {
    const counts = new Map<string, number>();
    for (const { label } of this.labelled) counts.set(label, (counts.get(label) ?? 0) + 1);
    return [...counts].sort(([, a], [, b]) => b - a);
  }
}
