// A worker, of the web's kind or of Node's, as the one thing that the rest of the package knows.
import { PleuraError, toPlain } from './errors.js';
import { toUrl } from './fetch.js';
import { toView } from './film.js';
import { builtin } from './node.js';
import type { Reply, Request } from './protocol.js';

export interface Thread {
  post(request: Request): void;
  terminate(): void;
}

export interface Listener {
  reply(reply: Reply): void;
  /** It stopped by itself; the sentence says why. */
  stopped(sentence: string): void;
}

interface NodeWorker {
  postMessage(value: unknown): void;
  terminate(): Promise<number>;
  on(event: string, handler: (value: never) => void): void;
}

interface NodeThreads {
  Worker: new (url: URL) => NodeWorker;
}

// By name, so that bundlers, which make pages, do not copy the file a second time.
const SCRIPT = './worker.js';
const UNREADABLE = 'An answer of the worker could not be read.';

export function startThread(listener: Listener, given?: Worker | URL | string): Thread {
  if (given !== undefined && typeof given !== 'string' && !(given instanceof URL)) return webThread(given, listener);
  if (given !== undefined) return threadAt(toUrl(given), listener);
  // Written out like this because bundlers recognise this form.
  if (typeof Worker === 'function') {
    return webThread(new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }), listener);
  }
  return threadAt(new URL(SCRIPT, import.meta.url), listener);
}

function threadAt(url: URL, listener: Listener): Thread {
  if (typeof Worker === 'function') return webThread(new Worker(url, { type: 'module' }), listener);
  const threads = builtin<NodeThreads>('node:worker_threads');
  if (!threads) throw new PleuraError('worker', 'There are no workers here: use load().');
  return nodeThread(new threads.Worker(url), listener);
}

function webThread(worker: Worker, listener: Listener): Thread {
  if (typeof worker?.postMessage !== 'function') throw new PleuraError('argument', 'A worker is given as a Worker or by its URL.');
  // Node's own kind can be given, too: a worker_threads.Worker.
  if ('on' in worker) return nodeThread(worker as unknown as NodeWorker, listener);
  worker.onmessage = ({ data }: MessageEvent<Reply>) => listener.reply(data);
  worker.onmessageerror = () => listener.stopped(UNREADABLE);
  worker.onerror = (event) => {
    event.preventDefault();
    listener.stopped(`The worker stopped: ${event.message || 'its script could not be loaded'}.`);
  };
  return {
    post: (request) => worker.postMessage(request),
    terminate: () => worker.terminate(),
  };
}

function nodeThread(worker: NodeWorker, listener: Listener): Thread {
  worker.on('message', (reply: Reply) => listener.reply(reply));
  worker.on('messageerror', () => listener.stopped(UNREADABLE));
  worker.on('error', (error: unknown) => {
    listener.stopped(`The worker stopped: ${error instanceof Error ? error.message : String(error)}.`);
  });
  worker.on('exit', (status: number) => listener.stopped(`The worker ended with status ${status}.`));
  return {
    post: (request) => {
      if (request.args[0] instanceof Blob) void postRead(worker, request, request.args[0], listener);
      else worker.postMessage(request);
    },
    terminate: () => void worker.terminate(),
  };
}

/** Node 22 aborts where a worker reads a Blob that stands for a file (fs.openAsBlob): it is read here. */
async function postRead(worker: NodeWorker, request: Request, film: Blob, listener: Listener): Promise<void> {
  const { id, method, args } = request;
  try {
    worker.postMessage({ id, method, args: [await toView(film), ...args.slice(1)] });
  } catch (error) {
    if (method === 'report') worker.postMessage({ id, method: 'fault', args: [args[1].name ?? '', toPlain(error)] });
    else listener.reply({ id, error: toPlain(error) });
  }
}
