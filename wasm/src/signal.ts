import { PleuraError } from './errors.js';

export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw new PleuraError('argument', 'What ends the work is an AbortSignal.');
  }
}
