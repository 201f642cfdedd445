import { PleuraError } from './errors.js';
import { nameOf } from './film.js';
import type { Loaded, Method, Methods } from './protocol.js';
import type { Answer, Bytes, ClassifyOptions, Film, Pleura, Report } from './types.js';

/** A classifier that runs elsewhere: in one worker, or in several. */
export interface WorkerPleura extends Pleura {
  /** How many network requests the workers have made since load: 0, and tests hold them to that. */
  requests(): Promise<number>;
}

/** Everything of it but the way that a question takes. */
export abstract class Remote implements WorkerPleura {
  readonly tier;
  readonly threads;
  readonly version;
  readonly info;
  readonly csvHeader;

  constructor({ tier, threads, version, info, csvHeader }: Loaded) {
    this.tier = tier;
    this.threads = threads;
    this.version = version;
    this.info = info;
    this.csvHeader = csvHeader;
  }

  protected abstract ask<M extends Method>(
    method: M,
    args: Parameters<Methods[M]>,
    signal?: AbortSignal,
  ): Promise<ReturnType<Methods[M]>>;

  abstract requests(): Promise<number>;
  abstract dispose(): void;

  async classify(bytes: Bytes, options: ClassifyOptions = {}): Promise<Answer> {
    const { result } = await this.report(bytes, options);
    if (result.error) throw new PleuraError(result.error.code, result.error.message);
    return result;
  }

  report(bytes: Bytes, options: ClassifyOptions & { signal?: AbortSignal } = {}): Promise<Report> {
    const { signal, ...rest } = options;
    // The name is taken here: a File arrives in Node's workers as a Blob.
    return this.ask('report', [whole(bytes), { ...rest, name: nameOf(bytes, rest) }], signal);
  }

  decode(bytes: Bytes): Promise<Film> {
    return this.ask('decode', [whole(bytes)]);
  }

  preprocess(bytes: Bytes): Promise<Float32Array<ArrayBuffer>> {
    return this.ask('preprocess', [whole(bytes)]);
  }

  run(tensor: Float32Array): Promise<Float32Array<ArrayBuffer>> {
    return this.ask('run', [tensor]);
  }
}

/** A view is sent with all of the memory that lies around it: a copy of the view alone is less. */
function whole(bytes: Bytes): Bytes {
  return bytes instanceof Uint8Array && bytes.byteLength < bytes.buffer.byteLength ? bytes.slice() : bytes;
}
