/** The network's fixed input, for every engine: native.c fills its own the same way. */
export function fixedInput(count) {
  return Float32Array.from({ length: count }, (_, i) => (((i * 37) % 61) - 30) / 16);
}
