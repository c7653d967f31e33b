// What a calibration needs beside a tap: an origin on loopback that knows two answers, and connections that ask for them.
// Raw sockets, whole answers of a known length: an HTTP client's own work would be larger than what is to be measured.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { KIB, MIB } from '../units.ts';

/** As a playlist's refresh, and as a segment. */
export const ANSWER_BYTES: Readonly<Record<Answer, number>> = { small: 600, large: MIB };
type Answer = 'small' | 'large';

const ANSWERS: Readonly<Record<Answer, Buffer>> = {
  small: answerOf(ANSWER_BYTES.small),
  large: answerOf(ANSWER_BYTES.large),
};
const READ_BYTES: number = 64 * KIB;
/** The first letter of the path, which tells the two apart. */
const PATH_AT = 'GET /'.length;

export class CalibrationOrigin {
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();

  static async open(): Promise<CalibrationOrigin> {
    const origin = new CalibrationOrigin();
    origin.#server.listen(0, '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      // One request at a time, far smaller than a read: each read is one request.
      socket.on('data', (octets) =>
        socket.write(octets[PATH_AT] === 's'.charCodeAt(0) ? ANSWERS.small : ANSWERS.large),
      );
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** One keep-alive connection: to the origin itself, or to a door on the way to it. */
export class CalibrationClient {
  readonly #socket: Socket;
  readonly #requests: Readonly<Record<Answer, Buffer>>;
  #dueBytes = 0;
  #whole: PromiseWithResolvers<void> | undefined;

  /** `target` is what precedes the path in a request line: nothing, or `http://HOST:PORT` for a door. */
  static async open(port: number, target: string, userAgent: string): Promise<CalibrationClient> {
    const client = new CalibrationClient(port, target, userAgent);
    await once(client.#socket, 'connect');
    return client;
  }

  private constructor(port: number, target: string, userAgent: string) {
    const request = (answer: Answer): Buffer =>
      Buffer.from(`GET ${target}/${answer} HTTP/1.1\r\nHost: calibration\r\nUser-Agent: ${userAgent}\r\n\r\n`);
    this.#requests = { small: request('small'), large: request('large') };
    // One buffer for all reads: hundreds of megabytes pass, and what they are read into would stay as garbage of the run.
    const onread = { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback: (bytes: number) => this.#read(bytes) };
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread });
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => this.#whole?.reject(new Error('the connection was closed')));
  }

  /** Resolves when the last octet of the answer is here; rejects when it cannot come any more. */
  get(answer: Answer): Promise<void> {
    this.#dueBytes = ANSWERS[answer].length;
    this.#whole = Promise.withResolvers();
    this.#socket.write(this.#requests[answer]);
    return this.#whole.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: number): boolean {
    this.#dueBytes -= bytes;
    if (this.#dueBytes <= 0) this.#whole?.resolve();
    return true;
  }
}

function answerOf(bytes: number): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: ${bytes}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.alloc(bytes)]);
}
