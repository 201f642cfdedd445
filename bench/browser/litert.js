// Bundled into a script without modules, in the folder of LiteRT.js: it loads its glue with
// importScripts(), and in a worker looks for its module beside the worker's script.
import { loadAndCompile, loadLiteRt, Tensor } from '@litertjs/core';
import { channelsLast, fixedInput } from './input.mjs';
import { answer } from './answer.mjs';

answer(async ({ net, threads }) => {
  const here = globalThis.document?.baseURI ?? new URL('..', location.href);
  await loadLiteRt(new URL('litert/', here).href, { threads: threads > 1 });
  const model = await loadAndCompile(new URL(net.tflite, here).href, {
    accelerator: 'wasm',
    cpuOptions: { numThreads: threads },
  });
  const shape = [1, 224, 224, 3];
  const values = channelsLast(fixedInput(3 * 224 * 224), 3);
  return async () => {
    const input = new Tensor(values, shape);
    const [result] = await model.run(input);
    const output = result.toTypedArray().slice();
    input.delete();
    result.delete();
    return output;
  };
});
