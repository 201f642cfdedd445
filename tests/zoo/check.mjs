// One model on 5 random inputs, by ONNX Runtime and by Pleura: node check.mjs MODEL [TOLERANCE]
// Prints one JSON object; status 1 if an engine differs by more than TOLERANCE (1e-4) of the largest
// output, or if the outputs hardly depend on the input.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ort from 'onnxruntime-node';

const TOLERANCE = Number(process.argv[3] ?? 1e-4);
const INPUTS = 5;
const root = new URL('../../', import.meta.url).pathname;
const engines = {
  native: [join(root, 'build/native/tests/conformance/run_model')],
  simd: [process.execPath, join(root, 'build/wasm-simd/tests/conformance/run_model.cjs')],
  relaxed: [process.execPath, join(root, 'build/wasm-relaxed/tests/conformance/run_model.cjs')],
};

// Numerical Recipes' generator; sums of 4 uniform numbers are near enough to a normal distribution.
function random(seed) {
  let state = seed >>> 0;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
  return () => (uniform() + uniform() + uniform() + uniform()) * 1.7;
}

// ONNX Runtime's outputs for `inputs`, which is filled with random numbers of the right shape.
async function reference(model) {
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    graphOptimizationLevel: 'disabled', // the file's own arithmetic, number by number
  });
  const described = session.inputMetadata?.[0];
  const dims = described.shape.map((d) => (typeof d === 'number' && d > 0 ? d : 1));
  const count = dims.reduce((a, b) => a * b, 1);
  const inputs = new Float32Array(INPUTS * count);
  const next = random(7);
  const bytes = described.type === 'uint8';
  for (let i = 0; i < inputs.length; i++)
    inputs[i] = bytes ? Math.min(255, Math.max(0, Math.round(128 + 60 * next()))) : next();
  const outputs = [];
  for (let i = 0; i < INPUTS; i++) {
    const data = inputs.slice(i * count, (i + 1) * count);
    const result = await session.run({
      [session.inputNames[0]]: new ort.Tensor(described.type, bytes ? Uint8Array.from(data) : data, dims),
    });
    outputs.push(Float32Array.from(result[session.outputNames[0]].data));
  }
  await session.release();
  return { inputs, outputs, channelsLast: dims[3] <= 3 && dims[1] > 3, dims };
}

// Pleura takes planes, whatever the file has.
function toPlanes({ inputs, channelsLast, dims }) {
  if (!channelsLast) return inputs;
  const [, h, w, c] = dims;
  const planes = new Float32Array(inputs.length);
  for (let n = 0; n < INPUTS; n++)
    for (let i = 0; i < h * w; i++)
      for (let k = 0; k < c; k++)
        planes[(n * c + k) * h * w + i] = inputs[(n * h * w + i) * c + k];
  return planes;
}

function largest(values) {
  return values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

// The largest difference, as a part of the largest output.
function difference(wanted, got) {
  let worst = 0;
  wanted.forEach((output, i) => {
    const scale = largest(output) || 1;
    for (let k = 0; k < output.length; k++) {
      const off = Math.abs(output[k] - got[i * output.length + k]);
      worst = Number.isFinite(off) ? Math.max(worst, off / scale) : Infinity;
    }
  });
  return worst;
}

function run(command, model, folder, wanted) {
  if (!existsSync(command.at(-1))) return '–';
  const outputs = join(folder, 'outputs');
  try {
    execFileSync(command[0], [...command.slice(1), model, join(folder, 'inputs'), outputs], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    return String(error.stderr).trim().split('\n').at(-1).slice(0, 160);
  }
  const got = new Float32Array(Uint8Array.from(readFileSync(outputs)).buffer);
  return got.length === INPUTS * wanted[0].length ? difference(wanted, got) : 'another shape';
}

const model = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), 'pleura-zoo-'));
try {
  const truth = await reference(model);
  writeFileSync(join(folder, 'inputs'), Buffer.from(toPlanes(truth).buffer));
  const apart = truth.outputs.slice(1).map((o) => difference([truth.outputs[0]], o));
  const row = {
    model,
    megabytes: statSync(model).size / 1e6,
    spread: Math.min(...apart), // how much the outputs differ between inputs
    engines: {},
  };
  let bad = row.spread < 1e-3 ? 1 : 0; // outputs that hardly vary would prove little
  for (const name of Object.keys(engines)) {
    const off = run(engines[name], model, folder, truth.outputs);
    row.engines[name] = off;
    if (off !== '–' && !(off <= TOLERANCE)) bad = 1;
  }
  console.log(JSON.stringify(row));
  process.exitCode = bad;
} finally {
  rmSync(folder, { recursive: true });
}
