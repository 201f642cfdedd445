// The results as Markdown: medians with their spread, and the ratio to the peer of the same place.
const figure = (ms) => ms.toFixed(ms < 10 ? 2 : 1);

function row(result, peer) {
  const total = result.stages.total ?? result.stages.network;
  const ratio = peer && peer !== result ? (total.median / peer.stages.network.median).toFixed(2) : '';
  const steps = result.stages.decode
    ? `decode ${figure(result.stages.decode.median)}, preprocess ${figure(result.stages.preprocess.median)}, network ${figure(result.stages.network.median)}`
    : '';
  return `| ${result.place} | ${result.engine} | ${result.what} | ${figure(total.median)} | ${figure(total.min)} | ${figure(total.p25)} to ${figure(total.p75)} | ${ratio} | ${steps} |`;
}

export function table({ results, rounds, processor }) {
  const lines = [
    `${processor}; ${rounds} rounds, interleaved; milliseconds`,
    '',
    '| where | engine | what | median | minimum | middle half | median / ONNX Runtime | steps |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const result of results) {
    const peer = results.find(
      (other) => other.place === result.place && other.engine.startsWith('ONNX Runtime') && other.what === result.what,
    );
    lines.push(row(result, peer));
  }
  return lines.join('\n');
}
