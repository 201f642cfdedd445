import { PleuraError } from './errors.js';
import { MAX_BYTES, tooLarge } from './module.js';
import type { Bytes, ClassifyOptions } from './types.js';

/** The name for the report: the one that is given, or a File's own. */
export function nameOf(bytes: Bytes, { name }: ClassifyOptions): string {
  return name ?? (typeof File === 'function' && bytes instanceof File ? bytes.name : '');
}

export async function toView(bytes: Bytes): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return bytes;
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  if (bytes instanceof Blob) {
    // Before the whole of it is read into memory.
    if (bytes.size > MAX_BYTES) throw tooLarge(bytes.size);
    try {
      return new Uint8Array(await bytes.arrayBuffer());
    } catch (cause) {
      // A folder, a file that is gone or changed since it was chosen, or one that may not be read.
      throw new PleuraError('file', 'The file cannot be read.', { cause });
    }
  }
  throw new PleuraError('argument', 'A film is given as an ArrayBuffer, a Uint8Array or a Blob.');
}
