import { PleuraError } from './errors.js';
import { builtin } from './node.js';

/** Bytes that a server is believed to have before they are here. */
const MOST_AT_ONCE = 134_217_728;

interface NodeFiles {
  readFile(path: URL): Promise<Uint8Array<ArrayBuffer>>;
}

/** What is relative is so to the page. */
export function toUrl(where: URL | string): URL {
  try {
    return new URL(where, (globalThis as { location?: Location }).location?.href);
  } catch {
    throw new PleuraError('argument', `"${String(where)}" is not a URL.`);
  }
}

/** The same of a folder, whose files are then relative to it: with or without its last slash. */
export function folderUrl(where: URL | string): URL {
  const url = new URL(toUrl(where));
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/** As a worker can be told it, whose own URL is another than the page's; what is no URL stays as it is. */
export const sendable = <T>(where: T): T | string => (typeof where === 'string' || where instanceof URL ? toUrl(where).href : where);

/** The response, or for a file: URL in Node its bytes. */
export async function open(where: URL | string): Promise<Response> {
  const url = toUrl(where);
  const files = url.protocol === 'file:' ? builtin<NodeFiles>('node:fs/promises') : undefined;
  try {
    if (files) return new Response(await files.readFile(url));
    const response = await fetch(url, { credentials: 'same-origin' });
    if (response.ok) return response;
    throw new Error(`the server answered ${response.status}`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new PleuraError('file', `${url.href} cannot be read: ${why}.`, { cause });
  }
}

/** The whole body, telling how far it is. */
export async function readAll(
  response: Response,
  onProgress?: (loaded: number, total: number | null) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  // With an encoding, the length is that of the compressed bytes, which are not what arrives here.
  const length = response.headers.get('Content-Encoding') ? null : response.headers.get('Content-Length');
  const total = length === null ? null : Number(length);
  // Written where it stays, if its length is known: a large model should not be there twice. Else it is put
  // together once at the end.
  const whole = new Uint8Array(total !== null && total >= 0 && total <= MOST_AT_ONCE ? total : 0);
  const more: Uint8Array[] = [];
  let loaded = 0;
  try {
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      const { value } = part;
      if (loaded + value.byteLength <= whole.byteLength) whole.set(value, loaded);
      else more.push(value);
      loaded += value.byteLength;
      onProgress?.(loaded, total);
    }
  } catch (cause) {
    throw new PleuraError('file', `The connection broke after ${loaded} bytes of ${response.url}.`, { cause });
  }
  if (loaded === whole.byteLength) return whole;
  const all = new Uint8Array(loaded);
  let at = loaded;
  for (const part of more.reverse()) all.set(part, (at -= part.byteLength));
  all.set(whole.subarray(0, at));
  return all;
}
