// node classify.mjs MODEL.onnx FILM...: a line of JSON for each film, on all processors, in order.
import { openAsBlob } from 'node:fs';
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadPool } from 'pleura';

const [model, ...paths] = process.argv.slice(2);

async function* films() {
  // Opened one by one, when a worker is near free; read in the worker.
  for (const path of paths) yield new File([await openAsBlob(path)], basename(path));
}

const pool = await loadPool({ model: pathToFileURL(model) });
for await (const { report, error } of pool.classifyAll(films(), { ordered: true })) {
  console.log(report ? report.json : JSON.stringify({ error: { code: error.code, message: error.message } }));
}
pool.dispose();
