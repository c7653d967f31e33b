// The only way to make an HTTP request of our own, and the only place that knows undici: preflight, listing, scrapes.
// It never goes through a door or a proxy, retries nothing, throws nothing, and reads no more than it was allowed to.
import { once } from 'node:events';
import { buildConnector, Client, errors } from 'undici';
import {
  type ConnectionFacts,
  connectionFacts,
  decodeContent,
  failureWords,
  plainFields,
  Refusal,
  readContent,
} from './fetch-answer.ts';
import { LookCookies, type OwnCookies } from './fetch-cookies.ts';
import { asOctets, requestFields } from './fetch-fields.ts';
import { FetchSockets, type OwnBytes, sumOf } from './fetch-sockets.ts';
import { trustSystemAuthorities } from './trust.ts';
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
  /** How long more content is waited for, by what has come; then that is given, cut. See `ContentLimits`. */
  readonly mayReadMs?: (octets: Buffer) => number;
  /** Called when the head of an answer is there, a redirect's too. */
  readonly onAnswer?: () => void;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An answer with whatever status; the caller judges status and media type. */
export interface Fetched extends OwnBytes {
  readonly ok: true;
  readonly status: number;
  readonly text: string;
  readonly octets: Buffer;
  /** Lower case, without parameters. */
  readonly mediaType?: string;
  /** After redirects. */
  readonly url: string;
  /** URLs that answered with a redirect, in order. */
  readonly redirects: readonly string[];
  /** Of the answer's head: names in lower case, repeated fields joined by `, `. */
  readonly fields: Readonly<Record<string, string>>;
  readonly connection: ConnectionFacts;
  readonly isCut: boolean;
  readonly hasDeclaredLength: boolean;
}

/** No usable answer; `reason` is a clause in plain words without the URL (which may hold secrets). */
export interface NotFetched extends OwnBytes {
  readonly ok: false;
  readonly reason: string;
}

export interface FetcherOptions {
  readonly version: string;
  /** false: accept any certificate (`--dangerous`). Default true. */
  readonly verifiesTls?: boolean;
  /** `--resolve`: connections to `host` (as `URL.hostname` has it) go to `address`; Host field and SNI stay. */
  readonly resolve?: { readonly host: string; readonly address: string };
  /** Cookies that an origin sets go back to it. Default false. */
  readonly keepsCookies?: boolean;
  readonly cookies?: OwnCookies;
}

const DEFAULT_MAX_BYTES: number = 2 * MIB;
/** Browsers stop at 20; a listing or a playlist that needs more than a few is a loop. */
const MAX_REDIRECTS = 5;
/** Each keeps one connection; one caller has one or two origins, redirects may add some. */
const MAX_ORIGINS = 16;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * One caller's connections: one kept-alive connection per origin, one request at a time on it. `ownBytes` is what went over
 * those sockets for the fetch, both ways, `ownReceivedBytes` what of it came back: exact for http; for https the octets inside
 * the encryption, without the handshake.
 */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #origins = new Map<string, OriginLink>();
  readonly #cookies: LookCookies;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#cookies = new LookCookies(options.cookies);
  }

  /** GETs `url`. Resolves always. */
  async fetchText(url: string, options: FetchOptions): Promise<Fetched | NotFetched> {
    const limit = new AbortController();
    const timeUp = new Refusal(`no complete answer within ${options.timeoutMs} ms`);
    const timer = setTimeout(() => limit.abort(timeUp), options.timeoutMs);
    const signal = options.signal === undefined ? limit.signal : AbortSignal.any([limit.signal, options.signal]);
    let own: OwnBytes = { ownBytes: 0, ownReceivedBytes: 0 };
    const redirects: string[] = [];
    try {
      let target = parseTarget(url);
      for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
        signal.throwIfAborted();
        const headers = asOctets(this.#cookies.added(target.origin, this.#fields(target, options)));
        const answer = await this.#link(target.origin).exchange(target, headers, options, signal);
        if (this.#options.keepsCookies === true) this.#cookies.note(target.origin, answer.setCookie);
        own = sumOf(own, answer);
        if (answer.error !== undefined) throw answer.error;
        if (answer.location === undefined) return { ok: true, ...answer.result, url: target.href, redirects, ...own };
        redirects.push(target.href);
        target = parseTarget(answer.location, target);
      }
      const isCircle = new Set(redirects).size < redirects.length;
      return { ok: false, reason: `more than ${MAX_REDIRECTS} redirects${isCircle ? ', in a circle' : ''}`, ...own };
    } catch (error) {
      return { ok: false, reason: reasonOf(signal.aborted ? signal.reason : error), ...own };
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

  #fields(target: URL, { purpose, headers }: FetchOptions): Record<string, string> {
    return requestFields(target, `hls-swarm-${purpose}/${this.#options.version}`, headers);
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

type Content = Omit<Fetched, 'ok' | 'url' | 'redirects' | keyof OwnBytes>;
interface Exchange extends OwnBytes {
  readonly error?: unknown;
  readonly location?: string;
  readonly setCookie?: string | readonly string[] | undefined;
  readonly result: Content;
}
const NOTHING: Content = {
  status: 0,
  text: '',
  octets: Buffer.alloc(0),
  isCut: false,
  hasDeclaredLength: false,
  fields: {},
  connection: {},
};

/** One origin's connection, its octets counted. */
class OriginLink {
  readonly #origin: string;
  readonly #options: FetcherOptions;
  readonly #sockets = new FetchSockets();
  #client: Client;
  /** Reaches a socket that undici has not been given yet. */
  #dialing = new AbortController();
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
      const before = this.#sockets.bytes();
      // undici hears a signal only once it is connected; what is given up takes its connection along.
      const giveUp = (): void => void this.end();
      signal.addEventListener('abort', giveUp);
      const request = signal.aborted ? Promise.reject(signal.reason) : this.#request(url, headers, options);
      const answer = await request.catch((error: unknown) => ({ error, result: NOTHING }));
      signal.removeEventListener('abort', giveUp);
      return { ...answer, ...this.#sockets.since(before) };
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
    });
    const isDiverted = resolve !== undefined && new URL(this.#origin).hostname === resolve.host;
    return new Client(this.#origin, {
      allowH2: false,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (target, callback) =>
        connect(isDiverted ? { ...target, hostname: resolve.address } : target, (error, socket) => {
          if (error !== null) return callback(error, null);
          this.#sockets.track(socket);
          callback(null, socket);
        }),
    });
  }

  async #request(
    url: URL,
    headers: Record<string, string>,
    options: FetchOptions,
  ): Promise<Omit<Exchange, keyof OwnBytes>> {
    const response = await this.#client.request({ method: 'GET', path: url.pathname + url.search, headers });
    options.onAnswer?.();
    const connection = connectionFacts(this.#sockets.newest);
    const fields = plainFields(response.headers);
    const { maxBytes = DEFAULT_MAX_BYTES, onOverflow, mayReadMs } = options;
    const limits = { maxBytes, isCutAllowed: onOverflow === 'cut', mayReadMs };
    const { octets: raw, isCut } = await readContent(response.body, limits);
    const { location } = fields;
    const setCookie = response.headers['set-cookie'];
    if (REDIRECTS.has(response.statusCode) && location !== undefined) return { location, setCookie, result: NOTHING };
    const octets = isCut ? raw : decodeContent(raw, fields['content-encoding'], maxBytes);
    const mediaType = fields['content-type']?.split(';')[0]?.trim().toLowerCase();
    return {
      setCookie,
      result: {
        status: response.statusCode,
        octets,
        text: octets.toString('utf8'),
        isCut,
        hasDeclaredLength: fields['content-length'] !== undefined,
        fields,
        connection,
        ...(mediaType === undefined ? {} : { mediaType }),
      },
    };
  }
}

function parseTarget(url: string, base?: URL): URL {
  const target = URL.canParse(url, base?.href) ? new URL(url, base?.href) : undefined;
  if (target !== undefined && (target.protocol === 'http:' || target.protocol === 'https:')) return target;
  throw new Refusal(`${base === undefined ? 'the address' : 'the redirect'} is not an http:// or https:// URL`);
}

function reasonOf(error: unknown): string {
  if (error instanceof errors.HTTPParserError) return `the answer is not HTTP/1.1 (${error.message})`;
  return failureWords(error);
}
