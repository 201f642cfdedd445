import { bytesOf } from './arrays.js';
import { PleuraError } from './errors.js';
import type { Method, Methods, Reply, Request } from './protocol.js';
import { startThread, type Thread } from './thread.js';
import type { Progress } from './types.js';

interface Pending {
  resolve(value: never): void;
  reject(error: PleuraError): void;
  onProgress: ((progress: Progress) => void) | undefined;
}

/** A film that waited for its worker may have been transferred meanwhile, which bytesOf() tells. */
function unsent(args: unknown[], cause: unknown): PleuraError {
  try {
    args.forEach(bytesOf);
  } catch (error) {
    if (error instanceof PleuraError) return error;
  }
  return new PleuraError('argument', 'What was given cannot be sent to a worker.', { cause });
}

/**
 * Questions to a worker and its answers, matched by number. Not Comlink, because a worker that dies
 * has to reject what is pending, and there it would stay pending for ever.
 */
export class Line {
  readonly #thread: Thread;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #closed: PleuraError | null = null;

  constructor(worker?: Worker | URL | string) {
    this.#thread = startThread(
      {
        reply: (reply) => this.#receive(reply),
        stopped: (sentence) => this.close(new PleuraError('worker', sentence)),
      },
      worker,
    );
  }

  /** Why nothing can be asked any more; null while it can. */
  get closed(): PleuraError | null {
    return this.#closed;
  }

  ask<M extends Method>(
    method: M,
    args: Parameters<Methods[M]>,
    onProgress?: (progress: Progress) => void,
  ): Promise<ReturnType<Methods[M]>> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      try {
        this.#thread.post({ id, method, args } as Request);
      } catch (cause) {
        reject(unsent(args, cause));
        return;
      }
      this.#pending.set(id, { resolve, reject, onProgress });
    });
  }

  close(error: PleuraError): void {
    if (this.#closed) return;
    this.#closed = error;
    this.#thread.terminate();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #receive(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    if ('progress' in reply) {
      pending.onProgress?.(reply.progress);
      return;
    }
    this.#pending.delete(reply.id);
    if ('error' in reply) pending.reject(new PleuraError(reply.error.code, reply.error.message));
    else pending.resolve(reply.value as never);
  }
}
