/**
 * What a visit waits for: the worker, the module and the model. A script of its own that waits for no style
 * and for nothing of the page, so that all of it is on its way before the page is built.
 */
import type { Progress } from 'pleura';
import { start } from './engine.js';

export const MODEL = 'model.onnx';

let tell = (_: Progress): void => {};
export const loading = start(MODEL, (progress) => tell(progress));
loading.catch(() => {}); // main.ts tells

export function onProgress(listener: (progress: Progress) => void): void {
  tell = listener;
}
