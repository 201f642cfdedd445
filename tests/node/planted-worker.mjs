// The package's worker with faults on demand: a film of these names makes it hang, end or throw.
import { parentPort, threadId } from 'node:worker_threads';

// Before the package's own listener, which then never hears of the film.
parentPort.on('message', ({ method, args }) => {
  const name = method === 'report' ? args[1].name : '';
  if (name === 'hang') for (;;);
  if (name === 'exit') process.exit(3);
  if (name === 'throw') throw new Error(`planted in ${threadId}`);
});
await import('../../wasm/dist/worker.js');
