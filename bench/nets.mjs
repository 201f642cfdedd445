// What is measured: the nets that nets/make.py writes, the shipped model, or any ONNX file.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '..');
export const BUILD = join(ROOT, 'build/bench');
const FOLDER = join(BUILD, 'nets');
const MADE = ['mobilenetv2', 'resnet18', 'densenet121'];
export const NAMES = ['shipped', ...MADE, 'mobilenetv2-int8', 'resnet18-int8'];

/** One net: its name, its files by format, and where it is ours the outputs that all must agree with. */
export function findNet(name) {
  if (name === 'shipped') return { name: 'child-pneumonia', onnx: join(ROOT, 'models/child-pneumonia/model.onnx') };
  if (!NAMES.includes(name)) {
    if (!existsSync(name)) throw new Error(`${name} is no file, and none of the nets ${NAMES.join(', ')}.`);
    return { name: basename(name, '.onnx'), onnx: resolve(name) };
  }
  const plain = name.replace('-int8', '');
  const at = (ending) => join(FOLDER, ending);
  const expected = at(`${plain}.expected.json`);
  if (!existsSync(expected)) {
    const made = spawnSync('/usr/bin/python3', ['-B', join(ROOT, 'bench/nets/make.py'), FOLDER, plain], { stdio: ['ignore', 2, 2] });
    if (made.status !== 0) throw new Error(`bench/nets/make.py could not write ${plain}.`);
  }
  return {
    name,
    onnx: at(`${name}.onnx`),
    tflite: at(`${name}.tflite`),
    ...(name === plain && { plain: at(plain) }),
    expected: JSON.parse(readFileSync(expected, 'utf8')).output,
  };
}

/** How far outputs are from those of plain NumPy, as a part of the largest; int8 cannot be near 0. */
export function deviation(net, output) {
  if (!net.expected) return null;
  const largest = Math.max(...net.expected.map(Math.abs));
  return Math.max(...net.expected.map((value, i) => Math.abs(value - output[i]))) / largest;
}
