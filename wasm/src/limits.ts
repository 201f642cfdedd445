// What is refused by its size: here as well as in C, so that no copy is made of it first. The sentences
// are C's; tests/node/boundary.test.mjs holds them to it.
import { PleuraError } from './errors.js';

/** PLEURA_DEFAULT_MAX_BYTES and PLEURA_MAX_MODEL_BYTES in pleura.h. */
export const MAX_BYTES = 134_217_728;
export const MAX_MODEL_BYTES = 1_073_741_824;

/** sizeof (pleura_error) */
export const ERROR_BYTES = 2004;

export const tooLarge = (size: number) =>
  new PleuraError('too_large', `The file has ${size} bytes; at most ${MAX_BYTES} are read.`);

export const modelTooLarge = (size: number) =>
  new PleuraError('model_too_large', `The model has ${size} bytes; at most ${MAX_MODEL_BYTES} are read.`);

export const wrongInput = (inputs: number, wanted: number, outputs: number) =>
  new PleuraError(
    'argument',
    `pleura_run: ${inputs} inputs and ${outputs} outputs; the network has ${wanted} and ${outputs}.`,
  );

export const outOfMemory = (size: number, what: string) =>
  new PleuraError('memory', `Out of memory: ${size} bytes for ${what}.`);
