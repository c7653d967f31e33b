// A raw TCP origin that plays a script and records every octet: what a tap (or FFmpeg) did is read off its connections.
// It speaks no HTTP of its own: heads are cut at the empty line, bodies by Content-Length, answers are octets and pauses.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';

/** One step of an answer. */
export type Action =
  | { readonly kind: 'send'; readonly octets: Buffer }
  | { readonly kind: 'throttle'; readonly octets: Buffer; readonly bytesPerSecond: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'until'; readonly promise: Promise<unknown> }
  /** Tells when its turn came: the truth about an answer is what the origin did, not what its timers asked for. */
  | { readonly kind: 'note'; readonly tell: (atMs: number) => void }
  | { readonly kind: 'fin' }
  | { readonly kind: 'reset' }
  /** Closes both directions, as servers do, when no further request has begun after that time: later octets meet an RST. */
  | { readonly kind: 'fin-when-idle'; readonly ms: number };

export const send = (octets: string | Buffer): Action => ({ kind: 'send', octets: asBuffer(octets) });
export const throttle = (octets: string | Buffer, bytesPerSecond: number): Action => ({
  kind: 'throttle',
  octets: asBuffer(octets),
  bytesPerSecond,
});
export const wait = (ms: number): Action => ({ kind: 'wait', ms });
export const until = (promise: Promise<unknown>): Action => ({ kind: 'until', promise });
export const note = (tell: (atMs: number) => void): Action => ({ kind: 'note', tell });
export const finWhenIdle = (ms: number): Action => ({ kind: 'fin-when-idle', ms });
export const fin: Action = { kind: 'fin' };
export const reset: Action = { kind: 'reset' };

export interface RecordedRequest {
  /** 1-based, over all connections, in the order in which heads were complete. */
  readonly number: number;
  readonly connection: RecordedConnection;
  /** 1-based, on its connection. */
  readonly index: number;
  readonly method: string;
  /** As sent: origin-form or absolute-form. */
  readonly target: string;
  /** Every octet up to and with the empty line. */
  readonly head: string;
  readonly body: Buffer;
  readonly atMs: number;
}

/** First to end: FIN or RST, and whose. */
export type Closer = 'client-fin' | 'client-reset' | 'origin-fin' | 'origin-reset';

export interface RecordedConnection {
  /** 1-based, in the order of accepting. */
  readonly number: number;
  readonly remotePort: number;
  readonly requests: RecordedRequest[];
  /** Every octet received, as text of one character per octet. */
  received: string;
  /** How TLS began, where the origin speaks it. */
  readonly tls?: { readonly serverName?: string; readonly protocol?: string; readonly isResumed: boolean };
  /** Octets handed to the socket. */
  sentBytes: number;
  readonly openedAtMs: number;
  closedAtMs?: number;
  closedBy?: Closer;
}

/** What to do with a request; undefined leaves it unanswered. */
export type Script = (request: RecordedRequest) => readonly Action[] | undefined;

interface ScriptedOriginOptions {
  readonly host?: string;
  /** Before any request: a banner, a reset, a FIN. */
  readonly onConnection?: (connection: RecordedConnection) => readonly Action[];
  /** Speak TLS; `reset` then is for scripts without it. */
  readonly secure?: TlsOptions;
}

const HEAD_END = '\r\n\r\n';
const DEADLINE_MS = 5_000;
const THROTTLE_STEP_MS = 10;
const MS_IN_A_SECOND = 1_000;

export class ScriptedOrigin {
  readonly connections: RecordedConnection[] = [];
  readonly requests: RecordedRequest[] = [];
  readonly #script: Script;
  readonly #options: ScriptedOriginOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();
  /** With TLS: the accepted sockets beneath, in the order of accepting. */
  readonly transports: Socket[] = [];

  private constructor(script: Script, options: ScriptedOriginOptions) {
    this.#script = script;
    this.#options = options;
    const accept = (socket: Socket): void => this.#accepted(socket);
    const { secure } = options;
    const shape = { allowHalfOpen: true, noDelay: true };
    this.#server =
      secure === undefined ? createServer(shape, accept) : createTlsServer({ ...secure, ...shape }, accept);
    if (secure !== undefined) this.#server.on('connection', (socket: Socket) => this.#carried(socket));
  }

  /** Listens on a free loopback port. Close it, or let `await using` do so. */
  static async start(script: Script, options: ScriptedOriginOptions = {}): Promise<ScriptedOrigin> {
    const origin = new ScriptedOrigin(script, options);
    origin.#server.listen(0, options.host ?? '127.0.0.1');
    await once(origin.#server, 'listening');
    return origin;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the scripted origin does not listen');
    return address.port;
  }

  url(path: string): string {
    return `${this.#options.secure === undefined ? 'http' : 'https'}://${this.#options.host ?? '127.0.0.1'}:${this.port}${path}`;
  }

  /** Resolves when `condition` holds; checked at every octet, head and close. Rejects after the deadline. */
  async waitFor(condition: (origin: this) => boolean, deadlineMs: number = DEADLINE_MS): Promise<void> {
    if (condition(this)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (condition(this)) resolve();
    };
    const timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${condition}`)), deadlineMs);
    this.#waiting.add(check);
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }

  /** Resets every open connection now, wherever its script is. */
  resetNow(): void {
    for (const connection of this.connections)
      if (connection.closedAtMs === undefined) connection.closedBy ??= 'origin-reset';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Stops listening and resets what is open. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #accepted(socket: Socket): void {
    const connection: RecordedConnection = {
      number: this.connections.length + 1,
      remotePort: socket.remotePort ?? 0,
      requests: [],
      received: '',
      sentBytes: 0,
      openedAtMs: performance.now(),
      ...(socket instanceof TLSSocket ? { tls: tlsFacts(socket) } : {}),
    };
    this.connections.push(connection);
    this.#sockets.add(socket);
    const player = new Player(socket, connection);
    void player.play(this.#options.onConnection?.(connection) ?? []);
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      connection.received += chunk.toString('latin1');
      rest = this.#readRequests(Buffer.concat([rest, chunk]), connection, player);
      this.#changed();
    });
    socket.on('end', () => {
      connection.closedBy ??= 'client-fin';
      // A client that is gone wants no more: what the script still plays meets a closed socket, as it would in life.
      void player.play([fin]);
      this.#changed();
    });
    socket.on('error', () => {
      connection.closedBy ??= 'client-reset';
    });
    socket.once('close', () => {
      connection.closedAtMs = performance.now();
      this.#sockets.delete(socket);
      this.#changed();
    });
  }

  /** A handshake that fails closes it before there is a connection to speak on. */
  #carried(socket: Socket): void {
    this.transports.push(socket);
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#changed();
    });
    this.#changed();
  }

  /** Hands back what is not a whole request yet. */
  #readRequests(data: Buffer, connection: RecordedConnection, player: Player): Buffer {
    for (;;) {
      const end = data.indexOf(HEAD_END);
      if (end < 0) return data;
      const bodyStart = end + HEAD_END.length;
      const head = data.toString('latin1', 0, bodyStart);
      const length = Number(fieldOf(head, 'content-length') ?? 0);
      if (data.length < bodyStart + length) return data;
      const [method = '', target = ''] = head.split(' ', 2);
      const request: RecordedRequest = {
        number: this.requests.length + 1,
        connection,
        index: connection.requests.length + 1,
        method,
        target,
        head,
        body: data.subarray(bodyStart, bodyStart + length),
        atMs: performance.now(),
      };
      data = data.subarray(bodyStart + length);
      this.requests.push(request);
      connection.requests.push(request);
      player.requestBegan();
      void player.play(this.#script(request) ?? []);
    }
  }

  #changed(): void {
    for (const check of [...this.#waiting]) check();
  }
}

function tlsFacts(socket: TLSSocket): NonNullable<RecordedConnection['tls']> {
  const { servername } = socket as TLSSocket & { readonly servername?: string | false };
  return {
    isResumed: socket.isSessionReused(),
    ...(typeof servername === 'string' ? { serverName: servername } : {}),
    ...(typeof socket.alpnProtocol === 'string' ? { protocol: socket.alpnProtocol } : {}),
  };
}

/** The value of a field of a raw head, first occurrence; undefined when it is not there. */
export function fieldOf(head: string, name: string): string | undefined {
  const prefix = `${name.toLowerCase()}:`;
  const line = head.split('\r\n').find((text) => text.toLowerCase().startsWith(prefix));
  return line?.slice(prefix.length).trim();
}

/** Plays the answers of one connection in the order of their requests. */
class Player {
  readonly #socket: Socket;
  readonly #connection: RecordedConnection;
  #turn: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(socket: Socket, connection: RecordedConnection) {
    this.#socket = socket;
    this.#connection = connection;
    socket.once('close', () => clearTimeout(this.#idle));
  }

  requestBegan(): void {
    clearTimeout(this.#idle);
  }

  play(actions: readonly Action[]): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      for (const action of actions) await this.#act(action);
    });
    return this.#turn;
  }

  async #act(action: Action): Promise<void> {
    switch (action.kind) {
      case 'send':
        return this.#write(action.octets);
      case 'throttle':
        return this.#throttled(action.octets, action.bytesPerSecond);
      case 'wait':
        return pause(action.ms);
      case 'until':
        await action.promise;
        return;
      case 'note':
        action.tell(performance.now());
        return;
      case 'fin':
        return this.#fin();
      case 'reset':
        this.#connection.closedBy ??= 'origin-reset';
        this.#socket.resetAndDestroy();
        return;
      case 'fin-when-idle':
        this.#idle = setTimeout(() => {
          this.#connection.closedBy ??= 'origin-fin';
          this.#socket.destroySoon();
        }, action.ms);
    }
  }

  #fin(): void {
    this.#connection.closedBy ??= 'origin-fin';
    this.#socket.end();
  }

  /** Resolves when the kernel has it, or never will. */
  async #write(octets: Buffer): Promise<void> {
    if (!this.#socket.writable || octets.length === 0) return;
    this.#connection.sentBytes += octets.length;
    await new Promise<void>((resolve) => {
      this.#socket.once('close', resolve);
      this.#socket.write(octets, () => {
        this.#socket.off('close', resolve);
        resolve();
      });
    });
  }

  async #throttled(octets: Buffer, bytesPerSecond: number): Promise<void> {
    const step = Math.max(1, Math.round((bytesPerSecond * THROTTLE_STEP_MS) / MS_IN_A_SECOND));
    for (let position = 0; position < octets.length && this.#socket.writable; position += step) {
      await this.#write(octets.subarray(position, position + step));
      await pause(THROTTLE_STEP_MS);
    }
  }
}

function asBuffer(octets: string | Buffer): Buffer {
  return typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets;
}
