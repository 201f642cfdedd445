/**
 * Pleura: chest X-ray classification in WebAssembly. A research tool, not a medical device: nothing
 * that it returns is a diagnosis.
 *
 *     import { load } from 'pleura';
 *     const pleura = await load({ model: new URL('model.onnx', import.meta.url) });
 *     const { outcome, probabilities } = await pleura.classify(await file.arrayBuffer());
 *     pleura.dispose();
 *
 * load() runs the module on the calling thread; loadInWorker() starts a worker, for pages, and
 * loadPool() several, for many films; all three have the same interface.
 *
 * In a Vite app:
 *
 * {@includeCode ../../examples/vite/src/main.ts}
 *
 * In Node:
 *
 * {@includeCode ../../examples/node/classify.mjs}
 *
 * @module pleura
 */
export { CODES, PleuraError, type CoreCode, type HostCode, type PleuraErrorCode } from './errors.js';
export { load } from './local.js';
export { loadInWorker, type LoadInWorkerOptions } from './client.js';
export { defaultWorkers, loadPlainPool, loadPool, type Pool, type PoolClassifyOptions, type PoolOptions } from './pool.js';
export { type BatchItem, type BatchOptions, type Films } from './batch.js';
export { type WorkerPleura } from './remote.js';
export { isRequest } from './requests.js';
export { supports, type Tier } from './tier.js';
export * from './learning.js';
export * from './types.js';
