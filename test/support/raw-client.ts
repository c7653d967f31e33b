// A raw TCP client: sends octets as told, keeps what comes back and how it ended. Tests play a player's every move with it.
// It reads no HTTP and answers nothing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const DEADLINE_MS = 5_000;

export class RawClient {
  /** How the other side ended it; absent while it has not. */
  ended: 'fin' | 'reset' | undefined;
  receivedBytes = 0;
  readonly #socket: Socket;
  readonly #parts: Buffer[] = [];
  readonly #waiting = new Set<() => void>();

  /** Resolves when connected to a loopback port. */
  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** On a socket that somebody else connected, and speaks TLS on perhaps. */
  static on(socket: Socket): RawClient {
    return new RawClient(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (octets: Buffer) => {
      this.#parts.push(octets);
      this.receivedBytes += octets.length;
      this.#changed();
    });
    socket.on('end', () => this.#end('fin'));
    socket.on('error', () => this.#end('reset'));
    socket.on('close', () => this.#changed());
  }

  /** Nothing more will come: the other side ended it, or we left. */
  get hasEnded(): boolean {
    return this.ended !== undefined || this.#socket.destroyed;
  }

  /** Every octet so far. */
  get received(): Buffer {
    return Buffer.concat(this.#parts);
  }

  /** One character per octet. */
  get text(): string {
    return this.received.toString('latin1');
  }

  /** Writes; resolves when the kernel has taken it, or never will. */
  async send(octets: string | Buffer): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets, () => resolve());
    await promise;
  }

  /** Closes our direction only. */
  finish(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Leaves without a word: FIN, and both directions are gone. */
  destroy(): void {
    this.#socket.destroy();
  }

  /** Stops reading, so that the kernel's buffers fill. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when `condition` holds, checked at every octet and at the end; fails with what there is after a deadline. */
  async until(condition: (client: this) => boolean, what: string): Promise<void> {
    if (condition(this)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (condition(this)) resolve();
    };
    const timer = setTimeout(() => reject(new Error(this.#told(what))), DEADLINE_MS);
    this.#waiting.add(check);
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  /** Resolves when exactly these octets have come; more is a failure. */
  async receives(octets: Buffer): Promise<void> {
    await this.until(({ receivedBytes }) => receivedBytes >= octets.length, `${octets.length} octets`);
    assert.ok(this.received.equals(octets), this.#told(`the ${octets.length} octets that were sent`));
  }

  /** Resolves with how the other side ended it. */
  async end(): Promise<'fin' | 'reset'> {
    await this.until(({ ended }) => ended !== undefined, 'the end');
    assert.ok(this.ended !== undefined);
    return this.ended;
  }

  #told(what: string): string {
    const shown = this.text.slice(0, 300);
    return `expected ${what}; ended: ${this.ended ?? 'no'}, ${this.receivedBytes} octets: ${JSON.stringify(shown)}`;
  }

  #end(how: 'fin' | 'reset'): void {
    this.ended ??= how;
    this.#changed();
  }

  #changed(): void {
    for (const check of [...this.#waiting]) check();
  }
}
