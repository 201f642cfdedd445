// Native candidates: our library in a process of its own, ONNX Runtime in this one.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as ort from 'onnxruntime-node';
import { fixedInput } from './browser/input.mjs';
import { ROOT } from './nets.mjs';

export async function startOurs(net, threads) {
  const child = spawn(join(ROOT, 'build/native/bench/pleura_bench'), [net.onnx, String(threads)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the native benchmark stopped');
    return value.split(' ').map(Number);
  };
  const ask = (line) => (child.stdin.write(`${line}\n`), next());
  const [load] = await next();
  return {
    load,
    output: await ask('output'),
    run: (passes) => ask(`run ${passes}`),
    /** Decode, preprocess, network and all together, in milliseconds. */
    file: (path) => ask(`file ${path}`),
    close: () => child.stdin.end(),
  };
}

async function startOrt(net, threads) {
  const begun = performance.now();
  const session = await ort.InferenceSession.create(readFileSync(net.onnx), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  });
  const load = performance.now() - begun;
  const dims = session.inputMetadata[0].shape.map((d) => (typeof d === 'number' && d > 0 ? d : 1));
  const values = fixedInput(dims.reduce((a, b) => a * b));
  const pass = async () => {
    const result = await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', values, dims) });
    return result[session.outputNames[0]].data;
  };
  const run = async (passes) => {
    const times = [];
    for (let i = 0; i < passes; i++) {
      const start = performance.now();
      await pass();
      times.push(performance.now() - start);
    }
    return times;
  };
  return { load, output: [...(await pass())], run, close: () => session.release() };
}

/** Every native engine by name. */
export const NATIVE = {
  'pleura': { engine: 'pleura', threads: 1, start: startOurs },
  'pleura 2': { engine: 'pleura', threads: 2, start: startOurs },
  'ort': { engine: 'ort', threads: 1, start: startOrt },
  'ort 2': { engine: 'ort', threads: 2, start: startOrt },
};
