import type { PlainError } from './errors.js';
import type { LabelledFilm, Learning, LearnOptions } from './learning.js';
import type { Tier } from './tier.js';
import type { Bytes, ClassifyOptions, DicomFiles, DicomOptions, Embedded, Film, LoadOptions, ModelInfo, Progress, Report } from './types.js';

/** What a pool hands to its workers, so that none of them fetches anything for itself. */
export interface Prepared {
  module?: WebAssembly.Module;
  /** Of the model. */
  sha256?: string | undefined;
  /** To be applied at once. */
  profile?: string | null;
}

/** What the page may ask of the worker, and what it answers. */
export interface Methods {
  /** Fetches the code of a tier that load() will need. */
  prepare(tier: Tier): void;
  /** Fetches a model for all workers of a pool. */
  fetch(model: LoadOptions['model']): Fetched;
  load(options: Omit<LoadOptions, 'onProgress'> & Prepared): Loaded;
  report(bytes: Bytes, options: ClassifyOptions): Report;
  embed(bytes: Bytes, options: ClassifyOptions): Embedded;
  learn(films: readonly LabelledFilm[], options: LearnOptions): Learning;
  apply(profile: string | null): Applied;
  onnx(profile: string, model: ArrayBuffer | Uint8Array): Uint8Array<ArrayBuffer>;
  /** The report of a film that was refused before it was sent. */
  fault(name: string, error: PlainError): Report;
  dicom(bytes: Bytes, options: DicomOptions): DicomFiles;
  decode(bytes: Bytes): Film;
  preprocess(bytes: Bytes): Float32Array<ArrayBuffer>;
  run(tensor: Float32Array): Float32Array<ArrayBuffer>;
  requests(): number;
}

/** A model and its SHA-256. */
export interface Fetched {
  model: Uint8Array;
  sha256: string | undefined;
}

/** What changes with a profile. */
export interface Applied {
  info: ModelInfo;
  csvHeader: string;
}

export interface Loaded extends Applied {
  tier: Tier;
  threads: number;
  version: string;
}

export type Method = keyof Methods;

export type Request = {
  [M in Method]: { id: number; method: M; args: Parameters<Methods[M]> };
}[Method];

export type Reply =
  | { id: number; progress: Progress }
  | { id: number; value: ReturnType<Methods[Method]> }
  | { id: number; error: PlainError };
