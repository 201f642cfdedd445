// How engines are called in tables and plots.
const NAMES = { pleura: 'Pleura', ort: 'ONNX Runtime', litert: 'LiteRT.js', tfjs: 'TensorFlow.js', page: 'Our page' };

export const engineName = (engine) => NAMES[engine] ?? engine;

export const called = ({ engine, tier, threads }) =>
  `${engineName(engine)}${tier ? ` ${tier}` : ''}${threads > 1 ? `, ${threads} threads` : ''}`;

export const unique = (values) => [...new Set(values)];
