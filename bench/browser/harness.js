// One worker for each candidate; bench/chromium.mjs calls start() and passes() from outside.
const workers = new Map();

function ask(worker, message) {
  return new Promise((done, fail) => {
    worker.onmessage = ({ data }) => (data.error ? fail(new Error(data.error)) : done(data));
    worker.onerror = (event) => fail(new Error(event.message));
    worker.postMessage(message);
  });
}

function askPage(message) {
  return globalThis.onPage(message).then((answer) => {
    if (answer.error) throw new Error(answer.error);
    return answer;
  });
}

globalThis.start = async (id, { script, module, onPage, ...options }) => {
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
};

globalThis.passes = (id, count) => workers.get(id)({ passes: count }).then(({ times }) => times);
