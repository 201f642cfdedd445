// What every engine's script shares: it starts an engine once, then times passes through it.
export function answer(start) {
  let pass;
  const receive = async (message) => {
    if (message.start) {
      const begun = performance.now();
      pass = await start(message.start);
      const loaded = performance.now();
      const output = Array.from(await pass());
      const end = performance.now();
      return { load: loaded - begun, first: end - loaded, output, at: performance.timeOrigin + end };
    }
    const times = [];
    for (let i = 0; i < message.passes; i++) {
      const begun = performance.now();
      await pass();
      times.push(performance.now() - begun);
    }
    return { times };
  };
  const guarded = (message) => receive(message).catch((error) => ({ error: String(error?.message ?? error) }));
  // In a worker, or on the page itself for what does not run in one.
  if (typeof document === 'undefined') self.onmessage = async ({ data }) => self.postMessage(await guarded(data));
  else globalThis.onPage = guarded;
}
