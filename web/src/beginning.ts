/**
 * What a visit waits for: the worker, the module and the model. A script of its own that waits for nothing of the
 * page, so that all of it is on its way while the page is built.
 */
import type { Progress } from 'pleura';
import { start } from './engine.js';

export const MODEL = 'model.onnx';

let tell = (_: Progress): void => {};
/** Megabytes on their way would delay it. A window out of sight is not painted, and goes on all the same. */
const painted = new Promise<void>((done) => {
  requestAnimationFrame(() => setTimeout(done));
  addEventListener('load', () => done());
});
export const loading = start(MODEL, { after: painted, onProgress: (progress) => tell(progress) });
loading.catch(() => {}); // main.ts tells

export function onProgress(listener: (progress: Progress) => void): void {
  tell = listener;
}
