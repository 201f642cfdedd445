// Whether several threads can be had, and whether they pay.
import { PleuraError } from './errors.js';
import type { Core } from './module.js';
import { supports, type Tier } from './tier.js';

const MOST = 4; // each network layer ends when its slowest thread does: more gain little

/**
 * How many threads a network may run on. The module with threads has relaxed SIMD and shared memory,
 * which a page has only when it is isolated from others; and its caller waits for the other threads,
 * which a page's own thread must not do.
 */
export function threadsFor(wanted: number | 'auto', tier: Tier): number {
  if (wanted !== 'auto' && (!Number.isInteger(wanted) || wanted < 1 || wanted > 16)) {
    throw new PleuraError('argument', `A network runs on 1 to 16 threads or "auto", not ${String(wanted)}.`);
  }
  const { crossOriginIsolated = true, document, navigator } = globalThis as Partial<typeof globalThis>;
  const possible = typeof SharedArrayBuffer === 'function' && crossOriginIsolated && !document;
  if (!possible || tier !== 'relaxed' || !supports('relaxed')) return 1;
  return wanted === 'auto' ? Math.min(navigator?.hardwareConcurrency ?? 1, MOST) : wanted;
}

/** The best of a few passes: what the machine can do, whatever else it has to do just now. */
function fastest(core: Core): number {
  const input = new Float32Array(core.inputCount);
  let best = Infinity;
  for (let pass = 0; pass < 4; pass++) {
    const start = performance.now();
    core.run(input);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/**
 * Loads a model for the number of threads that is faster, `threads` or 1. On a machine that is busy
 * or has fewer processors than it says, threads wait for each other longer than they save.
 */
export function loadFaster(core: Core, onnx: Uint8Array, threads: number, sha256?: string): number {
  core.loadModel(onnx, 1, sha256);
  const alone = fastest(core);
  core.loadModel(onnx, threads, sha256);
  if (fastest(core) < 0.9 * alone) return threads;
  core.loadModel(onnx, 1, sha256);
  return 1;
}
