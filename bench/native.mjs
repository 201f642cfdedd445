// Native candidates: our library in a process of its own, ONNX Runtime in this one.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as ort from 'onnxruntime-node';
import { fixedInput } from './browser/input.mjs';
import { fullSizeFilms } from './films.mjs';

async function ours(root, model) {
  const child = spawn(join(root, 'build/native/bench/pleura_bench'), [model, '1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the native benchmark stopped');
    return value.split(' ').map(Number);
  };
  const [load] = await next();
  const ask = (line) => (child.stdin.write(`${line}\n`), next());
  return { load, ask, close: () => child.stdin.end() };
}

async function peer(model) {
  const start = performance.now();
  const session = await ort.InferenceSession.create(readFileSync(model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const load = performance.now() - start;
  const dims = session.inputMetadata[0].shape.map((d) => (typeof d === 'number' && d > 0 ? d : 1));
  const input = new ort.Tensor('float32', fixedInput(dims.reduce((a, b) => a * b)), dims);
  return { load, session, feeds: { [session.inputNames[0]]: input } };
}

export async function nativeCandidates({ root, model, films }) {
  const engine = await ours(root, model);
  const other = await peer(model);
  const place = 'native, 1 thread';
  const files = fullSizeFilms(films);
  const candidates = [
    {
      place,
      engine: 'Pleura',
      what: 'network',
      load: engine.load,
      run: async () => ({ network: (await engine.ask('run'))[0] }),
    },
    {
      place,
      engine: `ONNX Runtime ${ort.env.versions?.node ?? ''}`.trim(),
      what: 'network',
      load: other.load,
      run: async () => {
        const start = performance.now();
        await other.session.run(other.feeds);
        return { network: performance.now() - start };
      },
    },
  ];
  if (files.length > 0) {
    candidates.push({
      place,
      engine: 'Pleura',
      what: 'file to answer',
      run: async (round) => {
        const [decode, preprocess, network, total] = await engine.ask(`file ${files[round % files.length]}`);
        return { decode, preprocess, network, total };
      },
    });
  }
  return { candidates, close: async () => engine.close() };
}
