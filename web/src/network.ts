import { isRequest } from 'pleura';

/**
 * Counts what the page itself fetches after `start()`; the worker counts its own. The browser's own
 * timeline of resources is asked, so that a request of any kind shows, whoever makes it. What sw.ts answers
 * from its copy is marked, and is none; what that has to fetch counts.
 */
export class Requests {
  #page = 0;
  #worker = 0;
  readonly #onChange: (count: number) => void;

  constructor(onChange: (count: number) => void) {
    this.#onChange = onChange;
  }

  start(): void {
    const since = performance.now();
    new PerformanceObserver((list) => {
      const fetched = list
        .getEntries()
        .map((entry) => entry as PerformanceResourceTiming)
        .filter((entry) => entry.startTime >= since && isRequest(entry));
      this.#page += fetched.length;
      this.#tell();
    }).observe({ type: 'resource' });
    this.#tell();
  }

  get count(): number {
    return this.#page + this.#worker;
  }

  set worker(count: number) {
    this.#worker = count;
    this.#tell();
  }

  #tell(): void {
    this.#onChange(this.count);
  }
}
