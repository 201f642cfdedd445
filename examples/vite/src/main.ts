// One film, by every way that the package has. public/ holds model.onnx and film.jpg.
import { load, loadInWorker, loadPool, PleuraError, type Answer } from 'pleura';

const model = new URL('model.onnx', document.baseURI);
const answers: { how: string; probabilities: Answer['probabilities'] }[] = [];

function show(how: string, { outcome, probabilities }: Answer): void {
  answers.push({ how, probabilities });
  const line = document.createElement('li');
  line.textContent = `${how}: ${outcome} ${JSON.stringify(probabilities)}`;
  document.querySelector('ol')?.append(line);
}

async function main(): Promise<void> {
  const film = await (await fetch('film.jpg')).blob();
  for (const open of [load, loadInWorker]) {
    const pleura = await open({ model });
    show(open === load ? 'load' : 'loadInWorker', await pleura.classify(film));
    pleura.dispose();
  }
  const pool = await loadPool({ model, workers: 2 });
  show('loadPool', await pool.classify(film));
  // Many films: none is read before a worker is near free, and the signal ends it all.
  const signal = AbortSignal.timeout(60_000);
  for await (const { report, error } of pool.classifyAll([film, film], { ordered: true, signal })) {
    if (error) throw error;
    if (!report.result.error) show('classifyAll', report.result);
  }
  pool.dispose();
}

main().then(
  () => (document.documentElement.dataset.answer = JSON.stringify(answers)),
  (error: unknown) => (document.documentElement.dataset.fault = error instanceof PleuraError ? `${error.code}: ${error.message}` : String(error)),
);
