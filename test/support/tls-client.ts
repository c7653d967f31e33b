// A client that speaks TLS with a door as players do: CONNECT, the answer, the handshake, then octets as told.
// It checks nothing of what it gets, unless asked to verify.
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { RawClient } from './raw-client.ts';
import type { TapBench } from './tap.ts';

export const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** The octets of a CONNECT as FFmpeg sends it. */
export function connectHead(authority: string): string {
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`;
}

/** A socket at a door on which a tunnel stands; rejects when something else was answered. */
export async function tunnelTo(bench: TapBench, authority: string, door = 1): Promise<Socket> {
  const port = bench.tap.ports.get(door) ?? 0;
  const socket = connectPlain({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  socket.write(connectHead(authority));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (answer.toString() !== ESTABLISHED)
    throw new Error(`the CONNECT was answered ${JSON.stringify(answer.toString())}`);
  return socket;
}

export interface SecureClient {
  readonly client: RawClient;
  readonly tls: TLSSocket;
  /** Beneath the TLS. */
  readonly carrier: Socket;
}

/** A client whose handshake with the tap is done. The bench ends it. */
export async function secureClient(
  bench: TapBench,
  authority: string,
  options: ConnectionOptions = {},
): Promise<SecureClient> {
  const carrier = await tunnelTo(bench, authority);
  const tls = connect({ socket: carrier, rejectUnauthorized: false, servername: 'localhost', ...options });
  // Beneath TLS an end is an end; errors are the TLS socket's to tell.
  carrier.on('error', () => {});
  const client = bench.adopt(RawClient.on(tls));
  await Promise.race([once(tls, 'secureConnect'), once(tls, 'close')]).catch(() => {});
  return { client, tls, carrier };
}

/** A client that does not wait for the answer to its CONNECT: the first octets of its TLS are in the same write. */
export async function eagerClient(bench: TapBench, authority: string): Promise<RawClient> {
  const carrier = connectPlain({ host: '127.0.0.1', port: bench.tap.ports.get(1) ?? 0 });
  let head = Buffer.from(connectHead(authority));
  let answerBytes = ESTABLISHED.length;
  const wire = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      carrier.write(Buffer.concat([head, chunk]), () => done());
      head = Buffer.alloc(0);
    },
  });
  carrier.on('data', (chunk: Buffer) => {
    const rest = chunk.subarray(Math.min(answerBytes, chunk.length));
    answerBytes -= chunk.length - rest.length;
    if (rest.length > 0) wire.push(rest);
  });
  carrier.on('error', () => {});
  carrier.on('close', () => wire.push(null));
  const tls = connect({ socket: wire, rejectUnauthorized: false });
  tls.on('close', () => carrier.destroy());
  await once(tls, 'secureConnect');
  return bench.adopt(RawClient.on(tls));
}
