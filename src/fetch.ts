// The only way to make an HTTP request of our own, and the only place that knows undici: preflight, listing, scrapes.
// It never goes through a door or a proxy, retries nothing, throws nothing, and reads no more than it was allowed to.
import { lookup as systemLookup } from 'node:dns';
import { once } from 'node:events';
import type { LookupFunction, Socket } from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { buildConnector, Client, errors } from 'undici';
import { certificateProblem, trustSystemAuthorities } from './trust.ts';
import { MIB } from './units.ts';

/** What the request is for; it names us in the origin's log: `hls-swarm-listing/1.0.0`. */
export type FetchPurpose = 'preflight' | 'listing' | 'metrics' | 'calibration';

export interface FetchOptions {
  readonly purpose: FetchPurpose;
  /** For the whole exchange, redirects and waiting for the connection included. */
  readonly timeoutMs: number;
  /** Most octets of content, before and after decoding. Default 2 MiB. */
  readonly maxBytes?: number;
  /** `fail` (default), or `cut`: stop reading at `maxBytes` and give what came (an endless stream has no end to wait for). */
  readonly onOverflow?: 'fail' | 'cut';
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An answer with whatever status; the caller judges status and media type. */
export interface Fetched {
  readonly ok: true;
  readonly status: number;
  readonly text: string;
  readonly octets: Buffer;
  /** Lower case, without parameters. */
  readonly mediaType?: string;
  /** After redirects. */
  readonly url: string;
  readonly isCut: boolean;
  readonly hasDeclaredLength: boolean;
  readonly ownBytes: number;
}

/** No usable answer; `reason` is a clause in plain words without the URL (which may hold secrets). */
export interface NotFetched {
  readonly ok: false;
  readonly reason: string;
  readonly ownBytes: number;
}

export interface FetcherOptions {
  readonly version: string;
  /** false: accept any certificate (`--dangerous`). Default true. */
  readonly verifiesTls?: boolean;
  /** `--resolve`: connections to `host` go to `address`; Host field and SNI stay. */
  readonly resolve?: { readonly host: string; readonly address: string };
}

const DEFAULT_MAX_BYTES: number = 2 * MIB;
/** Browsers stop at 20; a listing or a playlist that needs more than a few is a loop. */
const MAX_REDIRECTS = 5;
/** Each keeps one connection; one caller has one or two origins, redirects may add some. */
const MAX_ORIGINS = 16;
const CUT_SHORT: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * One caller's connections: one kept-alive connection per origin, one request at a time on it. `ownBytes` is what went over
 * those sockets for the fetch, both ways: exact for http; for https the octets inside the encryption, without the handshake.
 */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #origins = new Map<string, OriginLink>();

  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** GETs `url`. Resolves always. */
  async fetchText(url: string, options: FetchOptions): Promise<Fetched | NotFetched> {
    const limit = new AbortController();
    const timeUp = new Refusal(`no complete answer within ${options.timeoutMs} ms`);
    const timer = setTimeout(() => limit.abort(timeUp), options.timeoutMs);
    const signal = options.signal === undefined ? limit.signal : AbortSignal.any([limit.signal, options.signal]);
    let ownBytes = 0;
    try {
      let target = parseTarget(url);
      for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
        signal.throwIfAborted();
        const answer = await this.#link(target.origin).exchange(target, this.#headers(options), options, signal);
        ownBytes += answer.ownBytes;
        if (answer.error !== undefined) throw answer.error;
        if (answer.location === undefined) return { ok: true, ...answer.result, url: target.href, ownBytes };
        target = parseTarget(answer.location, target);
      }
      return { ok: false, reason: `more than ${MAX_REDIRECTS} redirects`, ownBytes };
    } catch (error) {
      return { ok: false, reason: reasonOf(signal.aborted ? signal.reason : error), ownBytes };
    } finally {
      clearTimeout(timer);
      // What still listens would be kept for as long as the caller's signal.
      limit.abort();
    }
  }

  /** Ends all connections, also those in use. */
  async close(): Promise<void> {
    await Promise.all([...this.#origins.values()].map((link) => link.end()));
    this.#origins.clear();
  }

  #headers({ purpose, headers }: FetchOptions): Record<string, string> {
    const userAgent = `hls-swarm-${purpose}/${this.#options.version}`;
    return { 'user-agent': userAgent, accept: '*/*', 'accept-encoding': 'identity', ...headers };
  }

  #link(origin: string): OriginLink {
    const known = this.#origins.get(origin);
    if (known !== undefined) return known;
    const [oldest] = this.#origins;
    if (oldest !== undefined && this.#origins.size >= MAX_ORIGINS) {
      this.#origins.delete(oldest[0]);
      void oldest[1].end();
    }
    const link = new OriginLink(origin, this.#options);
    this.#origins.set(origin, link);
    return link;
  }
}

type Content = Pick<Fetched, 'status' | 'text' | 'octets' | 'mediaType' | 'isCut' | 'hasDeclaredLength'>;
interface Exchange {
  readonly ownBytes: number;
  readonly error?: unknown;
  readonly location?: string;
  readonly result: Content;
}
const NOTHING: Content = { status: 0, text: '', octets: Buffer.alloc(0), isCut: false, hasDeclaredLength: false };

/** One origin's connection, its octets counted. */
class OriginLink {
  readonly #origin: string;
  readonly #options: FetcherOptions;
  readonly #sockets = new Set<Socket>();
  #client: Client;
  /** Reaches a socket that undici has not been given yet. */
  #dialing = new AbortController();
  #closedBytes = 0;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(origin: string, options: FetcherOptions) {
    this.#origin = origin;
    this.#options = options;
    this.#client = this.#open();
  }

  /** One request in its turn: octets on the sockets can belong to one exchange only. */
  exchange(url: URL, headers: Record<string, string>, options: FetchOptions, signal: AbortSignal): Promise<Exchange> {
    const earlier = this.#tail;
    const turn = Promise.race([earlier, once(signal, 'abort')]).then(async (): Promise<Exchange> => {
      const before = this.#bytes();
      // undici hears a signal only once it is connected; what is given up takes its connection along.
      const giveUp = (): void => void this.end();
      signal.addEventListener('abort', giveUp);
      const request = signal.aborted ? Promise.reject(signal.reason) : this.#request(url, headers, options);
      const answer = await request.catch((error: unknown) => ({ error, result: NOTHING }));
      signal.removeEventListener('abort', giveUp);
      return { ...answer, ownBytes: this.#bytes() - before };
    });
    this.#tail = turn.then(() => earlier);
    return turn;
  }

  /** Ends the connection, made or in the making, and what is asked on it; the next request makes another. */
  async end(): Promise<void> {
    const ended = this.#client.destroy();
    this.#dialing.abort();
    this.#dialing = new AbortController();
    this.#client = this.#open();
    await ended;
  }

  /** The one limit is the caller's, for the whole exchange: every other is off. */
  #open(): Client {
    const { resolve, verifiesTls = true } = this.#options;
    if (verifiesTls && this.#origin.startsWith('https:')) trustSystemAuthorities();
    const connect = buildConnector({
      allowH2: false,
      rejectUnauthorized: verifiesTls,
      timeout: 0,
      signal: this.#dialing.signal,
      ...(resolve === undefined ? {} : { lookup: lookupWith(resolve) }),
    });
    return new Client(this.#origin, {
      allowH2: false,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, callback) =>
        connect(target, (error, socket) => {
          if (error !== null) return callback(error, null);
          this.#track(socket);
          callback(null, socket);
        }),
    });
  }

  async #request(
    url: URL,
    headers: Record<string, string>,
    options: FetchOptions,
  ): Promise<Omit<Exchange, 'ownBytes'>> {
    const response = await this.#client.request({ method: 'GET', path: url.pathname + url.search, headers });
    const location = single(response.headers['location']);
    const body = await readBody(response.body, options.maxBytes ?? DEFAULT_MAX_BYTES, options.onOverflow === 'cut');
    if (REDIRECTS.has(response.statusCode) && location !== undefined) return { location, result: NOTHING };
    const octets = decode(body.octets, single(response.headers['content-encoding']), options, body.isCut);
    const mediaType = single(response.headers['content-type'])?.split(';')[0]?.trim().toLowerCase();
    const hasDeclaredLength = response.headers['content-length'] !== undefined;
    const content = { ...body, status: response.statusCode, octets, text: octets.toString('utf8'), hasDeclaredLength };
    return { result: mediaType === undefined ? content : { ...content, mediaType } };
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#closedBytes += socket.bytesRead + socket.bytesWritten;
    });
  }

  #bytes(): number {
    let bytes = this.#closedBytes;
    for (const socket of this.#sockets) bytes += socket.bytesRead + socket.bytesWritten;
    return bytes;
  }
}

/** An answer or request that breaks our own rules; the message is the reason. */
class Refusal extends Error {}

function parseTarget(url: string, base?: URL): URL {
  const target = URL.canParse(url, base?.href) ? new URL(url, base?.href) : undefined;
  if (target !== undefined && (target.protocol === 'http:' || target.protocol === 'https:')) return target;
  throw new Refusal(`${base === undefined ? 'the address' : 'the redirect'} is not an http:// or https:// URL`);
}

async function readBody(
  body: AsyncIterable<Buffer> & { destroy(): unknown },
  maxBytes: number,
  isCutAllowed: boolean,
): Promise<{ octets: Buffer; isCut: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, maxBytes - bytes));
    bytes += chunk.length;
    if (bytes <= maxBytes) continue;
    body.destroy();
    if (!isCutAllowed) throw new Refusal(`the answer is larger than the limit of ${maxBytes} bytes`);
    return { octets: Buffer.concat(chunks), isCut: true };
  }
  return { octets: Buffer.concat(chunks), isCut: false };
}

/** We ask for identity; what comes compressed all the same is decoded, as players do. */
function decode(octets: Buffer, coding: string | undefined, options: FetchOptions, isCut: boolean): Buffer {
  const name = coding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '' || isCut) return octets;
  const limit = { maxOutputLength: options.maxBytes ?? DEFAULT_MAX_BYTES };
  try {
    if (name === 'gzip' || name === 'x-gzip') return gunzipSync(octets, limit);
    if (name === 'deflate') return inflateSync(octets, limit);
    if (name === 'br') return brotliDecompressSync(octets, limit);
  } catch (error) {
    throw new Refusal(`the answer's ${name} coding cannot be decoded (${messageOf(error)})`);
  }
  throw new Refusal(`the answer has the content coding "${name}"; gzip, deflate, br and none are understood`);
}

function single(field: string | string[] | undefined): string | undefined {
  return Array.isArray(field) ? field[0] : field;
}

function lookupWith({ host, address }: { host: string; address: string }): LookupFunction {
  return (hostname, options, callback) => systemLookup(hostname === host ? address : hostname, options, callback);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reasonOf(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return `connection refused (${messageOf(error)})`;
  if (['ENOTFOUND', 'EAI_AGAIN'].includes(code)) return `the host name cannot be resolved (${messageOf(error)})`;
  if (CUT_SHORT.has(code)) return `the connection ended before the answer was complete (${messageOf(error)})`;
  if (error instanceof errors.HTTPParserError) return `the answer is not HTTP/1.1 (${messageOf(error)})`;
  if (error instanceof DOMException && error.name === 'AbortError') return 'given up because the run is stopping';
  return certificateProblem(error) ?? messageOf(error);
}
