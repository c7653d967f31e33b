// An origin of endless transport streams: each request gets its own, paced, and is told when to fall silent, reset or end.
// It answers every head alike and reads no URL; what it sent of each stream is counted and hashed.
import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { packets } from '../../test/support/transport-packets.ts';

const TICK_MS = 20;
const MS_PER_SECOND = 1_000;
/** 16 packets, so that continuity counters go on from piece to piece. */
const PIECE: Buffer = packets(16);
const FIELDS = 'HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n';
/** A reader this far behind gets nothing more until its kernel takes some. */
const MAX_BEHIND_BYTES = 1_000_000;

/** One answer under way. */
export class OriginStream {
  /** Of the whole answer, head and framing included. */
  readonly sha256: Hash = createHash('sha256');
  contentBytes = 0;
  closedAtMs: number | undefined;
  lastWriteAtMs: number | undefined;
  bytesPerSecond: number;
  readonly #socket: Socket;
  readonly #isChunked: boolean;
  readonly #timer: NodeJS.Timeout;
  #dueBytes = 0;

  constructor(socket: Socket, bytesPerSecond: number, isChunked: boolean) {
    this.#socket = socket;
    this.#isChunked = isChunked;
    this.bytesPerSecond = bytesPerSecond;
    this.#write(Buffer.from(`${FIELDS}${isChunked ? 'Transfer-Encoding: chunked\r\n' : ''}\r\n`));
    this.#timer = setInterval(() => this.#flow(), TICK_MS);
    socket.once('close', () => {
      this.closedAtMs = performance.now();
      this.fallSilent();
    });
  }

  /** Sends nothing more and leaves the connection open. */
  fallSilent(): void {
    clearInterval(this.#timer);
  }

  reset(): void {
    this.fallSilent();
    this.#socket.resetAndDestroy();
  }

  /** Ends as its framing demands. */
  finish(): void {
    this.fallSilent();
    if (this.#isChunked) this.#write(Buffer.from('0\r\n\r\n'));
    this.#socket.end();
  }

  #flow(): void {
    this.#dueBytes += (this.bytesPerSecond * TICK_MS) / MS_PER_SECOND;
    for (; this.#dueBytes >= PIECE.length; this.#dueBytes -= PIECE.length) {
      if (this.#socket.writableLength > MAX_BEHIND_BYTES) continue;
      this.contentBytes += PIECE.length;
      if (this.#isChunked) this.#write(Buffer.from(`${PIECE.length.toString(16)}\r\n`));
      this.#write(PIECE);
      if (this.#isChunked) this.#write(Buffer.from('\r\n'));
    }
  }

  #write(octets: Buffer): void {
    this.sha256.update(octets);
    this.lastWriteAtMs = performance.now();
    this.#socket.write(octets);
  }
}

export class StreamOrigin {
  /** By the path asked for. */
  readonly streams: Map<string, OriginStream> = new Map();
  readonly #server: Server;

  /** Every other stream is chunked, the others have no framing but their end. */
  static async start(bytesPerSecond: number): Promise<StreamOrigin> {
    const origin = new StreamOrigin(bytesPerSecond);
    origin.#server.listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  private constructor(bytesPerSecond: number) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', (head: Buffer) => {
        const path = head.toString('latin1').split(' ', 2)[1] ?? '';
        this.streams.set(path, new OriginStream(socket, bytesPerSecond, this.streams.size % 2 === 1));
      });
    });
  }

  get port(): number {
    const address = this.#server.address();
    return address === null || typeof address === 'string' ? 0 : address.port;
  }

  /** Stops listening and falls silent everywhere. */
  close(): void {
    this.#server.close();
    for (const stream of this.streams.values()) stream.reset();
  }
}
