// The whole line, from a file's bytes to an answer, as a module worker.
import { load } from './pleura/index.js';

let pleura;
self.onmessage = async ({ data: { model, tier, film } }) => {
  if (model) {
    pleura = await load({ model: new URL(model, location.href), tier });
    self.postMessage({});
    return;
  }
  const bytes = await (await fetch(new URL(film, location.href))).arrayBuffer();
  const begun = performance.now();
  const { ms_steps: steps } = await pleura.classify(bytes);
  self.postMessage({ ...steps, total: performance.now() - begun });
};
