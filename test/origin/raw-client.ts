// A TCP client that counts octets: what the origin's account is held against. Sends what it is told, reads by Content-Length.
// It understands no chunked body and no interim response; the embedded origin sends neither.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawResponse {
  readonly status: number;
  readonly head: string;
  /** With the empty line. */
  readonly headBytes: number;
  readonly body: Buffer;
}

const HEAD_END = '\r\n\r\n';

export class RawClient {
  readonly socket: Socket;
  readonly localPort: number;
  /** Octets received so far. */
  receivedBytes = 0;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    this.localPort = socket.localPort ?? 0;
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {});
    return new RawClient(socket);
  }

  /** Sends a request and reads its response. */
  async ask(path: string, fields: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<RawResponse> {
    this.socket.write(requestText(path, fields, method));
    return this.read(method);
  }

  /** Reads the next response to a request with `method`. */
  async read(method = 'GET'): Promise<RawResponse> {
    const end = await this.#until(() => this.#rest.indexOf(HEAD_END));
    const head = this.#rest.toString('latin1', 0, end + HEAD_END.length);
    const status = Number(head.split(' ', 2)[1]);
    const hasBody = method !== 'HEAD' && status !== 204 && status !== 304;
    const length = hasBody ? Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0) : 0;
    const total = head.length + length;
    await this.#until(() => (this.#rest.length >= total ? total : -1));
    const body = this.#rest.subarray(head.length, total);
    this.#rest = this.#rest.subarray(total);
    return { status, head, headBytes: head.length, body };
  }

  /** Resolves when the other side has closed; octets that no `read` took are counted too. */
  async closed(): Promise<void> {
    for (let chunk: Buffer | null = Buffer.alloc(0); chunk !== null; chunk = await this.#chunk())
      this.#rest = Buffer.concat([this.#rest, chunk]);
  }

  close(): void {
    this.socket.destroy();
  }

  async #until(position: () => number): Promise<number> {
    for (;;) {
      const found = position();
      if (found >= 0) return found;
      const chunk = await this.#chunk();
      if (chunk === null) throw new Error(`the origin closed after ${this.receivedBytes} octets`);
      this.#rest = Buffer.concat([this.#rest, chunk]);
    }
  }

  async #chunk(): Promise<Buffer | null> {
    for (;;) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) {
        this.receivedBytes += chunk.length;
        return chunk;
      }
      if (this.socket.readableEnded || this.socket.destroyed) return null;
      const { promise, resolve } = Promise.withResolvers<void>();
      for (const event of ['readable', 'end', 'close']) this.socket.once(event, resolve);
      await promise;
      for (const event of ['readable', 'end', 'close']) this.socket.off(event, resolve);
    }
  }
}

export function requestText(path: string, fields: Readonly<Record<string, string>> = {}, method = 'GET'): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nHost: origin\r\n${lines.join('')}\r\n`;
}
