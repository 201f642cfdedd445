import { loadPlainPool, type Bytes, type ClassifyOptions, type DicomFiles, type DicomOptions, type Embedded, type Film, type LabelledFilm, type Learning, type LearnOptions, type ModelInfo, type PoolOptions, type Report, type Tier } from 'pleura';

/** The classifier as the page uses it: one model, in as many workers as the machine has room for. */
export interface Engine {
  readonly info: ModelInfo;
  readonly tier: Tier;
  readonly version: string;
  readonly csvHeader: string;
  readonly workers: number;
  /** No worker will fetch its code later. */
  readonly started: Promise<void>;
  report(file: Bytes, options?: ClassifyOptions): Promise<Report>;
  dicom(file: Bytes, options?: DicomOptions): Promise<DicomFiles>;
  embed(file: Bytes, options?: ClassifyOptions & { signal?: AbortSignal }): Promise<Embedded>;
  learn(films: readonly LabelledFilm[], options: LearnOptions): Promise<Learning>;
  /** What it answers changes, and `info` with it. */
  applyProfile(profile: string | null): Promise<ModelInfo>;
  exportOnnx(profile: string, model: ArrayBuffer | Uint8Array): Promise<Uint8Array<ArrayBuffer>>;
  decode(file: Bytes): Promise<Film>;
  run(tensor: Float32Array): Promise<Float32Array>;
  preprocess(file: Bytes): Promise<Float32Array>;
  requests(): Promise<number>;
  dispose(): void;
}

export const start = (model: string | ArrayBuffer, how: Omit<PoolOptions, 'model'> = {}): Promise<Engine> => loadPlainPool({ model, ...how });

/**
 * Browsers compile code well only once it has run a few times: without this the first films take
 * several times as long. One run at a time, so that a film waits for one at the most.
 */
export async function warmUp(engine: Engine, runs = 4): Promise<void> {
  const { channels, height, width } = engine.info.input;
  for (; runs > 0; runs--) await engine.run(new Float32Array(channels * height * width));
}
