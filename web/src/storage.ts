import { openDB, type IDBPDatabase } from 'idb';
import type { Report } from 'pleura';
import { button, make } from './dom.js';
import { Film, type Films, type Mark } from './films.js';
import { t } from './strings.js';
import { panel } from './trustView.js';

interface Kept {
  name: string;
  report: Report | null;
  mark: Mark;
  note: string;
  /** Missing in lists that an older version kept. */
  label?: string;
  patient?: string;
}

const NAME = 'pleura';

/**
 * The list, kept on this device if the user asks: names, answers, marks and notes, never a film.
 * Nothing is opened or written before that.
 */
export class Storage {
  #database: IDBPDatabase | null = null;
  #timer = 0;
  #said = '';
  readonly #films: Films;
  readonly #model: () => string;
  readonly #margin: () => number;

  constructor(films: Films, model: () => string, margin: () => number) {
    this.#films = films;
    this.#model = model;
    this.#margin = margin;
    films.addEventListener('change', () => this.#later());
  }

  get on(): boolean {
    return this.#database !== null;
  }

  /** Opens the list that was kept for this model, if one was. */
  async restore(): Promise<Film[]> {
    try {
      const known = (await indexedDB.databases()).some(({ name }) => name === NAME);
      if (!known) return [];
      await this.#open();
      const kept = ((await this.#database?.get('lists', this.#model())) ?? []) as Kept[];
      return kept.map(({ name, report, mark, note, label = '', patient = '' }) => {
        const film = new Film(null, name, this.#margin);
        [film.report, film.mark, film.note, film.progress] = [report, mark, note, 'done'];
        [film.label, film.patient] = [label, patient];
        return film;
      });
    } catch {
      return [];
    }
  }

  async #open(): Promise<void> {
    this.#database = await openDB(NAME, 1, { upgrade: (database) => void database.createObjectStore('lists') });
  }

  #later(): void {
    if (!this.on || this.#timer) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      void this.#save();
    }, 1000);
  }

  async #save(): Promise<void> {
    const kept: Kept[] = this.#films.all.filter(({ report }) => report).map(({ name, report, mark, note, label, patient }) => ({ name, report, mark, note, label, patient }));
    await this.#database?.put('lists', kept, this.#model());
  }

  /** Also the settings and the offline copy: whatever Pleura has in this browser. */
  async deleteAll(): Promise<void> {
    this.#database?.close();
    this.#database = null;
    await new Promise((done) => {
      const request = indexedDB.deleteDatabase(NAME);
      request.onsuccess = request.onerror = request.onblocked = done;
    });
    try {
      localStorage.clear();
    } catch {
      // nothing was kept there
    }
    if ('serviceWorker' in navigator) {
      for (const registration of await navigator.serviceWorker.getRegistrations()) {
        if (registration.scope === new URL('./', location.href).href) await registration.unregister();
      }
      for (const name of await caches.keys()) if (name.startsWith('pleura-')) await caches.delete(name);
    }
  }

  panel(redraw: () => void): HTMLElement {
    const box = make('input', { id: 'keep', attributes: { type: 'checkbox' } });
    box.checked = this.on;
    box.addEventListener('change', async () => {
      this.#said = '';
      try {
        if (box.checked) {
          await this.#open();
          await this.#save();
        } else {
          this.#database?.close();
          this.#database = null;
          indexedDB.deleteDatabase(NAME);
        }
      } catch {
        this.#said = t('storage.none');
      }
      redraw();
    });
    const remove = async () => {
      await this.deleteAll();
      this.#said = t('storage.deleted');
      redraw();
    };
    return panel(
      'storage.title',
      make('p', { textContent: t('storage.about') }),
      make('label', { className: 'check' }, box, ' ', t('storage.keep')),
      button(t('storage.delete'), () => void remove(), '', { id: 'delete-all' }),
      make('p', { attributes: { role: 'status' }, textContent: this.#said }),
    );
  }
}
