// Beside this page lie: pleura/, the package's dist/; modules/, its .wasm files, to show that they may be
// elsewhere; model.onnx and film.jpg.
import { load, loadInWorker, loadPool } from './pleura/index.js';

const model = 'model.onnx';
const wasm = 'modules/';
const worker = 'pleura/worker.js';
const answers = [];
try {
  const film = await (await fetch('film.jpg')).arrayBuffer();
  for (const open of [
    () => load({ model }),
    () => load({ model, wasm }),
    () => loadInWorker({ model, wasm, worker }),
    () => loadPool({ model, wasm, worker, workers: 2 }),
  ]) {
    const pleura = await open();
    answers.push(await pleura.classify(film));
    pleura.dispose();
  }
  document.querySelector('pre').textContent = JSON.stringify(answers, null, 2);
  document.documentElement.dataset.answer = JSON.stringify(answers);
} catch (error) {
  document.documentElement.dataset.fault = `${error.code}: ${error.message}`;
}
