/**
 * Pleura: chest X-ray classification in WebAssembly. A research tool, not a medical device: nothing
 * that it returns is a diagnosis.
 *
 *     import { load } from 'pleura';
 *     const pleura = await load({ model: new URL('model.onnx', import.meta.url) });
 *     const { outcome, probabilities } = await pleura.classify(await file.arrayBuffer());
 *     pleura.dispose();
 *
 * load() runs the module on the calling thread, for Node and for a worker of your own;
 * loadInWorker() starts a worker and has the same interface, for pages.
 */
export { CODES, PleuraError, type CoreCode, type HostCode, type PleuraErrorCode } from './errors.js';
export { load } from './local.js';
export { loadInWorker, type LoadInWorkerOptions, type WorkerPleura } from './client.js';
export { supports, type Tier } from './tier.js';
export * from './types.js';
