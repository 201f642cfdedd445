import { floatsOf } from './arrays.js';
import { PleuraError, toPlain } from './errors.js';
import { checked, checkedDicom, checkProfile, nameOf, viewOf } from './film.js';
import type { LabelledFilm, Learning, LearnOptions } from './learning.js';
import { MAX_BYTES, tooLarge, wrongInput } from './limits.js';
import type { Applied, Loaded, Method, Methods } from './protocol.js';
import { checkSignal } from './signal.js';
import type { Answer, Bytes, ClassifyOptions, DicomFiles, DicomOptions, Embedded, Film, ModelInfo, Pleura, Report } from './types.js';

type FilmOptions = ClassifyOptions & { signal?: AbortSignal };

/** A classifier that runs elsewhere: in one worker, or in several. */
export interface WorkerPleura extends Pleura {
  /** How many network requests the workers have made since load: 0, and tests hold them to that. */
  requests(): Promise<number>;
}

/** Everything of it but the way that a question takes, and batches, which not everyone needs. */
export abstract class Remote implements Omit<WorkerPleura, 'classifyAll'> {
  readonly tier;
  readonly threads;
  readonly version;
  info;
  csvHeader;

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

  async report(bytes: Bytes, options: FilmOptions = {}): Promise<Report> {
    return this.#judge('report', bytes, options);
  }

  async embed(bytes: Bytes, options: FilmOptions = {}): Promise<Embedded> {
    return { embedding: null, ...(await this.#judge('embed', bytes, options)) };
  }

  async #judge(method: 'report' | 'embed', bytes: Bytes, options: FilmOptions): Promise<Report> {
    const { signal, ...rest } = checked(options) as typeof options;
    checkSignal(signal);
    const film = viewOf(bytes);
    // The name is taken here: a File arrives in Node's workers as a Blob.
    const name = nameOf(bytes, rest);
    if (sizeOf(film) > MAX_BYTES) return this.ask('fault', [name, toPlain(tooLarge(sizeOf(film)))], signal);
    return this.ask(method, [alone(film), { ...rest, name }], signal);
  }

  async learn(films: readonly LabelledFilm[], options: LearnOptions): Promise<Learning> {
    const { toSend } = await import('./pleura-labelled.js');
    return this.ask('learn', [toSend(films, options), options]);
  }

  async exportOnnx(profile: string, model: ArrayBuffer | Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const { checkExport } = await import('./pleura-labelled.js');
    return this.ask('onnx', checkExport(profile, model));
  }

  async applyProfile(profile: string | null): Promise<ModelInfo> {
    checkProfile(profile ?? '');
    const { info, csvHeader } = await this.apply(profile);
    this.info = info;
    this.csvHeader = csvHeader;
    return info;
  }

  protected apply(profile: string | null): Promise<Applied> {
    return this.ask('apply', [profile]);
  }

  async dicom(bytes: Bytes, options: DicomOptions = {}): Promise<DicomFiles> {
    const chosen = checkedDicom(options);
    return this.ask('dicom', [small(bytes), chosen]);
  }

  async decode(bytes: Bytes): Promise<Film> {
    return this.ask('decode', [small(bytes)]);
  }

  async preprocess(bytes: Bytes): Promise<Float32Array<ArrayBuffer>> {
    return this.ask('preprocess', [small(bytes)]);
  }

  async run(tensor: Float32Array): Promise<Float32Array<ArrayBuffer>> {
    const floats = floatsOf(tensor);
    if (!floats) throw new PleuraError('argument', 'A Float32Array is needed.');
    const { channels, height, width } = this.info.input;
    const wanted = channels * height * width;
    if (floats.length !== wanted) throw wrongInput(floats.length, wanted, this.info.labels.length);
    return this.ask('run', [floats.byteLength < floats.buffer.byteLength ? floats.slice() : floats]);
  }
}

const sizeOf = (film: Uint8Array | Blob): number => (film instanceof Blob ? film.size : film.byteLength);

/** A view is sent with all of the memory that lies around it: a copy of the view alone is less. */
export function alone(film: Uint8Array | Blob): Uint8Array | Blob {
  return film instanceof Blob || film.byteLength === film.buffer.byteLength ? film : film.slice();
}

/** A film that may be sent. */
function small(bytes: Bytes): Bytes {
  const film = viewOf(bytes);
  if (sizeOf(film) > MAX_BYTES) throw tooLarge(sizeOf(film));
  return alone(film);
}
