// The entry of a tap's worker thread: wires the thread's port to the tap of one thread.
// It holds no logic; nothing imports it.
import { parentPort, workerData } from 'node:worker_threads';
import { type TapCommand, TapCore, type TapSetup } from './tap-core.ts';

const port = parentPort;
if (port === null) throw new Error('worker-main.ts runs in a worker thread');

const core = new TapCore(workerData as TapSetup, (message) => {
  // The numbers of a batch move; they come back when it was read.
  port.postMessage(message, message.type === 'batch' ? [message.records.numbers.buffer] : []);
  // Nothing else keeps the thread alive: it ends when its port closes.
  if (message.type === 'closed') port.close();
});
port.on('message', (command: TapCommand) => core.command(command));
await core.open();
