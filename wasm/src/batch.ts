import { PleuraError } from './errors.js';
import { checked } from './film.js';
import { checkSignal } from './signal.js';
import type { Bytes, ClassifyOptions, Report } from './types.js';

export interface BatchOptions extends Omit<ClassifyOptions, 'name'> {
  /** Ends the batch: what waits is dropped, and the iteration throws the signal's reason. */
  signal?: AbortSignal;
  /** Reports in the films' order; otherwise in that of their completion, which waits for no slow film. */
  ordered?: boolean;
}

export type BatchItem = {
  /** 0, 1, ... in the order in which the films came. */
  index: number;
  film: Bytes;
} & (
  | { report: Report; error?: undefined }
  /** Not a fault of the film, which would be in its report: its worker died or took too long. */
  | { report?: undefined; error: PleuraError }
);

/** Any source of films; a ReadableStream, too, where the browser iterates over none by itself. */
export type Films = Iterable<Bytes> | AsyncIterable<Bytes> | ReadableStream<Bytes>;
type Ask = (film: Bytes, options: ClassifyOptions & { signal: AbortSignal }) => Promise<Report>;

/**
 * Keeps `width` films between the source and the consumer: whichever of the two is slow, no more are
 * read, so that a batch of any length needs the memory of a few films.
 */
export async function* inBatch(
  ask: Ask,
  width: number,
  films: Films,
  batchOptions: BatchOptions = {},
): AsyncGenerator<BatchItem, void, void> {
  const { signal, ordered = false, ...options } = checked(batchOptions);
  const batch = new Batch(ask, sourceOf(films), options);
  checkSignal(signal);
  const abort = () => batch.stop(signal!.reason);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  try {
    for (let given = 0; ; ) {
      if (batch.stopped) throw batch.stopped.reason;
      if (batch.begun - given < width) batch.pull();
      const item = batch.take(ordered ? given : null);
      if (item) {
        given++;
        yield item;
      } else if (batch.ended && batch.begun === given) {
        return;
      } else {
        await batch.change();
      }
    }
  } finally {
    signal?.removeEventListener?.('abort', abort);
    batch.stop(new PleuraError('disposed', 'The batch was ended.'));
  }
}

function sourceOf(films: Films): Iterator<Bytes> | AsyncIterator<Bytes> {
  if (typeof films === 'object' && films !== null) {
    if (Symbol.asyncIterator in films) return films[Symbol.asyncIterator]();
    if (Symbol.iterator in films) return films[Symbol.iterator]();
    if ('getReader' in films) return drained(films);
  }
  throw new PleuraError('argument', 'Films come from an iterable, an asynchronous one, or a stream.');
}

async function* drained(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes, void, void> {
  const reader = stream.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel();
  }
}

class Batch {
  begun = 0;
  ended = false;
  stopped: { reason: unknown } | null = null;
  readonly #ask: Ask;
  readonly #options: ClassifyOptions;
  readonly #source: Iterator<Bytes> | AsyncIterator<Bytes>;
  readonly #abort = new AbortController();
  readonly #done: BatchItem[] = [];
  #pulling = false;
  // A callback and no Promise.race(): that would hold every item for as long as the batch lasts.
  #wake = () => {};

  constructor(ask: Ask, source: Iterator<Bytes> | AsyncIterator<Bytes>, options: ClassifyOptions) {
    this.#ask = ask;
    this.#options = options;
    this.#source = source;
  }

  /** Asks the source for a film, unless it is being asked. */
  async pull(): Promise<void> {
    if (this.#pulling || this.ended) return;
    this.#pulling = true;
    try {
      const { done, value } = await this.#source.next();
      if (done) this.ended = true;
      else if (!this.stopped) void this.#begin(this.begun++, value);
    } catch (reason) {
      this.ended = true; // it cannot be asked again
      this.stop(reason);
    }
    this.#pulling = false;
    this.#wake();
  }

  /** A film that is through: that of an index, or any. */
  take(index: number | null): BatchItem | undefined {
    const at = index === null ? 0 : this.#done.findIndex((item) => item.index === index);
    return at < 0 ? undefined : this.#done.splice(at, 1)[0];
  }

  change(): Promise<void> {
    return new Promise((done) => (this.#wake = done));
  }

  stop(reason: unknown): void {
    if (this.stopped) return;
    this.stopped = { reason };
    this.#abort.abort(reason);
    if (!this.ended) void (async () => this.#source.return?.())().catch(() => {});
    this.#wake();
  }

  async #begin(index: number, film: Bytes): Promise<void> {
    try {
      const report = await this.#ask(film, { ...this.#options, signal: this.#abort.signal });
      this.#done.push({ index, film, report });
    } catch (error) {
      if (error instanceof PleuraError && error.code !== 'argument' && error.code !== 'disposed') {
        this.#done.push({ index, film, error });
      } else {
        this.stop(error); // the caller's mistake, or the end of the pool
      }
    }
    this.#wake();
  }
}
