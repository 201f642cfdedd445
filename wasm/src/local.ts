// The classifier on the calling thread.
import { PleuraError } from './errors.js';
import { sha256 } from './digest.js';
import { open, readAll } from './fetch.js';
import { nameOf, toView } from './film.js';
import { compile, createCore, type Core } from './module.js';
import type { Prepared } from './protocol.js';
import { loadFaster, threadsFor } from './threads.js';
import { chooseTier, type Tier } from './tier.js';
import type { Answer, Bytes, ClassifyOptions, Film, LoadOptions, Pleura, Report } from './types.js';

export async function modelBytes({ model, onProgress }: LoadOptions): Promise<Uint8Array> {
  if (model instanceof Uint8Array) return model;
  if (model instanceof ArrayBuffer) return new Uint8Array(model);
  if (!(model instanceof URL) && typeof model !== 'string') {
    throw new PleuraError('argument', 'The model is given as bytes or as a URL.');
  }
  return readAll(await open(model), (loaded, total) => onProgress?.({ stage: 'model', loaded, total }));
}

export async function load(options: LoadOptions & Prepared): Promise<Pleura> {
  const tier = chooseTier(options.tier);
  const { threads: wanted = 1 } = options;
  const most = threadsFor(wanted, tier);
  const build = most > 1 ? 'threads' : tier;
  const start = createCore(build, options.module ?? compile(build, options.wasm), most).then((core) => {
    options.onProgress?.({ stage: 'module', loaded: 1, total: 1 });
    return core;
  });
  // Side by side: the module and the model are the two halves of the waiting.
  const model = modelBytes(options).then(async (bytes) => ({ bytes, digest: options.sha256 ?? (await sha256(bytes)) }));
  const [core, { bytes, digest }] = await Promise.all([start, model]);
  try {
    let threads = most;
    if (wanted === 'auto' && most > 1) threads = loadFaster(core, bytes, most, digest);
    else core.loadModel(bytes, most, digest);
    return new LocalPleura(core, tier, threads, options.wasm);
  } catch (error) {
    core.dispose();
    throw error;
  }
}

class LocalPleura implements Pleura {
  readonly tier: Tier;
  readonly threads: number;
  readonly version;
  readonly info;
  readonly csvHeader;
  readonly #core: Core;
  readonly #wasm: URL | string | undefined;

  constructor(core: Core, tier: Tier, threads: number, wasm: URL | string | undefined) {
    this.#core = core;
    this.#wasm = wasm;
    this.tier = tier;
    this.threads = threads;
    this.version = core.version;
    this.info = core.info();
    this.csvHeader = core.csvHeader();
  }

  async classify(bytes: Bytes, options: ClassifyOptions = {}): Promise<Answer> {
    const { result } = await this.report(bytes, options);
    if (result.error) throw new PleuraError(result.error.code, result.error.message);
    return result;
  }

  async report(bytes: Bytes, options: ClassifyOptions = {}): Promise<Report> {
    const name = nameOf(bytes, options);
    const { threshold = null } = options;
    if (threshold !== null && !(threshold >= 0 && threshold <= 1)) {
      throw new PleuraError('argument', `The threshold is a number from 0 to 1, not ${String(threshold)}.`);
    }
    let view;
    try {
      view = await toView(bytes);
    } catch (error) {
      if (error instanceof PleuraError && error.code !== 'argument') return this.#core.fault(name, error);
      throw error;
    }
    const film = view;
    try {
      const report = this.#core.classify(film, name, threshold ?? NaN, options.heatmap);
      if (!(await this.#codecsCame())) return report;
      return this.#core.classify(film, name, threshold ?? NaN, options.heatmap);
    } catch (error) {
      // The decoders could not be fetched: that is this film's fault to report, not the classifier's.
      if (error instanceof PleuraError && error.code === 'file') return this.#core.fault(name, error);
      throw error;
    }
  }

  async decode(bytes: Bytes): Promise<Film> {
    const view = await toView(bytes);
    return this.#withCodecs(() => this.#core.decode(view));
  }

  async preprocess(bytes: Bytes): Promise<Float32Array<ArrayBuffer>> {
    const view = await toView(bytes);
    return this.#withCodecs(() => this.#core.preprocess(view));
  }

  async run(tensor: Float32Array): Promise<Float32Array<ArrayBuffer>> {
    if (!(tensor instanceof Float32Array)) throw new PleuraError('argument', 'A Float32Array is needed.');
    return this.#core.run(tensor);
  }

  dispose(): void {
    this.#core.dispose();
  }

  /** Whether the last film asked for the decoders, which are then here. */
  async #codecsCame(): Promise<boolean> {
    if (!this.#core.wantsCodecs) return false;
    await this.#core.loadCodecs(this.#wasm);
    return true;
  }

  async #withCodecs<T>(work: () => T): Promise<T> {
    try {
      return work();
    } catch (error) {
      if (!(await this.#codecsCame())) throw error;
      return work();
    }
  }
}
