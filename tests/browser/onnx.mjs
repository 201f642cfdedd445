// A network of a few nodes as an ONNX file, written without any library: enough for a model that is brought.

const varint = (value) => {
  const bytes = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
};
const field = (number, content) => {
  if (typeof content === 'number') return Buffer.concat([varint(number * 8), varint(content)]);
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
};
const message = (...fields) => Buffer.concat(fields);

const tensor = (name, dims, values) =>
  message(...dims.map((size) => field(1, size)), field(2, 1), field(8, name), field(9, Buffer.from(Float32Array.from(values).buffer)));

const shaped = (name, dims) =>
  message(field(1, name), field(2, message(field(1, message(field(1, 1), field(2, message(...dims.map((size) => field(1, message(field(1, size)))))))))));

const node = (op, inputs, output, attributes = []) =>
  message(...inputs.map((name) => field(1, name)), field(2, output), field(3, output), field(4, op), ...attributes.map((one) => field(5, one)));

const ints = (name, values) => message(field(1, name), ...values.map((value) => field(8, value)), field(20, 7));
const int = (name, value) => message(field(1, name), field(3, value), field(20, 2));

/** Convolution, Relu, mean over the film, linear layer: so many outputs, and no metadata but what is given. */
export function smallNet(labels, { side = 64, pool = 'GlobalAveragePool', properties = {} } = {}) {
  const channels = 4;
  const random = (count, seed) => Array.from({ length: count }, (_, i) => Math.sin(seed + i * 12.9898) * 0.5);
  const graph = message(
    field(1, node('Conv', ['image', 'kernel'], 'features', [ints('pads', [1, 1, 1, 1]), ints('strides', [4, 4])])),
    field(1, node('Relu', ['features'], 'relu')),
    field(1, pool === 'GlobalAveragePool' ? node(pool, ['relu'], 'pooled') : node(pool, ['relu'], 'pooled', [ints('kernel_shape', [side / 4, side / 4])])),
    field(1, node('Flatten', ['pooled'], 'flat', [int('axis', 1)])),
    field(1, node('Gemm', ['flat', 'weights', 'bias'], 'scores')),
    field(2, 'small'),
    field(5, tensor('kernel', [channels, 1, 3, 3], random(channels * 9, 1))),
    field(5, tensor('weights', [channels, labels], random(channels * labels, 2))),
    field(5, tensor('bias', [labels], random(labels, 3))),
    field(11, shaped('image', [1, 1, side, side])),
    field(12, shaped('scores', [1, labels])),
  );
  const entries = Object.entries(properties).map(([key, value]) => field(14, message(field(1, key), field(2, value))));
  return message(field(1, 8), field(7, graph), field(8, message(field(1, ''), field(2, 13))), ...entries);
}
