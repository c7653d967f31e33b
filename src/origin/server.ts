// The origin's HTTP face (fastify): media from memory, the listing, health and metrics, each answer with its length.
// It reads no file, caches nothing and keeps no account: the store has the files, the account watches the sockets.
import { createServer, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { KIB, MS_PER_SECOND, SECONDS_PER_MINUTE } from '../units.ts';
import type { Account } from './account.ts';
import type { OriginFaults, SendContent } from './faults.ts';
import { readHostCounters } from './host-metrics.ts';
import type { MediaFile, MediaStore } from './media-store.ts';
import { METRICS_MEDIA_TYPE, metricsText } from './metrics-text.ts';
import { readRange } from './range.ts';

export const MEDIA_PATH = '/live/';
export const LISTING_PATH = '/files/json/';
export const METRICS_PATH = '/metrics';
const HEALTH_PATH = '/health';

const METHODS = 'GET, HEAD, OPTIONS';
/** Longer than any pause between two playlist reloads: an origin that hangs up is a fault, and faults are asked for. */
const KEEP_ALIVE_MS = 60 * SECONDS_PER_MINUTE * MS_PER_SECOND;
/** How much of a body is on its way to the kernel at once: the grain of the account of an abandoned answer. */
const SLICE_BYTES = 128 * KIB;
/** Segments never change under their name. */
const SEGMENT_CACHING = 'public, max-age=3600, immutable';

interface ServerParts {
  readonly store: MediaStore;
  readonly account: Account;
  readonly isLive: () => boolean;
  /** Faults on purpose in answers to requests for media. */
  readonly faults?: OriginFaults;
}

/** A server that does not listen yet; `close()` ends its connections at once. */
export function createOriginServer({ store, account, isLive, faults }: ServerParts): FastifyInstance {
  const server = fastify({
    logger: false,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => refuseMalformed(account, error, socket),
    serverFactory: (handler) => {
      const http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, handler);
      account.watch(http);
      return http;
    },
  });
  server.addHook('onRequest', async (request, reply) => {
    reply.header('access-control-allow-origin', '*');
    if (request.method === 'OPTIONS') return preflight(reply);
    if (request.method === 'GET' || request.method === 'HEAD') return;
    return reply.header('allow', METHODS).code(405).send();
  });
  server.setNotFoundHandler((request, reply) => notFound(request, reply));
  const routes: readonly [string, (request: FastifyRequest, reply: FastifyReply) => unknown][] = [
    [
      `${MEDIA_PATH}:name`,
      (request, reply) => {
        const answer = (send?: SendContent): FastifyReply => media(store, request, reply, send);
        return faults === undefined ? answer() : faults.answer(request, reply, answer);
      },
    ],
    [LISTING_PATH, (request, reply) => sendText(request, reply, 'application/json', listing(store.list()))],
    [HEALTH_PATH, (request, reply) => health(isLive(), request, reply)],
    [
      METRICS_PATH,
      async (request, reply) => {
        const host = await readHostCounters();
        return sendText(request, reply, METRICS_MEDIA_TYPE, metricsText(account.totals(), host));
      },
    ],
  ];
  for (const [url, handler] of routes) server.route({ method: ['GET', 'HEAD'], url, handler });
  return server;
}

function media(
  store: MediaStore,
  request: FastifyRequest,
  reply: FastifyReply,
  send: SendContent = (_content, ordinary) => ordinary(),
): FastifyReply {
  const { name } = request.params as { readonly name: string };
  const file = store.get(name);
  if (file === undefined) return notFound(request, reply);
  reply
    .header('cache-control', file.isPlaylist ? 'no-store' : SEGMENT_CACHING)
    .header('etag', file.etag)
    .header('accept-ranges', 'bytes');
  // A second is too coarse to tell two versions of a live playlist apart.
  if (!file.isPlaylist) reply.header('last-modified', httpDate(file.modifiedWallMs));
  if (isUnchanged(request, file)) return reply.code(304).send();
  const field = request.method === 'GET' && mayUseRange(request, file) ? request.headers.range : undefined;
  const { length } = file.content;
  const range = readRange(field, length);
  if (range.kind === 'unsatisfiable') return reply.header('content-range', `bytes */${length}`).code(416).send();
  reply.type(file.mediaType);
  const answer = (content: Buffer): FastifyReply => send(content, () => sendOctets(request, reply, content));
  if (range.kind === 'whole') return answer(file.content);
  reply.code(206).header('content-range', `bytes ${range.first}-${range.last}/${length}`);
  return answer(file.content.subarray(range.first, range.last + 1));
}

/** The form of nginx's `autoindex_format json`. */
function listing(files: readonly MediaFile[]): string {
  const lines = files.map(({ name, modifiedWallMs, content }) =>
    JSON.stringify({ name, type: 'file', mtime: httpDate(modifiedWallMs), size: content.length }),
  );
  return `[\n${lines.join(',\n')}\n]\n`;
}

function health(isLive: boolean, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.code(isLive ? 200 : 503);
  return sendText(request, reply, 'application/json', `${JSON.stringify({ status: isLive ? 'ok' : 'starting' })}\n`);
}

function preflight(reply: FastifyReply): FastifyReply {
  return reply
    .header('allow', METHODS)
    .header('access-control-allow-methods', METHODS)
    .header('access-control-allow-headers', '*')
    .header('access-control-max-age', '86400')
    .code(204)
    .send();
}

function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.code(404);
  return sendText(request, reply, 'text/plain; charset=utf-8', '404 Not Found\n');
}

function sendText(request: FastifyRequest, reply: FastifyReply, mediaType: string, text: string): FastifyReply {
  reply.header('cache-control', 'no-store').type(mediaType);
  return sendOctets(request, reply, Buffer.from(text));
}

/** Always with a length, so that no answer of ours is chunked. */
function sendOctets(request: FastifyRequest, reply: FastifyReply, content: Buffer): FastifyReply {
  reply.header('content-length', content.length);
  if (request.method === 'HEAD') return reply.send();
  return reply.send(content.length <= SLICE_BYTES ? content : inSlices(content));
}

/** One write at a time, so that what a leaving client was not sent is known to the slice. Slices share the memory. */
function inSlices(content: Buffer): Readable {
  let position = 0;
  return new Readable({
    highWaterMark: SLICE_BYTES,
    read(): void {
      const slice = content.subarray(position, position + SLICE_BYTES);
      position += slice.length;
      this.push(slice.length === 0 ? null : slice);
    },
  });
}

function isUnchanged(request: FastifyRequest, file: MediaFile): boolean {
  const tags = request.headers['if-none-match'];
  if (tags !== undefined)
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === file.etag);
  const since = Date.parse(request.headers['if-modified-since'] ?? '');
  return !file.isPlaylist && since >= Date.parse(httpDate(file.modifiedWallMs));
}

/** If-Range: a part only of the version that the client has the rest of. */
function mayUseRange(request: FastifyRequest, file: MediaFile): boolean {
  const condition = request.headers['if-range'];
  return condition === undefined || condition === file.etag || condition === httpDate(file.modifiedWallMs);
}

function httpDate(wallMs: number): string {
  return new Date(wallMs).toUTCString();
}

const MALFORMED_STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

function refuseMalformed(account: Account, error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = MALFORMED_STATUS[error.code ?? ''] ?? 400;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  account.malformed(socket, status);
}
