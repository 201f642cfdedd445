// The other end of client.ts: one classifier in a worker, asked one thing at a time.
import { PleuraError, toPlain } from './errors.js';
import { loadLocal, LocalPleura, modelBytes, shared } from './local.js';
import { prepare } from './module.js';
import { builtin } from './node.js';
import type { Methods, Reply, Request } from './protocol.js';
import { isRequest } from './requests.js';
import type { Progress } from './types.js';

interface Port {
  postMessage(reply: Reply, transfer?: Transferable[]): void;
}

interface NodePort extends Port {
  on(event: 'message', handler: (request: Request) => void): void;
}

const nodePort = builtin<{ parentPort: NodePort | null }>('node:worker_threads')?.parentPort;
const port = nodePort ?? (globalThis as unknown as Port);

let pleura: LocalPleura | null = null;
let atLoad = 0;
let prepared = false;
let fetched = false;

/** What this worker has fetched: its requests do not show in the page's own timeline. */
function resources(): number {
  return (performance.getEntriesByType('resource') as PerformanceResourceTiming[]).filter(isRequest).length;
}

const toldTo = ({ id }: Request) => (progress: Progress) => port.postMessage({ id, progress });

function loaded(): LocalPleura {
  if (!pleura) throw new PleuraError('argument', 'No model is loaded.');
  return pleura;
}

async function answer(request: Request): Promise<ReturnType<Methods[keyof Methods]>> {
  switch (request.method) {
    case 'prepare':
      await prepare(...request.args);
      atLoad = resources();
      prepared = true;
      return;
    case 'fetch':
      fetched = true;
      return shared(await modelBytes({ model: request.args[0], onProgress: toldTo(request) }));
    case 'load': {
      pleura?.dispose();
      pleura = null;
      const [{ profile, ...options }] = request.args;
      pleura = await loadLocal({ ...options, onProgress: toldTo(request) }, LocalPleura);
      if (profile) await pleura.applyProfile(profile);
      if (!prepared || fetched) atLoad = resources(); // else all that it needed was handed to it
      fetched = false;
      const { tier, threads, version, info, csvHeader } = pleura;
      return { tier, threads, version, info, csvHeader };
    }
    case 'report':
      return loaded().report(...request.args);
    case 'fault':
      return loaded().fault(...request.args);
    case 'dicom':
      return loaded().dicom(...request.args);
    case 'embed':
      return loaded().embed(...request.args);
    case 'learn':
      return loaded().learn(...request.args);
    case 'onnx':
      return loaded().exportOnnx(...request.args);
    case 'apply': {
      const info = await loaded().applyProfile(...request.args);
      return { info, csvHeader: loaded().csvHeader };
    }
    case 'decode':
      return loaded().decode(...request.args);
    case 'preprocess':
      return loaded().preprocess(...request.args);
    case 'run':
      return loaded().run(...request.args);
    case 'requests':
      return resources() - atLoad;
  }
}

/** What is moved and not copied. */
function largest(value: unknown): unknown {
  if (!value || typeof value !== 'object') return value;
  if ('samples' in value) return value.samples;
  if ('model' in value) return value.model;
  return 'embedding' in value ? value.embedding : value;
}

async function receive(request: Request): Promise<void> {
  try {
    const value = await answer(request);
    const large = largest(value);
    const transfer = ArrayBuffer.isView(large) && large.buffer instanceof ArrayBuffer ? [large.buffer] : [];
    port.postMessage({ id: request.id, value }, transfer);
  } catch (error) {
    port.postMessage({ id: request.id, error: toPlain(error) });
  }
}

if (nodePort) nodePort.on('message', receive);
else globalThis.onmessage = ({ data }: MessageEvent<Request>) => receive(data);
