// A listener that is late: its queue is full, so the kernel drops what would connect, until it wakes; then it accepts everybody
// and answers each request with an empty 200 that tells when its connection was accepted. So a dial on loopback takes as long as
// the kernel's retransmission of a SYN (about a second on Linux), without a right to shape traffic.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

export interface LateListener {
  readonly port: number;
  /** From here on it accepts. */
  wake(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** The field of its answers: nanoseconds of `process.hrtime`, which is one clock for all threads. */
export const ACCEPTED_AT = 'X-Accepted-At-Ns';

/** More than the dials of one test, so that those who were dropped all find room together. */
const QUEUE = 64;
/** A dial on loopback that has not connected by then will not before the retransmission. */
const PATIENCE_MS = 50;

const LISTEN_AND_SLEEP = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:net').createServer((socket) => {
  const acceptedAt = process.hrtime.bigint();
  socket.on('error', () => {});
  socket.on('data', () => socket.write('HTTP/1.1 200 OK\\r\\n${ACCEPTED_AT}: ' + acceptedAt + '\\r\\nContent-Length: 0\\r\\n\\r\\n'));
});
server.listen({ host: '127.0.0.1', port: 0, backlog: ${QUEUE} }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(workerData, 0, 0));
});`;

/** Resolves when its queue is full. */
export async function startLateListener(): Promise<LateListener> {
  const flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(LISTEN_AND_SLEEP, { eval: true, workerData: flag });
  const [port] = (await once(worker, 'message')) as [number];
  const fillers: Socket[] = [];
  for (let isFull = false; !isFull; ) {
    const socket = connect({ host: '127.0.0.1', port }).on('error', () => {});
    fillers.push(socket);
    const isIn = once(socket, 'connect').then(() => true);
    isFull = !(await Promise.race([isIn, new Promise<boolean>((resolve) => setTimeout(resolve, PATIENCE_MS, false))]));
  }
  const wake = (): void => {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  return {
    port,
    wake,
    [Symbol.asyncDispose]: async () => {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
}
