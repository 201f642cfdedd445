import { PleuraError, type Report } from 'pleura';
import type { Film } from './films.js';

export interface QueueState {
  done: number;
  total: number;
  /** Films that are being worked on: in a pause, those that were begun. */
  running: number;
  paused: boolean;
  /** Milliseconds to the end, once there is something to tell it from. */
  left: number | null;
}

export interface QueueEvents {
  onProgress(state: QueueState): void;
  onFilm(film: Film): void;
  onEnd(films: Film[], cancelled: number): void;
  /** The classifier itself is gone. */
  onBroken(error: PleuraError): void;
}

/** So many in a row, and it is not the films. */
const MOST_FAULTS = 5;

/** Films wait here for the classifier, and go through it in their order, a few at a time. */
export class Queue {
  #classify: ((film: Film) => Promise<Report>) | null = null;
  #lanes = 1;
  #waiting: Film[] = [];
  #next = 0;
  #running = 0;
  #finished: Film[] = [];
  #cancelled = 0;
  #total = 0;
  #paused = false;
  #faults = 0;
  /** Counts the classifiers: what one says that is closed is no answer any more. */
  #turn = 0;
  #busySince: number | null = null;
  #busy = 0;
  readonly #events: QueueEvents;

  constructor(events: QueueEvents) {
    this.#events = events;
  }

  /** The classifier is loaded: what waits may start, so many at once. */
  open(classify: (film: Film) => Promise<Report>, lanes: number): void {
    this.#classify = classify;
    this.#lanes = lanes;
    this.#fill();
  }

  /** Another classifier is being loaded: what waits waits on. */
  close(): void {
    this.#classify = null;
    this.#turn++;
    this.#clock();
  }

  add(films: Film[]): void {
    for (const film of films) this.#waiting.push(film);
    this.#total += films.length;
    this.#tell();
    this.#fill();
  }

  get busy(): boolean {
    return this.#running > 0;
  }

  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    this.#paused = true;
    this.#clock();
    this.#tell();
  }

  resume(): void {
    this.#paused = false;
    this.#tell();
    this.#fill();
  }

  /** Drops what waits; the films that are being worked on are finished, as they take no time. */
  cancel(): void {
    const dropped = this.#waiting.slice(this.#next);
    for (const film of dropped) film.progress = 'cancelled';
    this.#cancelled += dropped.length;
    this.#total -= dropped.length;
    this.#waiting = [];
    this.#next = 0;
    this.#paused = false;
    if (this.#running === 0) this.#end();
  }

  #fill(): void {
    while (this.#classify && !this.#paused && this.#running < this.#lanes && this.#next < this.#waiting.length) {
      const film = this.#waiting[this.#next++];
      if (film) void this.#work(film, this.#classify);
    }
    this.#clock();
  }

  async #work(film: Film, classify: (film: Film) => Promise<Report>): Promise<void> {
    const turn = this.#turn;
    this.#running++;
    film.progress = 'working';
    let [report, error]: [Report | null, unknown] = [null, null];
    try {
      report = await classify(film);
    } catch (thrown) {
      error = thrown;
    }
    this.#running--;
    if (turn === this.#turn) {
      film.report = report;
      if (report) this.#faults = 0;
      // Faults of a file are in its report; what is thrown is the end of a worker, which is replaced.
      else {
        film.fault = error instanceof PleuraError ? error : new PleuraError('internal', String(error));
        if (++this.#faults >= MOST_FAULTS && this.#classify === classify) {
          this.#classify = () => Promise.reject(error);
          this.#events.onBroken(film.fault);
        }
      }
      film.progress = 'done';
      this.#finished.push(film);
      this.#events.onFilm(film);
    } else {
      this.#total--;
    }
    this.#tell();
    this.#fill();
    if (this.#running === 0 && this.#next === this.#waiting.length) this.#end();
  }

  /** Counts the time in which films were worked on: a pause is no time. */
  #clock(): void {
    const now = performance.now();
    if (this.#busySince !== null) this.#busy += now - this.#busySince;
    this.#busySince = this.#running > 0 ? now : null;
  }

  #tell(): void {
    this.#clock();
    const done = this.#finished.length;
    const left = done >= 3 ? (this.#busy / done) * (this.#total - done) : null;
    this.#events.onProgress({ done, total: this.#total, running: this.#running, paused: this.#paused, left });
  }

  #end(): void {
    if (this.#total === 0 && this.#cancelled === 0) return;
    const [films, cancelled] = [this.#finished, this.#cancelled];
    this.#finished = [];
    this.#waiting = [];
    this.#next = this.#total = this.#cancelled = this.#busy = 0;
    this.#busySince = null;
    this.#events.onEnd(films, cancelled);
  }
}
