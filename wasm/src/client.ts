import { inBatch, type BatchOptions, type Films } from './batch.js';
import { PleuraError } from './errors.js';
import { folderUrl, sendable } from './fetch.js';
import { Line } from './line.js';
import type { Loaded, Method, Methods } from './protocol.js';
import { checkLoad, given } from './local.js';
import { alone, Remote, type WorkerPleura } from './remote.js';
import type { LoadOptions } from './types.js';

export interface LoadInWorkerOptions extends LoadOptions {
  /**
   * Where "pleura/worker" is, if a bundler cannot find it by itself (of the page's own origin), or a worker
   * that runs it.
   */
  worker?: URL | string | Worker;
}

/** load(), in a worker: the calling thread never waits for decoding or for the network. */
export async function loadInWorker(options: LoadInWorkerOptions): Promise<WorkerPleura> {
  checkLoad(options);
  const { worker, onProgress, ...rest } = options;
  const line = new Line(worker);
  try {
    const plain = { ...rest };
    const onnx = given(rest.model);
    plain.model = onnx ? (alone(onnx) as Uint8Array) : sendable(rest.model);
    if (rest.wasm !== undefined) plain.wasm = folderUrl(rest.wasm).href;
    return new RemotePleura(line, await line.ask('load', [plain], onProgress));
  } catch (error) {
    line.close(new PleuraError('disposed', 'The classifier was not loaded.'));
    throw error;
  }
}

class RemotePleura extends Remote implements WorkerPleura {
  readonly #line: Line;

  constructor(line: Line, loaded: Loaded) {
    super(loaded);
    this.#line = line;
  }

  protected ask<M extends Method>(method: M, args: Parameters<Methods[M]>): Promise<ReturnType<Methods[M]>> {
    return this.#line.ask(method, args);
  }

  classifyAll(films: Films, options?: BatchOptions) {
    // Two, so that the worker finds its next film waiting.
    return inBatch((film, how) => this.report(film, how), 2, films, options);
  }

  requests(): Promise<number> {
    return this.#line.ask('requests', []);
  }

  dispose(): void {
    this.#line.close(new PleuraError('disposed', 'This classifier was disposed of.'));
  }
}
