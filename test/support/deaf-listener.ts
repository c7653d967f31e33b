// A listener whose queue is full and that accepts nobody: a dial to it hangs, neither refused nor answered.
// It is a thread that sleeps; the kernel completes no handshake beyond the queue.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

export interface DeafListener {
  readonly port: number;
  [Symbol.asyncDispose](): Promise<void>;
}

const LISTEN_AND_SLEEP = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:net').createServer();
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(new Int32Array(workerData), 0, 0));
});`;
/** A queue of 1 holds two connections on Linux; one more finds it full whatever the system rounds to. */
const FILLERS = 4;
/** A dial on loopback that has not connected by then will not. */
const PATIENCE_MS = 50;

export async function startDeafListener(): Promise<DeafListener> {
  const worker = new Worker(LISTEN_AND_SLEEP, { eval: true, workerData: new SharedArrayBuffer(4) });
  const [port] = (await once(worker, 'message')) as [number];
  const fillers: Socket[] = [];
  for (let filler = 0; filler < FILLERS; filler += 1) {
    const socket = connect({ host: '127.0.0.1', port }).on('error', () => {});
    fillers.push(socket);
    const isIn = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<boolean>((resolve) => setTimeout(resolve, PATIENCE_MS, false)),
    ]);
    if (!isIn) break;
  }
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
}
