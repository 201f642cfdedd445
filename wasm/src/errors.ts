/**
 * Every code that C can report, with its number. The names are those of PLEURA_CODES in pleura.h;
 * tests/node/enums.test.mjs holds this list to what the module itself says.
 */
export const CODES = {
  argument: 1,
  memory: 2,
  file: 3,
  empty: 10,
  too_large: 11,
  format: 12,
  truncated: 13,
  corrupt: 14,
  unsupported_image: 15,
  onnx: 20,
  operator: 21,
  shape: 22,
  metadata: 23,
  model_too_large: 24,
  network: 30,
  internal: 31,
  too_few_films: 40,
  one_class: 41,
  no_embedding: 42,
  profile: 43,
  other_model: 44,
  no_better: 45,
} as const;

/** A fault that C describes: the same code and sentence as on the command line. */
export type CoreCode = keyof typeof CODES;

/**
 * A fault of this side: a call after dispose(), a worker that died or took too long, a browser that
 * cannot run the module or a module that cannot be had.
 */
export type HostCode = 'disposed' | 'worker' | 'timeout' | 'wasm';

export type PleuraErrorCode = CoreCode | HostCode;

export class PleuraError extends Error {
  override readonly name = 'PleuraError';
  readonly code: PleuraErrorCode;

  constructor(code: PleuraErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An error in the shape that crosses from a worker, where classes are lost. */
export interface PlainError {
  code: PleuraErrorCode;
  message: string;
}

export function toPlain(error: unknown): PlainError {
  if (error instanceof PleuraError) return { code: error.code, message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}
