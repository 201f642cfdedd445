// One worker for each candidate; bench/browser.mjs calls start() and run() from outside.
const workers = new Map();

function ask(worker, message) {
  return new Promise((done, fail) => {
    worker.onmessage = ({ data }) => (data.error ? fail(new Error(data.error)) : done(data));
    worker.onerror = (event) => fail(new Error(event.message));
    worker.postMessage(message);
  });
}

globalThis.start = async (engine, what) => {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  workers.set(`${engine} ${what}`, worker);
  return (await ask(worker, { start: engine })).load;
};

globalThis.run = (engine, what, film) => ask(workers.get(`${engine} ${what}`), { film });
