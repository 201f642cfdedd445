// One worker for each candidate; bench/chromium.mjs calls start() and passes() from outside.
const workers = new Map();

function ask(worker, message) {
  return new Promise((done, fail) => {
    worker.onmessage = ({ data }) => (data.error ? fail(new Error(data.error)) : done(data));
    worker.onerror = (event) => fail(new Error(event.message));
    worker.postMessage(message);
  });
}

async function askPage(message) {
  const answer = await globalThis.onPage(message);
  if (answer.error) throw new Error(answer.error);
  return answer;
}

async function start(id, { script, module, onPage, ...options }) {
  if (onPage) {
    await new Promise((done, fail) => {
      const element = document.createElement('script');
      Object.assign(element, { src: script, onload: done, onerror: () => fail(new Error(`${script} did not load`)) });
      document.head.append(element);
    });
    workers.set(id, askPage);
  } else {
    const worker = new Worker(new URL(script, location.href), module ? { type: 'module' } : {});
    workers.set(id, (message) => ask(worker, message));
  }
  const answer = await workers.get(id)({ start: options });
  return { ...answer, navigation: answer.at - performance.timeOrigin };
}

globalThis.start = start;
globalThis.passes = (id, count) => workers.get(id)({ passes: count }).then(({ times }) => times);

// A cold start begins with the page, not with the first question from outside.
if (location.hash) globalThis.started = start('cold', JSON.parse(decodeURIComponent(location.hash.slice(1))));
