/**
 * The page's service worker: keeps a copy of the page's own files, each checked by its SHA-256, and
 * answers from it. Ours and not Workbox, which checks no hashes and lets a new version in by itself
 * when the last window closes: here the approved version answers until the user approves another.
 */
declare const __BUILD__: { id: string; files: Record<string, string> };

const { id, files } = __BUILD__;
const PREFIX = 'pleura-files-';
/** Holds what the user decided: which version answers, and whether the page is isolated. */
const DECISIONS = 'pleura-decisions';

interface Extendable extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  request: Request;
  respondWith(response: Promise<Response>): void;
}
interface Asking extends Extendable {
  data: { ask: 'state' | 'approve' | 'isolate' | 'share' };
  ports: readonly MessagePort[];
}
const scope = globalThis as unknown as {
  registration: { scope: string };
  clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(type: 'install' | 'activate', listener: (event: Extendable) => void): void;
  addEventListener(type: 'fetch', listener: (event: Fetching) => void): void;
  addEventListener(type: 'message', listener: (event: Asking) => void): void;
};

const address = (name: string) => new URL(name, scope.registration.scope).href;

async function decided(what: 'version' | 'isolated'): Promise<string | null> {
  const kept = await (await caches.open(DECISIONS)).match(address(`?${what}`));
  return kept ? kept.text() : null;
}

async function decide(what: 'version' | 'isolated', value: string): Promise<void> {
  await (await caches.open(DECISIONS)).put(address(`?${what}`), new Response(value));
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What the browser has already is taken, if it is the right file; else it is fetched anew. */
async function fetchChecked(name: string, hash: string): Promise<Response> {
  for (const cache of ['force-cache', 'reload'] as const) {
    const response = await fetch(address(name), { cache, credentials: 'same-origin' });
    if (!response.ok) throw new Error(`${name}: the server answered ${response.status}`);
    const bytes = await response.arrayBuffer();
    if ((await sha256(bytes)) !== hash) continue;
    const headers = new Headers(response.headers);
    for (const one of ['Content-Encoding', 'Content-Length', 'Set-Cookie', 'Server-Timing']) headers.delete(one);
    headers.set('Server-Timing', 'pleura-copy'); // the page's count of requests to the network leaves these out
    return new Response(bytes, { headers });
  }
  throw new Error(`${name} is not the file that this version was built with`);
}

async function install(): Promise<void> {
  const cache = await caches.open(PREFIX + id);
  // A few at a time, so that the page's own work goes first.
  const waiting = Object.entries(files);
  const lane = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) await cache.put(address(next[0]), await fetchChecked(...next));
  };
  await Promise.all([lane(), lane(), lane()]);
  if ((await decided('version')) === null) await decide('version', id);
}

async function tidy(): Promise<void> {
  const version = await decided('version');
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== PREFIX + id && name !== PREFIX + version) await caches.delete(name);
  }
}

scope.addEventListener('install', (event) => event.waitUntil(install().then(() => scope.skipWaiting())));
scope.addEventListener('activate', (event) => event.waitUntil(tidy().then(() => scope.clients.claim())));

scope.addEventListener('message', (event) => {
  const answer = async () => {
    if (event.data.ask === 'approve') {
      await decide('version', id); // another window may work with the one before: its files stay until the next
    } else if (event.data.ask !== 'state') {
      await decide('isolated', event.data.ask === 'isolate' ? 'yes' : '');
    }
    const version = await decided('version');
    event.ports[0]?.postMessage({ id, version, isolated: (await decided('isolated')) === 'yes', files });
  };
  event.waitUntil(answer());
});

/** Without headers of the host's own, threads need these (and only a service worker can add them). */
async function isolated(response: Response): Promise<Response> {
  if ((await decided('isolated')) !== 'yes') return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  return new Response(response.body, { status: response.status, headers });
}

async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url);
  url.search = url.hash = '';
  if (url.href === scope.registration.scope) url.pathname += 'index.html';
  const version = (await decided('version')) ?? id;
  const kept = (await caches.has(PREFIX + version)) ? await (await caches.open(PREFIX + version)).match(url.href) : undefined;
  return isolated(kept ?? (await caches.match(url.href)) ?? (await fetch(request)));
}

scope.addEventListener('fetch', (event) => {
  const { method, url } = event.request;
  if (method === 'GET' && url.startsWith(scope.registration.scope)) event.respondWith(answer(event.request));
});
