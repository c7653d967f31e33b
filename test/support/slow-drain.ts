// A client that drains slowly: it reads a little, rests, reads a little, rests, and in the end takes all that is left. The body is
// so much larger than what kernels hold that the tap can go on only when the client reads: it is blocked while the client rests.
import { connect } from 'node:net';
import { knownOctets, withLength } from './scripted-answers.ts';
import { answering, request, type TapBench } from './tap.ts';

const RESTS = 10;
const REST_MS = 100;
const BETWEEN_BYTES = 1_000_000;
/** Two pairs of socket buffers hold at most some 12 MB on loopback; this much more is left after the last rest. */
const REST_OF_BODY_BYTES = 24_000_000;
const BODY_BYTES: number = RESTS * BETWEEN_BYTES + REST_OF_BODY_BYTES;

export interface SlowDrain {
  /** The client did not read at all for so long. */
  readonly restedMs: number;
  /** From its first rest until it had everything: with the time in which it did read. */
  readonly slowMs: number;
  /** What the tap says: `clientBlockedMs`. */
  readonly measuredMs: number;
}

export async function slowDrain(bench: TapBench): Promise<SlowDrain> {
  await using origin = await answering(withLength(knownOctets(1, BODY_BYTES)));
  const drained = await drain(bench.tap.ports.get(1) ?? 0, request(origin, '/').sent);
  const { transfers } = await bench.account();
  return { ...drained, measuredMs: transfers[0]?.clientBlockedMs ?? Number.NaN };
}

/** Resolves when the body is whole. */
function drain(port: number, asked: string): Promise<Omit<SlowDrain, 'measuredMs'>> {
  const { promise, resolve, reject } = Promise.withResolvers<Omit<SlowDrain, 'measuredMs'>>();
  const socket = connect({ host: '127.0.0.1', port }, () => socket.write(asked));
  let [receivedBytes, rests, restedMs] = [0, 0, 0];
  let slowSinceMs: number | undefined;
  socket.once('error', reject);
  socket.on('data', (octets) => {
    receivedBytes += octets.length;
    if (receivedBytes >= BODY_BYTES) {
      socket.destroy();
      resolve({ restedMs, slowMs: performance.now() - (slowSinceMs ?? Number.NaN) });
    } else if (rests < RESTS && receivedBytes > rests * BETWEEN_BYTES) {
      rests += 1;
      socket.pause();
      const sinceMs = performance.now();
      slowSinceMs ??= sinceMs;
      setTimeout(() => {
        restedMs += performance.now() - sinceMs;
        socket.resume();
      }, REST_MS);
    }
  });
  return promise;
}
