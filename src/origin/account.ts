// The origin's own account: every octet written to a client's socket belongs to exactly one request, head and body apart.
// It writes no response and no file; it is told of sockets and requests by node:http and hands out one line per request.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Injected } from '../events.ts';

/** One line of the access log; the names are nginx's where nginx has one. */
export interface AccessLine {
  /** Unix epoch, when the response ended. */
  readonly time_ms: number;
  readonly remote_port: number;
  readonly connection: number;
  /** 1-based index of the request on its connection. */
  readonly connection_requests: number;
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  /** Head and body. When not completed an upper bound: what was handed to the socket, the slice in flight included. */
  readonly bytes_sent: number;
  readonly body_bytes_sent: number;
  /** The kernel took the last octet. */
  readonly completed: boolean;
  /** A fault on purpose that has acted on it. */
  readonly injected?: Injected;
  readonly user_agent?: string;
  readonly range?: string;
}

export interface AccountTotals {
  /** Octets written to sockets up to now, open responses included. */
  readonly responseBytes: number;
  /** Octets of the heads of ended responses. */
  readonly headBytes: number;
  readonly requests: number;
  readonly connectionsActive: number;
}

interface Connection {
  readonly number: number;
  readonly remotePort: number;
  requests: number;
  /** Octets of this socket that a line has claimed. */
  claimedBytes: number;
  /** In the order of arrival: answers leave in that order too. */
  readonly open: OpenRequest[];
}

interface OpenRequest {
  readonly index: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** nginx's codes for a client that left before there was a response head, and for a connection that it closed itself. */
const CLIENT_CLOSED_REQUEST = 499;
const CLOSED_WITHOUT_RESPONSE = 444;

export class Account {
  readonly #clock: Clock;
  readonly #onLine: (line: AccessLine) => void;
  readonly #connections = new Map<Socket, Connection>();
  readonly #injected = new WeakMap<ServerResponse, Injected>();
  #connectionsSeen = 0;
  #requests = 0;
  #closedBytes = 0;
  #headBytes = 0;

  constructor(clock: Clock, onLine: (line: AccessLine) => void) {
    this.#clock = clock;
    this.#onLine = onLine;
  }

  /** Call before the server listens. */
  watch(server: Server): void {
    server.prependListener('connection', (socket) => this.#connected(socket));
    server.prependListener('request', (request, response) => this.#requested(request, response));
    // Answered at once, without the interim head that node:http would send by itself and nobody would claim.
    server.on('checkContinue', (request, response) => void server.emit('request', request, response));
  }

  totals(): AccountTotals {
    let responseBytes = this.#closedBytes;
    for (const socket of this.#connections.keys()) responseBytes += socket.bytesWritten;
    return {
      responseBytes,
      headBytes: this.#headBytes,
      requests: this.#requests,
      connectionsActive: this.#connections.size,
    };
  }

  /** Octets that answered something which never became a request (a malformed head): a line without a method. */
  malformed(socket: Socket, status: number): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    connection.requests += 1;
    this.#requests += 1;
    const bytes = this.#claim(socket, connection);
    this.#headBytes += bytes;
    this.#write(connection, connection.requests, {
      method: '-',
      uri: '-',
      status,
      bytes,
      bodyBytes: 0,
      completed: true,
    });
  }

  /** A fault on purpose acts on this answer: its line says so. */
  inject(response: ServerResponse, fault: Injected): void {
    this.#injected.set(response, fault);
  }

  #connected(socket: Socket): void {
    this.#connectionsSeen += 1;
    const connection: Connection = {
      number: this.#connectionsSeen,
      remotePort: socket.remotePort ?? 0,
      requests: 0,
      claimedBytes: 0,
      open: [],
    };
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      // node:http tells only the answer that holds the socket; pipelined ones behind it would be lost.
      for (const open of [...connection.open]) this.#ended(socket, connection, open, false);
      this.#connections.delete(socket);
      this.#closedBytes += socket.bytesWritten;
    });
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return;
    connection.requests += 1;
    this.#requests += 1;
    const open = { index: connection.requests, request, response };
    connection.open.push(open);
    // Before node:http's own listener, which lets the next pipelined answer write.
    response.prependListener('finish', () => this.#ended(request.socket, connection, open, true));
  }

  #ended(socket: Socket, connection: Connection, open: OpenRequest, completed: boolean): void {
    const position = connection.open.indexOf(open);
    if (position < 0) return;
    connection.open.splice(position, 1);
    const { request, response } = open;
    const bytes = this.#claim(socket, connection);
    const bodyBytes = Math.max(0, bytes - headLength(response));
    const injected = this.#injected.get(response);
    const withoutHead = injected === 'reset' ? CLOSED_WITHOUT_RESPONSE : CLIENT_CLOSED_REQUEST;
    this.#headBytes += bytes - bodyBytes;
    this.#write(connection, open.index, {
      method: request.method ?? '-',
      uri: request.url ?? '-',
      status: bytes > 0 ? response.statusCode : withoutHead,
      bytes,
      bodyBytes,
      completed,
      injected,
      userAgent: request.headers['user-agent'],
      range: request.headers.range,
    });
  }

  #claim(socket: Socket, connection: Connection): number {
    const bytes = socket.bytesWritten - connection.claimedBytes;
    connection.claimedBytes = socket.bytesWritten;
    return bytes;
  }

  #write(connection: Connection, index: number, facts: LineFacts): void {
    this.#onLine({
      time_ms: this.#clock.wallMs(),
      remote_port: connection.remotePort,
      connection: connection.number,
      connection_requests: index,
      method: facts.method,
      uri: facts.uri,
      status: facts.status,
      bytes_sent: facts.bytes,
      body_bytes_sent: facts.bodyBytes,
      completed: facts.completed,
      ...(facts.injected === undefined ? {} : { injected: facts.injected }),
      ...(facts.userAgent === undefined ? {} : { user_agent: facts.userAgent }),
      ...(facts.range === undefined ? {} : { range: facts.range }),
    });
  }
}

interface LineFacts {
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  readonly bytes: number;
  readonly bodyBytes: number;
  readonly completed: boolean;
  readonly injected?: Injected | undefined;
  readonly userAgent?: string | undefined;
  readonly range?: string | undefined;
}

/** node:http keeps the head as written under this name and offers no public way to its length. */
function headLength(response: ServerResponse): number {
  const { _header: head } = response as unknown as { readonly _header: string | null };
  return head === null ? 0 : Buffer.byteLength(head, 'latin1');
}
