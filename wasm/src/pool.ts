import { inBatch, type BatchOptions, type Films } from './batch.js';
import { PleuraError } from './errors.js';
import { Line } from './line.js';
import { folderUrl, sendable } from './fetch.js';
import { given, shared, taken } from './local.js';
import { compile } from './module.js';
import type { Applied, Fetched, Loaded, Method, Methods, Prepared } from './protocol.js';
import { Remote, type WorkerPleura } from './remote.js';
import { chooseTier, type Tier } from './tier.js';
import type { Answer, Bytes, ClassifyOptions, LoadOptions, Report } from './types.js';

export interface PoolOptions extends Omit<LoadOptions, 'threads'> {
  /** defaultWorkers() by default. */
  workers?: number;
  /** Milliseconds that one film may take before its worker is given up; 60,000 by default. */
  timeLimit?: number;
  /** Until it resolves the first worker starts, and neither module nor model is asked for: a page's first paint, say. */
  after?: Promise<unknown>;
  /** Where "pleura/worker" is, if a bundler cannot find it by itself; of the page's own origin. */
  worker?: URL | string;
  /** Starts a worker that runs it, for what a URL cannot say. */
  startWorker?: () => Worker;
}

export interface PoolClassifyOptions extends ClassifyOptions {
  /**
   * Rejects with the signal's reason at once. A film that waits is dropped; one that a worker has
   * begun is let finish, and its result is thrown away.
   */
  signal?: AbortSignal;
}

export interface Pool extends WorkerPleura {
  readonly workers: number;
  /** Films that wait or are being worked on. */
  readonly pending: number;
  /** All workers have started, so that none will fetch its code later. Films need not wait for it. */
  readonly started: Promise<void>;
  classify(bytes: Bytes, options?: PoolClassifyOptions): Promise<Answer>;
  report(bytes: Bytes, options?: PoolClassifyOptions): Promise<Report>;
  /** Resolves when nothing is pending. */
  idle(): Promise<void>;
}

/**
 * One for each processor but the one that the page itself needs; of two, both, since the page needs
 * little of its own (1.83 x the films of one worker, bench/README.md). At most 4: each holds the
 * network's weights again, and phones with 8 processors have 4 fast ones.
 */
export function defaultWorkers(): number {
  const { hardwareConcurrency = 1 } = globalThis.navigator ?? {};
  return Math.min(hardwareConcurrency <= 2 ? hardwareConcurrency : hardwareConcurrency - 1, 4);
}

/**
 * load(), in several workers. The module and the model are fetched once. It resolves when the first
 * worker can classify; each of the others takes up the model, and its memory, when films first queue.
 */
export async function loadPool(options: PoolOptions): Promise<Pool> {
  return loadSeats(options, BatchPool);
}

/** The same without classifyAll(), and 0.6 KB less of it, for who queues films by themselves. */
export async function loadPlainPool(options: PoolOptions): Promise<Omit<Pool, 'classifyAll'>> {
  return loadSeats(options, PlainPool);
}

async function loadSeats<P>(options: PoolOptions, Kind: new (...parts: ConstructorParameters<typeof PlainPool>) => P): Promise<P> {
  options = taken(options);
  const { workers = defaultWorkers(), timeLimit = 60_000, after, startWorker, worker, onProgress, wasm } = options;
  if (!Number.isInteger(workers) || workers < 1 || workers > 64) {
    throw new PleuraError('argument', `A pool has 1 to 64 workers, not ${String(workers)}.`);
  }
  if (typeof timeLimit !== 'number' || !(timeLimit > 0)) {
    throw new PleuraError('argument', `A time limit is a number of milliseconds, not ${String(timeLimit)}.`);
  }
  const tier = chooseTier(options.tier);
  const openLine = () => new Line(startWorker ? startWorker() : worker);
  const first = new Seat(tier, openLine);
  try {
    await after;
    const own = given(options.model);
    const model = sendable(options.model);
    const compiled = compile(tier, wasm).then((module) => {
      onProgress?.({ stage: 'module', loaded: 1, total: 1 });
      return module;
    });
    const read = own ? shared(own) : first.fetch(model, onProgress);
    const [module, fetched] = await Promise.all([compiled, read]);
    // The workers' own address is another than ours, and films may need more from that folder.
    const folder = wasm === undefined ? {} : { wasm: folderUrl(wasm).href };
    const kit = { tier, module, ...fetched, ...folder };
    const loaded = await first.load(kit);
    const others = Array.from({ length: workers - 1 }, () => new Seat(tier, openLine));
    return new Kind(loaded, kit, [first, ...others], timeLimit, openLine);
  } catch (error) {
    first.close(new PleuraError('disposed', 'The pool was not loaded.'));
    throw error;
  }
}

type Kit = Omit<LoadOptions, 'onProgress' | 'threads'> & Prepared & { tier: Tier };

/** A worker's place in the pool. Its code is fetched at once; the model comes when there is work. */
class Seat {
  readonly prepared: Promise<void>;
  readonly #line: Line;
  #state: 'cold' | 'loading' | 'free' | 'busy' = 'cold';
  #profile: string | null = null;

  constructor(tier: Tier, openLine: () => Line) {
    this.#line = openLine();
    this.prepared = this.#line.ask('prepare', [tier]);
    this.prepared.catch(() => {}); // load() meets the same fault
  }

  /** A worker that died is no longer any of these. */
  is(state: 'cold' | 'loading' | 'free'): boolean {
    return this.#state === state && !this.closed;
  }

  get closed(): PleuraError | null {
    return this.#line.closed;
  }

  fetch(model: LoadOptions['model'], onProgress: LoadOptions['onProgress']): Promise<Fetched> {
    return this.#line.ask('fetch', [model], onProgress);
  }

  async load(kit: Kit): Promise<Loaded> {
    this.#state = 'loading';
    const loaded = await this.#line.ask('load', [kit]);
    this.#profile = kit.profile ?? null;
    this.#state = 'free';
    return loaded;
  }

  /** `profile`: what the pool answers with by now; a worker takes it up when it next has work. */
  async run(job: Job, timeLimit: number, profile: string | null): Promise<unknown> {
    this.#state = 'busy';
    const end = () => {
      this.close(new PleuraError('timeout', `The worker was stopped: it had not answered after ${timeLimit} ms.`));
    };
    const timer = timeLimit < 2 ** 31 ? setTimeout(end, timeLimit) : undefined; // the most that a timer takes
    try {
      if (job.method === 'apply') [profile] = job.args as [string | null];
      else if (profile !== this.#profile) await this.#line.ask('apply', [profile]);
      const answer = await this.#line.ask(job.method, job.args as never);
      this.#profile = profile;
      return answer;
    } catch (error) {
      // The module stopped: nothing that this worker says afterwards can be trusted.
      if (error instanceof PleuraError && error.code === 'internal') this.close(error);
      throw error;
    } finally {
      clearTimeout(timer);
      this.#state = 'free';
    }
  }

  requests(): Promise<number> {
    return this.#line.ask('requests', []);
  }

  close(error: PleuraError): void {
    this.#line.close(error);
  }
}

interface Job {
  method: Method;
  args: unknown[];
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

class PlainPool extends Remote implements Omit<Pool, 'classifyAll'> {
  readonly workers: number;
  readonly started: Promise<void>;
  #kit: Kit;
  readonly #timeLimit: number;
  readonly #openLine: () => Line;
  #seats: Seat[];
  #queue: Job[] = [];
  #running = 0;
  #idle: (() => void)[] = [];
  #broken: PleuraError | null = null;

  constructor(loaded: Loaded, kit: Kit, seats: Seat[], timeLimit: number, openLine: () => Line) {
    super(loaded);
    this.workers = seats.length;
    this.started = Promise.all(seats.map(({ prepared }) => prepared)).then(() => {});
    this.started.catch(() => {});
    this.#kit = kit;
    this.#seats = seats;
    this.#timeLimit = timeLimit;
    this.#openLine = openLine;
  }

  get pending(): number {
    return this.#queue.length + this.#running;
  }

  idle(): Promise<void> {
    return this.pending === 0 ? Promise.resolve() : new Promise((done) => this.#idle.push(done));
  }

  async requests(): Promise<number> {
    if (this.#broken) throw this.#broken;
    // One that is dead or dies has no more to say.
    const counts = await Promise.all(this.#seats.map((seat) => seat.requests().catch(() => 0)));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** One worker checks it; the others take it up when they next have work. */
  protected override async apply(profile: string | null): Promise<Applied> {
    const applied = await super.apply(profile);
    this.#kit = { ...this.#kit, profile };
    return applied;
  }

  dispose(): void {
    this.#end(new PleuraError('disposed', 'This classifier was disposed of.'));
  }

  protected ask<M extends Method>(
    method: M,
    args: Parameters<Methods[M]>,
    signal?: AbortSignal,
  ): Promise<ReturnType<Methods[M]>> {
    if (this.#broken) return Promise.reject(this.#broken);
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const job: Job = { method, args, resolve: resolve as (value: unknown) => void, reject };
      if (signal) this.#heed(signal, job);
      this.#queue.push(job);
      this.#pump();
    });
  }

  #heed(signal: AbortSignal, job: Job): void {
    const { resolve, reject } = job;
    const abort = () => {
      reject(signal.reason);
      this.#queue = this.#queue.filter((other) => other !== job);
      this.#tell();
    };
    signal.addEventListener('abort', abort, { once: true });
    const settled = <T>(settle: (value: T) => void) => (value: T) => {
      signal.removeEventListener('abort', abort);
      settle(value);
    };
    job.resolve = settled(resolve);
    job.reject = settled(reject);
  }

  /** Gives what waits to the workers that are free, and wakes as many more as it could use. */
  #pump(): void {
    this.#seats = this.#seats.map((seat) => (seat.closed ? new Seat(this.#kit.tier, this.#openLine) : seat));
    for (const seat of this.#seats) {
      if (this.#queue.length === 0) break;
      if (seat.is('free')) void this.#run(seat, this.#queue.shift()!);
    }
    let wanted = this.#queue.length - this.#seats.filter((seat) => seat.is('loading')).length;
    for (const seat of this.#seats) {
      if (wanted <= 0) break;
      if (!seat.is('cold')) continue;
      void this.#wake(seat);
      wanted--;
    }
  }

  async #run(seat: Seat, job: Job): Promise<void> {
    this.#running++;
    try {
      job.resolve(await seat.run(job, this.#timeLimit, this.#kit.profile ?? null));
    } catch (error) {
      job.reject(error);
    }
    this.#running--;
    if (!this.#broken) this.#pump();
    this.#tell();
  }

  /** A worker that cannot be had is done without, as long as there is another. */
  async #wake(seat: Seat): Promise<void> {
    try {
      await seat.load(this.#kit);
    } catch (error) {
      if (this.#broken) return;
      const fault = error instanceof PleuraError ? error : new PleuraError('worker', String(error));
      seat.close(fault);
      this.#seats = this.#seats.filter((other) => other !== seat);
      if (this.#seats.length === 0) this.#end(fault);
    }
    if (!this.#broken) this.#pump();
  }

  #tell(): void {
    if (this.pending > 0) return;
    for (const done of this.#idle.splice(0)) done();
  }

  #end(error: PleuraError): void {
    if (this.#broken) return;
    this.#broken = error;
    for (const seat of this.#seats) seat.close(error);
    for (const { reject } of this.#queue.splice(0)) reject(error);
    this.#tell();
  }
}

class BatchPool extends PlainPool implements Pool {
  classifyAll(films: Films, options?: BatchOptions) {
    // Twice as many, so that each worker finds its next film waiting.
    return inBatch((film, how) => this.report(film, how), 2 * this.workers, films, options);
  }
}
