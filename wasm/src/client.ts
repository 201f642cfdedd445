import { PleuraError } from './errors.js';
import type { Loaded, Method, Methods, Reply, Request } from './protocol.js';
import type { Answer, Bytes, ClassifyOptions, LoadOptions, Pleura, Progress, Report } from './types.js';

export interface LoadInWorkerOptions extends LoadOptions {
  /** A worker that runs "pleura/worker", where the bundler cannot find it by itself. */
  worker?: Worker;
}

export interface WorkerPleura extends Pleura {
  /** How many network requests the worker has made since load: 0, and tests hold it to that. */
  requests(): Promise<number>;
}

/** load(), in a worker: the calling thread never waits for decoding or for the network. */
export async function loadInWorker(options: LoadInWorkerOptions): Promise<WorkerPleura> {
  const { worker = startWorker(), onProgress, ...rest } = options;
  const line = new Line(worker);
  try {
    // The worker's own URL is another than the page's: what is relative must be resolved here.
    const model = typeof rest.model === 'string' ? new URL(rest.model, location.href) : rest.model;
    const plain = { ...rest, model: model instanceof URL ? model.href : model };
    if (rest.wasm !== undefined) plain.wasm = new URL(rest.wasm, location.href).href;
    return new RemotePleura(line, await line.ask('load', [plain], onProgress));
  } catch (error) {
    line.close(new PleuraError('disposed', 'The classifier was not loaded.'));
    throw error;
  }
}

function startWorker(): Worker {
  if (typeof Worker !== 'function') {
    throw new PleuraError('worker', 'There are no web workers here: use load().');
  }
  // Written out like this because bundlers recognise this form.
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
}

interface Pending {
  resolve(value: never): void;
  reject(error: PleuraError): void;
  onProgress: ((progress: Progress) => void) | undefined;
}

/**
 * Questions to a worker and its answers, matched by number. Not Comlink, because a worker that dies
 * has to reject what is pending, and there it would stay pending for ever.
 */
class Line {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #closed: PleuraError | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#receive(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.close(new PleuraError('worker', `The worker stopped: ${event.message || 'its script could not be loaded'}.`));
    };
    worker.onmessageerror = () => {
      this.close(new PleuraError('worker', 'An answer of the worker could not be read.'));
    };
  }

  ask<M extends Method>(
    method: M,
    args: Parameters<Methods[M]>,
    onProgress?: (progress: Progress) => void,
  ): Promise<ReturnType<Methods[M]>> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      try {
        this.#worker.postMessage({ id, method, args } as Request);
      } catch (cause) {
        reject(new PleuraError('argument', 'What was given cannot be sent to a worker.', { cause }));
        return;
      }
      this.#pending.set(id, { resolve, reject, onProgress });
    });
  }

  close(error: PleuraError): void {
    if (this.#closed) return;
    this.#closed = error;
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #receive(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    if ('progress' in reply) {
      pending.onProgress?.(reply.progress);
      return;
    }
    this.#pending.delete(reply.id);
    if ('error' in reply) pending.reject(new PleuraError(reply.error.code, reply.error.message));
    else pending.resolve(reply.value as never);
  }
}

class RemotePleura implements WorkerPleura {
  readonly tier;
  readonly version;
  readonly info;
  readonly csvHeader;
  readonly #line: Line;

  constructor(line: Line, { tier, version, info, csvHeader }: Loaded) {
    this.#line = line;
    this.tier = tier;
    this.version = version;
    this.info = info;
    this.csvHeader = csvHeader;
  }

  async classify(bytes: Bytes, options: ClassifyOptions = {}): Promise<Answer> {
    const { result } = await this.report(bytes, options);
    if (result.error) throw new PleuraError(result.error.code, result.error.message);
    return result;
  }

  report(bytes: Bytes, options: ClassifyOptions = {}): Promise<Report> {
    return this.#line.ask('report', [bytes, options]);
  }

  preprocess(bytes: Bytes): Promise<Float32Array<ArrayBuffer>> {
    return this.#line.ask('preprocess', [bytes]);
  }

  run(tensor: Float32Array): Promise<Float32Array<ArrayBuffer>> {
    return this.#line.ask('run', [tensor]);
  }

  requests(): Promise<number> {
    return this.#line.ask('requests', []);
  }

  dispose(): void {
    this.#line.close(new PleuraError('disposed', 'This classifier was disposed of.'));
  }
}
