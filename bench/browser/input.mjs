/** The network's fixed input, for every engine: native.c fills its own the same way. */
export function fixedInput(count) {
  return Float32Array.from({ length: count }, (_, i) => (((i * 37) % 61) - 30) / 16);
}

/** The same values for engines that keep the channels last. */
export function channelsLast(plain, channels) {
  const area = plain.length / channels;
  return plain.map((_, i) => plain[(i % channels) * area + Math.floor(i / channels)]);
}
