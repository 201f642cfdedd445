import type { Report } from 'pleura';
import { button, make } from './dom.js';
import { Film, type Films, type Mark } from './films.js';
import { t } from './strings.js';
import { panel } from './parts.js';

interface Kept {
  name: string;
  report: Report | null;
  mark: Mark;
  note: string;
  label: string;
  patient: string;
}

/** What one write takes: no list is so long that the page waits for it. */
const BATCH = 250;

/** The origin's own folder of files, which no other site sees. */
const folder = () => navigator.storage.getDirectory();

/**
 * The list, kept on this device if the user asks: names, answers, marks and notes, never a film; a line of JSON for
 * each. Nothing is written before that. One window keeps its list at a time: two would write over each other's.
 */
export class Storage {
  /** The name of the file that is written; null while nothing is kept. */
  #file: string | null = null;
  /** Lets other windows keep theirs. */
  #release = () => {};
  #timer = 0;
  /** One write after the other. */
  #saved = Promise.resolve();
  #said = '';
  readonly #films: Films;
  readonly #model: () => string;
  readonly #margin: () => number;
  readonly #tell: (message: string) => void;

  constructor(films: Films, model: () => string, margin: () => number, tell: (message: string) => void) {
    this.#films = films;
    this.#model = model;
    this.#margin = margin;
    this.#tell = tell;
    films.addEventListener('change', () => this.#later());
  }

  get on(): boolean {
    return this.#file !== null;
  }

  get #name(): string {
    return `pleura-${this.#model()}.jsonl`;
  }

  /** Opens the list that was kept for this model, if one was. */
  async restore(): Promise<Film[]> {
    try {
      const text = await (await (await (await folder()).getFileHandle(this.#name)).getFile()).text();
      if (!(await this.#open())) return [];
      return text.split('\n').filter(Boolean).map((line) => {
        const { name, ...kept } = JSON.parse(line) as Kept;
        return Object.assign(new Film(null, name, this.#margin), kept, { progress: 'done' });
      });
    } catch {
      return []; // there is none
    }
  }

  /** False where another window has it. */
  #open(): Promise<boolean> {
    return new Promise((told) => {
      const hold = (lock: unknown) => {
        if (lock) this.#file = this.#name;
        told(lock !== null);
        return lock && new Promise<void>((done) => (this.#release = done));
      };
      // Whoever deletes everything takes the lock from the window that has it.
      navigator.locks.request('pleura-list', { ifAvailable: true }, hold).catch(() => (this.#file = null));
    });
  }

  #close(): void {
    this.#file = null;
    this.#release();
  }

  #later(): void {
    if (!this.on || this.#timer) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#write().catch(() => {
        this.#close();
        this.#tell((this.#said = t('storage.full')));
      });
    }, 1000);
  }

  #write(): Promise<void> {
    const written = this.#saved.then(() => this.#save());
    this.#saved = written.catch(() => {});
    return written;
  }

  async #save(): Promise<void> {
    if (!this.#file) return;
    const writable = await (await (await folder()).getFileHandle(this.#file, { create: true })).createWritable();
    const films = this.#films.all.filter(({ report }) => report);
    for (let at = 0; at < films.length; at += BATCH) {
      const lines = films.slice(at, at + BATCH).map(({ name, report, mark, note, label, patient }) => JSON.stringify({ name, report, mark, note, label, patient } satisfies Kept));
      await writable.write(`${lines.join('\n')}\n`);
    }
    await writable.close();
  }

  async #delete(): Promise<void> {
    this.#close();
    await this.#saved; // what ends after it would make the file anew
    await navigator.locks.request('pleura-list', { steal: true }, async () => {
      const files = await folder();
      for await (const name of files.keys()) if (name.startsWith('pleura-')) await files.removeEntry(name);
    });
  }

  /** Also the settings and the offline copy: whatever Pleura has in this browser. */
  async deleteAll(): Promise<void> {
    await this.#delete().catch(() => {}); // a private window: nothing was kept
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
        if (!box.checked) await this.#delete();
        else if (await this.#open()) await this.#write();
        else this.#said = t('storage.elsewhere');
      } catch {
        this.#close();
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
