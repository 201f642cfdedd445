// TensorFlow.js: the layers one by one, fused as its converter would fuse them.
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { channelsLast, fixedInput } from './input.mjs';
import { answer } from './answer.mjs';

const around = (pad) => (pad === 0 ? 'valid' : [[0, 0], [pad, pad], [pad, pad], [0, 0]]);

function compute({ kind, kernel, stride, pad, act, filter, bias }, [x, other]) {
  const activation = act || 'linear';
  switch (kind) {
    case 'conv':
      return tf.fused.conv2d({ x, filter, strides: stride, pad: around(pad), bias, activation });
    case 'depthwise':
    case 'norm':
      return tf.fused.depthwiseConv2d({ x, filter, strides: stride, pad: around(pad), bias, activation });
    case 'add': {
      const sum = tf.add(x, other);
      return act ? tf.relu(sum) : sum;
    }
    case 'concat':
      return tf.concat([x, other], 3);
    case 'max':
      return tf.maxPool(x, kernel, stride, around(pad));
    case 'average':
      return tf.avgPool(x, kernel, stride, 'valid');
    case 'mean':
      return tf.mean(x, [1, 2]);
    default:
      return tf.add(tf.matMul(x, filter), bias);
  }
}

answer(async ({ net }) => {
  const here = location.href;
  setWasmPaths(new URL('tfjs/', here).href);
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false); // its threads do not start from a worker
  await tf.setBackend('wasm');
  const [description, weights] = await Promise.all([
    fetch(new URL(`${net.plain}.json`, here)).then((response) => response.json()),
    fetch(new URL(`${net.plain}.bin`, here)).then((response) => response.arrayBuffer()),
  ]);
  const tensor = (entry) => {
    if (!entry) return undefined;
    const count = entry.shape.reduce((a, b) => a * b);
    return tf.tensor(new Float32Array(weights, entry.at, count), entry.shape);
  };
  const layers = description.layers.map((layer) => ({ ...layer, filter: tensor(layer.filter), bias: tensor(layer.bias) }));
  // A value goes when its last reader is through, as TensorFlow.js's own executor does it.
  const last = new Map(layers.flatMap(({ inputs }, at) => inputs.map((input) => [input, at])));
  const values = channelsLast(fixedInput(3 * 224 * 224), 3);
  return async () => {
    const live = new Map([[0, tf.tensor(values, description.input)]]);
    layers.forEach((layer, at) => {
      live.set(layer.output, tf.tidy(() => compute(layer, layer.inputs.map((input) => live.get(input)))));
      for (const input of new Set(layer.inputs)) {
        if (last.get(input) !== at) continue;
        live.get(input).dispose();
        live.delete(input);
      }
    });
    const result = live.get(layers.at(-1).output);
    const output = await result.data();
    result.dispose();
    return output;
  };
});
