import type { PlainError } from './errors.js';
import type { Tier } from './tier.js';
import type { Bytes, ClassifyOptions, DicomFiles, DicomOptions, Film, LoadOptions, ModelInfo, Progress, Report } from './types.js';

/** What a pool hands to its workers, so that none of them fetches anything for itself. */
export interface Prepared {
  module?: WebAssembly.Module;
  /** Of the model. */
  sha256?: string | undefined;
}

/** What the page may ask of the worker, and what it answers. */
export interface Methods {
  /** Fetches the code of a tier that load() will need. */
  prepare(tier: Tier): void;
  load(options: Omit<LoadOptions, 'onProgress'> & Prepared): Loaded;
  report(bytes: Bytes, options: ClassifyOptions): Report;
  /** The report of a film that was refused before it was sent. */
  fault(name: string, error: PlainError): Report;
  dicom(bytes: Bytes, options: DicomOptions): DicomFiles;
  decode(bytes: Bytes): Film;
  preprocess(bytes: Bytes): Float32Array<ArrayBuffer>;
  run(tensor: Float32Array): Float32Array<ArrayBuffer>;
  requests(): number;
}

export interface Loaded {
  tier: Tier;
  threads: number;
  version: string;
  info: ModelInfo;
  csvHeader: string;
}

export type Method = keyof Methods;

export type Request = {
  [M in Method]: { id: number; method: M; args: Parameters<Methods[M]> };
}[Method];

export type Reply =
  | { id: number; progress: Progress }
  | { id: number; value: ReturnType<Methods[Method]> }
  | { id: number; error: PlainError };
