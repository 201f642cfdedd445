// The classifier on the calling thread.
import { bytesOf, floatsOf } from './arrays.js';
import { inBatch, type BatchOptions, type Films } from './batch.js';
import { PleuraError, type PlainError } from './errors.js';
import { sha256 } from './digest.js';
import { open, readAll } from './fetch.js';
import { checked, checkedDicom, checkProfile, nameOf, toView, viewOf } from './film.js';
import { MAX_MODEL_BYTES, modelTooLarge } from './limits.js';
import type { LabelledFilm, Learning, LearnOptions } from './learning.js';
import { compile, createCore, type Core } from './module.js';
import type { Fetched, Prepared } from './protocol.js';
import { loadFaster, threadsFor } from './threads.js';
import { chooseTier, type Tier } from './tier.js';
import type {
  Answer,
  Bytes,
  ClassifyOptions,
  DicomFiles,
  DicomOptions,
  Embedded,
  Film,
  LoadOptions,
  ModelInfo,
  Pleura,
  Report,
} from './types.js';

/** What JavaScript's callers may get wrong; the rest is checked where it is used. */
export function checkLoad(options: LoadOptions): void {
  if (typeof options !== 'object' || options === null) throw new PleuraError('argument', 'Options are given as an object.');
  const { onProgress } = options;
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new PleuraError('argument', 'What is to be told of progress is a function.');
  }
}

/** With the model's bytes as they are now: what its SHA-256 is of is what is loaded, whatever becomes of them. */
export function taken<Options extends LoadOptions>(options: Options): Options {
  checkLoad(options);
  const own = bytesOf(options.model);
  return own && own.byteLength <= MAX_MODEL_BYTES ? { ...options, model: own.slice() } : options;
}

/** The model where it was given itself, and not its address. */
export const given = (model: LoadOptions['model']) => within(bytesOf(model));

function within<T extends Uint8Array | null>(onnx: T): T {
  if (onnx && onnx.byteLength > MAX_MODEL_BYTES) throw modelTooLarge(onnx.byteLength);
  return onnx;
}

export async function modelBytes({ model, onProgress }: LoadOptions): Promise<Uint8Array> {
  return given(model) ?? within(await readModel(model as URL | string, onProgress));
}

async function readModel(model: URL | string, onProgress: LoadOptions['onProgress']): Promise<Uint8Array> {
  if (!(model instanceof URL) && typeof model !== 'string') {
    throw new PleuraError('argument', 'The model is given as bytes or as a URL.');
  }
  return readAll(await open(model), (loaded, total) => onProgress?.({ stage: 'model', loaded, total }));
}

/** For all workers: one copy where memory can be shared; elsewhere each is sent its own. */
export async function shared(bytes: Uint8Array): Promise<Fetched> {
  const digest = sha256(bytes); // goes on while they are copied
  let model = bytes;
  if (typeof SharedArrayBuffer === 'function') {
    model = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
    model.set(bytes);
  }
  return { model, sha256: await digest };
}

/** On the calling thread. */
export async function load(options: LoadOptions): Promise<Pleura> {
  return loadLocal(taken(options), Alone);
}

type Kind<P> = new (core: Core, tier: Tier, threads: number, wasm: URL | string | undefined) => P;

export async function loadLocal<P>(options: LoadOptions & Prepared, Kind: Kind<P>): Promise<P> {
  checkLoad(options);
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
    return new Kind(core, tier, threads, options.wasm);
  } catch (error) {
    core.dispose();
    throw error;
  }
}

/** What a worker needs: batches are kept by the side that asks. */
export class LocalPleura implements Omit<Pleura, 'classifyAll'> {
  readonly tier: Tier;
  readonly threads: number;
  readonly version;
  info;
  csvHeader;
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
    const { result, json, csv } = await this.#judge(bytes, options, false);
    return { result, json, csv };
  }

  async embed(bytes: Bytes, options: ClassifyOptions = {}): Promise<Embedded> {
    return this.#judge(bytes, options, true);
  }

  async learn(films: readonly LabelledFilm[], options: LearnOptions): Promise<Learning> {
    const base = this.#core.profile();
    return (await this.#learner()).learn(base, films, options);
  }

  async applyProfile(profile: string | null): Promise<ModelInfo> {
    checkProfile(profile ?? '');
    this.#core.applyProfile(profile);
    this.info = this.#core.info();
    this.csvHeader = this.#core.csvHeader();
    return this.info;
  }

  async exportOnnx(profile: string, model: ArrayBuffer | Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.#learner()).onnx(profile, model);
  }

  /** Its code too is fetched only when somebody learns. */
  async #learner() {
    const { Learner } = await import('./pleura-learner.js');
    return Learner.start(this.#wasm);
  }

  async #judge(bytes: Bytes, options: ClassifyOptions, embed: boolean): Promise<Embedded> {
    const chosen = checked(options);
    const { threshold = NaN, heatmap } = chosen;
    const name = nameOf(bytes, chosen);
    let film = viewOf(bytes);
    try {
      // Bytes that are here are taken before this returns: its caller may do with them what it likes.
      if (film instanceof Blob) film = await toView(film);
      const view = film;
      const judge = () => ({
        ...this.#core.classify(view, name, threshold, heatmap, embed),
        embedding: embed ? this.#core.embedding() : null,
      });
      const first = judge();
      return (await this.#codecsCame()) ? judge() : first;
    } catch (error) {
      // It cannot be read, or its decoders cannot be fetched: the film's fault, not the classifier's.
      if (error instanceof PleuraError && (error.code === 'file' || error.code === 'too_large')) {
        return { ...this.#core.fault(name, error), embedding: null };
      }
      throw error;
    }
  }

  /** The report of a film that was refused before it came here. */
  fault(name: string, { code, message }: PlainError): Report {
    return this.#core.fault(name, new PleuraError(code, message));
  }

  async dicom(bytes: Bytes, options: DicomOptions = {}): Promise<DicomFiles> {
    const { threshold = NaN, when, identity = false } = options;
    const view = viewOf(bytes);
    const film = view instanceof Blob ? await toView(view) : view;
    return this.#withCodecs(() => this.#core.dicom(film, threshold, moment(when ?? new Date()), identity));
  }

  async decode(bytes: Bytes): Promise<Film> {
    const view = viewOf(bytes);
    const film = view instanceof Blob ? await toView(view) : view;
    return this.#withCodecs(() => this.#core.decode(film));
  }

  async preprocess(bytes: Bytes): Promise<Float32Array<ArrayBuffer>> {
    const view = viewOf(bytes);
    const film = view instanceof Blob ? await toView(view) : view;
    return this.#withCodecs(() => this.#core.preprocess(film));
  }

  async run(tensor: Float32Array): Promise<Float32Array<ArrayBuffer>> {
    const floats = floatsOf(tensor);
    if (!floats) throw new PleuraError('argument', 'A Float32Array is needed.');
    return this.#core.run(floats);
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

class Alone extends LocalPleura implements Pleura {
  override async dicom(bytes: Bytes, options: DicomOptions = {}): Promise<DicomFiles> {
    return super.dicom(bytes, checkedDicom(options));
  }

  classifyAll(films: Films, options?: BatchOptions) {
    return inBatch((film, how) => this.report(film, how), 1, films, options);
  }
}

/** YYYYMMDDhhmmss in local time, as DICOM has it. */
function moment(when: Date): string {
  const local = new Date(when.getTime() - when.getTimezoneOffset() * 60_000);
  return local.toISOString().replace(/\D/g, '').slice(0, 14);
}
