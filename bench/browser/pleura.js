import { fixedInput } from './input.mjs';
import { answer } from './answer.mjs';

answer(async ({ net, tier, threads }) => {
  const { load } = await import('./pleura/index.js');
  const pleura = await load({ model: new URL(net.onnx, location.href), tier, threads });
  if (pleura.threads !== threads) throw new Error(`${threads} threads cannot be had here.`);
  const { channels, height, width } = pleura.info.input;
  const input = fixedInput(channels * height * width);
  return () => pleura.run(input);
});
