// The other end of client.ts: one classifier in a worker, asked one thing at a time.
import { PleuraError, toPlain } from './errors.js';
import { load } from './local.js';
import type { Methods, Reply, Request } from './protocol.js';
import type { Pleura } from './types.js';

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(reply: Reply, transfer?: Transferable[]): void;
};

let pleura: Pleura | null = null;
let atLoad = 0;

// What this worker has fetched: its requests do not show in the page's own timeline.
function resources(): number {
  return performance.getEntriesByType('resource').filter(({ name }) => !/^(blob|data):/.test(name)).length;
}

function loaded(): Pleura {
  if (!pleura) throw new PleuraError('argument', 'No model is loaded.');
  return pleura;
}

async function answer(request: Request): Promise<ReturnType<Methods[keyof Methods]>> {
  switch (request.method) {
    case 'load': {
      pleura?.dispose();
      pleura = null;
      pleura = await load({
        ...request.args[0],
        onProgress: (progress) => scope.postMessage({ id: request.id, progress }),
      });
      atLoad = resources();
      const { tier, version, info, csvHeader } = pleura;
      return { tier, version, info, csvHeader };
    }
    case 'report':
      return loaded().report(...request.args);
    case 'preprocess':
      return loaded().preprocess(...request.args);
    case 'run':
      return loaded().run(...request.args);
    case 'requests':
      return resources() - atLoad;
  }
}

scope.onmessage = async ({ data: request }) => {
  try {
    const value = await answer(request);
    const transfer = value instanceof Float32Array ? [value.buffer] : [];
    scope.postMessage({ id: request.id, value }, transfer);
  } catch (error) {
    scope.postMessage({ id: request.id, error: toPlain(error) });
  }
};
