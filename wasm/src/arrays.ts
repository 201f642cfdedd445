// What arrays really are. A subclass may say another length than it has, a buffer may be transferred
// while its views live on, or grow in another thread: what is copied into the module's memory is
// measured by the engine's own getters, on views of a fixed length.
import { PleuraError } from './errors.js';

const getter = (of: object, name: PropertyKey) => Object.getOwnPropertyDescriptor(of, name)!.get!;

const views = Object.getPrototypeOf(Uint8Array.prototype) as object;
const kindOf = getter(views, Symbol.toStringTag);
const bufferOf = getter(views, 'buffer');
const offsetOf = getter(views, 'byteOffset');
const lengthOf = getter(views, 'length');
const sizeOf = getter(ArrayBuffer.prototype, 'byteLength');

/** The buffer, unless its bytes have gone to another owner. */
function present<B extends ArrayBufferLike>(buffer: B): B {
  try {
    new Uint8Array(buffer);
    return buffer;
  } catch (cause) {
    throw new PleuraError('argument', 'The array’s memory was transferred: it has no bytes any more.', { cause });
  }
}

/** The bytes of an ArrayBuffer or a Uint8Array, also of another page's; null for anything else. */
export function bytesOf(value: unknown): Uint8Array | null {
  if (kindOf.call(value) === 'Uint8Array') {
    return new Uint8Array(present(bufferOf.call(value)), offsetOf.call(value), lengthOf.call(value));
  }
  if (typeof value !== 'object') return null; // to fail below takes longer
  let size: number;
  try {
    size = sizeOf.call(value) as number;
  } catch {
    return null;
  }
  return new Uint8Array(present(value as ArrayBuffer), 0, size);
}

/** The same of a Float32Array. */
export function floatsOf(value: unknown): Float32Array | null {
  if (kindOf.call(value) !== 'Float32Array') return null;
  return new Float32Array(present(bufferOf.call(value)), offsetOf.call(value), lengthOf.call(value));
}
