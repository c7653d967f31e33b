// A player of one endless stream behind a door: reads as fast as it comes, hashes it, may freeze. It decodes nothing.
import { createHash, type Hash } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export class StreamPlayer {
  /** Of every octet that came, head and framing included. */
  readonly sha256: Hash = createHash('sha256');
  receivedBytes = 0;
  ended: 'fin' | 'reset' | undefined;
  endedAtMs: number | undefined;
  readonly #socket: Socket;

  constructor(door: URL, url: string) {
    this.#socket = connect({ host: door.hostname, port: Number(door.port), noDelay: true });
    this.#socket.write(`GET ${url} HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`);
    this.#socket.on('data', (octets: Buffer) => {
      this.sha256.update(octets);
      this.receivedBytes += octets.length;
    });
    this.#socket.on('end', () => this.#end('fin'));
    this.#socket.on('error', () => this.#end('reset'));
  }

  /** Stops reading and keeps the connection. */
  freeze(): void {
    this.#socket.pause();
  }

  leave(): void {
    this.#socket.destroy();
  }

  #end(how: 'fin' | 'reset'): void {
    this.ended ??= how;
    this.endedAtMs ??= performance.now();
  }
}
