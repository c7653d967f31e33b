// The control server (fastify): /metrics, /metrics/performance, /snapshot, /health, /ready and /debug/client/N on the `--metrics` address.
// It computes nothing and changes nothing: every answer is a reading of what the run last said.
import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, fastify } from 'fastify';
import type { Snapshot, SummaryWithClients } from '../stats/summary.ts';
import { KIB } from '../units.ts';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';
import { performanceAnswer, type ReadOperations } from './performance.ts';

/** A face has no use for a body, and a scraper that cannot send its head in this time is not one. */
const BODY_LIMIT_BYTES: number = KIB;
const REQUEST_TIMEOUT_MS = 5_000;

const PATHS: readonly string[] = [
  '/metrics',
  '/metrics/performance',
  '/snapshot',
  '/health',
  '/healthz',
  '/ready',
  '/readyz',
  '/debug/client/N',
];

export interface ControlServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly latest: () => Snapshot | undefined;
  readonly metrics: Metrics;
  readonly health: () => Health;
  /** The doors are open and the first client runs. */
  readonly isReady: () => boolean;
  /** Clients are numbered from 1 to this. */
  readonly clients: number;
  /** A client's parser and door state, ready for JSON; undefined while it has none. */
  readonly debugClient: (client: number) => object | undefined;
  readonly operations: ReadOperations;
}

export interface ControlServer {
  /** `http://HOST:PORT` as bound. */
  readonly url: string;
  /** Octets received and sent, those of open connections included. */
  carriedBytes(): number;
  /** Ends at once, kept connections included. */
  close(): Promise<void>;
}

/** Rejects with a message that names the address when it cannot be bound. */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const server = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
  });
  addRoutes(server, options);
  const carriedBytes = countOctets(server);
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ error: `${request.method} ${request.url} does not exist here`, paths: PATHS }),
  );
  try {
    await server.listen({ host: options.host, port: options.port });
  } catch (error) {
    await server.close();
    throw new Error(bindFailure(options.host, options.port, error));
  }
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://${hostAndPort(options.host, port)}`, carriedBytes, close: () => server.close() };
}

/** On loopback they cross the same device as the clients' traffic: the reconciliation with it has to know. */
function countOctets({ server }: FastifyInstance): () => number {
  const open = new Set<Socket>();
  let closedBytes = 0;
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      closedBytes += bytesOf(socket);
    });
  });
  return () => [...open].reduce((sum, socket) => sum + bytesOf(socket), closedBytes);
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}

function addRoutes(server: FastifyInstance, options: ControlServerOptions): void {
  server.get('/metrics', async (_request, reply) => {
    const text = await options.metrics.render();
    return reply.header('content-type', options.metrics.contentType).send(text);
  });
  server.get<{ Querystring: Record<string, unknown> }>('/metrics/performance', (request, reply) => {
    const { status, body } = performanceAnswer(request.query, options.operations);
    return reply.code(status).send(body);
  });
  server.get('/snapshot', (_request, reply) => {
    const snapshot = options.latest();
    if (snapshot === undefined)
      return reply.code(503).send({ error: 'no snapshot yet: the first comes a second after the start' });
    const answer: SummaryWithClients = { ...snapshot.summary, clientRows: snapshot.clients };
    return reply.send(answer);
  });
  const health = (_request: unknown, reply: FastifyReply): FastifyReply => {
    const { isHealthy, reasons } = options.health();
    return reply.code(isHealthy ? 200 : 503).send({ status: isHealthy ? 'ok' : 'unhealthy', reasons });
  };
  const ready = (_request: unknown, reply: FastifyReply): FastifyReply => {
    const isReady = options.isReady();
    return reply.code(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'starting: no client runs yet' });
  };
  for (const path of ['/health', '/healthz']) server.get(path, health);
  for (const path of ['/ready', '/readyz']) server.get(path, ready);
  server.get<{ Params: { client: string } }>('/debug/client/:client', (request, reply) => {
    const { client } = request.params;
    const number = /^[1-9]\d*$/.test(client) ? Number(client) : 0;
    const state = number >= 1 && number <= options.clients ? options.debugClient(number) : undefined;
    if (state !== undefined) return reply.send(state);
    return reply
      .code(404)
      .send({ error: `client '${client}': clients are numbered 1 to ${options.clients}, and appear when they start` });
  });
}

const BIND_FAILURES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken: another hls-swarm or go-ffmpeg-hls-swarm may still run, or another program listens there',
  EACCES: 'needs privileges that this user does not have: low ports are reserved',
  EADDRNOTAVAIL: 'is not an address of this machine',
  ENOTFOUND: 'names a host that does not resolve',
};

function bindFailure(host: string, port: number, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = BIND_FAILURES[code] ?? `cannot be bound: ${error instanceof Error ? error.message : String(error)}`;
  const look = code === 'EADDRINUSE' ? ` (ss -ltnp 'sport = :${port}' shows which)` : '';
  return `--metrics: ${hostAndPort(host, port)} ${reason}${look}; choose another HOST:PORT`;
}

function hostAndPort(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
