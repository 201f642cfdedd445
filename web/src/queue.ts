import { PleuraError, type Report } from 'pleura';
import type { Row } from './row.js';

export interface QueueEvents {
  onProgress(done: number, of: number, row: Row): void;
  onEnd(rows: Row[], cancelled: number): void;
  /** The classifier itself is gone. */
  onBroken(error: PleuraError): void;
}

/** Films wait here for the classifier and go through it one at a time, in their order. */
export class Queue {
  #classify: ((file: File) => Promise<Report>) | null = null;
  #waiting: Row[] = [];
  #finished: Row[] = [];
  #total = 0;
  #running = false;
  #cancelled = 0;
  readonly #events: QueueEvents;

  constructor(events: QueueEvents) {
    this.#events = events;
  }

  /** The classifier is loaded: what waits may start. */
  open(classify: (file: File) => Promise<Report>): void {
    this.#classify = classify;
    void this.#run();
  }

  add(rows: Row[]): void {
    this.#waiting.push(...rows);
    this.#total += rows.length;
    void this.#run();
  }

  /** Drops what waits; the film that is being worked on is finished, as it takes no time. */
  cancel(): void {
    for (const row of this.#waiting) row.cancelled();
    this.#cancelled += this.#waiting.length;
    this.#total -= this.#waiting.length;
    this.#waiting = [];
    if (!this.#running) this.#end();
  }

  async #run(): Promise<void> {
    if (this.#running || !this.#classify) return;
    this.#running = true;
    for (let row = this.#waiting.shift(); row; row = this.#waiting.shift()) {
      this.#events.onProgress(this.#finished.length + 1, this.#total, row);
      row.working();
      try {
        row.done(await this.#classify(row.file));
      } catch (error) {
        row.failed(error);
        if (error instanceof PleuraError) this.#break(error);
      }
      this.#finished.push(row);
    }
    this.#running = false;
    this.#end();
  }

  #break(error: PleuraError): void {
    // Faults of a file are in its report; what is thrown is the end of the worker or of the module.
    this.#classify = () => Promise.reject(error);
    this.#events.onBroken(error);
  }

  #end(): void {
    if (this.#total === 0 && this.#cancelled === 0) return;
    const [rows, cancelled] = [this.#finished, this.#cancelled];
    this.#finished = [];
    this.#total = this.#cancelled = 0;
    this.#events.onEnd(rows, cancelled);
  }
}
