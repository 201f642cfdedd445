import { fixedInput } from './input.mjs';

const here = (path) => new URL(path, import.meta.url).href;
let once;

async function startPleura(tier) {
  const { load } = await import('./pleura/index.js');
  const pleura = await load({ model: here('model.onnx'), tier });
  const { channels, height, width } = pleura.info.input;
  const input = fixedInput(channels * height * width);
  return async (film) => {
    if (!film) {
      const start = performance.now();
      await pleura.run(input);
      return { network: performance.now() - start };
    }
    const bytes = await (await fetch(here(film))).arrayBuffer();
    const start = performance.now();
    const result = await pleura.classify(bytes, { name: film });
    return { ...result.ms_steps, total: performance.now() - start };
  };
}

async function startOrt() {
  const ort = await import('./ort/ort.wasm.min.mjs');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = here('ort/');
  const session = await ort.InferenceSession.create(here('model.onnx'), { executionProviders: ['wasm'] });
  const dims = session.inputMetadata[0].shape.map((d) => (typeof d === 'number' && d > 0 ? d : 1));
  const input = new ort.Tensor('float32', fixedInput(dims.reduce((a, b) => a * b)), dims);
  return async () => {
    const start = performance.now();
    await session.run({ [session.inputNames[0]]: input });
    return { network: performance.now() - start };
  };
}

self.onmessage = async ({ data }) => {
  try {
    if (data.start) {
      const start = performance.now();
      once = data.start === 'ort' ? await startOrt() : await startPleura(data.start);
      self.postMessage({ load: performance.now() - start });
    } else {
      self.postMessage(await once(data.film));
    }
  } catch (error) {
    self.postMessage({ error: String(error?.message ?? error) });
  }
};
