// What comes back for a request of our own: content read within limits and decoded, who spoke and how, why nothing came.
// It opens no connection and sends nothing; fetch.ts does.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { tlsProblem } from './trust.ts';

/** The other end of the connection that gave an answer. */
export interface ConnectionFacts {
  /** `192.0.2.7:443` or `[2001:db8::1]:443`. */
  readonly address?: string;
  /** Absent for http://. */
  readonly tls?: TlsFacts;
}

export interface TlsFacts {
  /** `TLSv1.3` */
  readonly version: string;
  readonly isVerified: boolean;
  /** Why it is not, in the words of the TLS library. */
  readonly problem?: string;
  /** Common names, and the last day as the certificate writes it. */
  readonly subject?: string;
  readonly issuer?: string;
  readonly validTo?: string;
}

/** How much of the content is read, and for how long. */
export interface ContentLimits {
  readonly maxBytes: number;
  /** Beyond `maxBytes` what came is given, in place of an error. */
  readonly isCutAllowed: boolean;
  /**
   * How long more content is waited for, asked at the head and again with each chunk; a new answer starts a new limit. When
   * it has passed, what came is given. Absent: for as long as the whole exchange may take.
   */
  readonly mayReadMs?: ((octets: Buffer) => number) | undefined;
}

/** An answer or request that breaks our own rules; the message is the reason. */
export class Refusal extends Error {}

const CUT_SHORT: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']);
const UNREACHABLE: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL']);
/** What OpenSSL says of octets that are no TLS record. */
const NO_TLS = /wrong version number|packet length too long|http request/;

/** @throws Refusal when there is more than may be read, whatever the stream throws when it breaks */
export async function readContent(
  body: AsyncIterable<Buffer> & { destroy(): unknown },
  { maxBytes, isCutAllowed, mayReadMs }: ContentLimits,
): Promise<{ octets: Buffer; isCut: boolean }> {
  const patience = new Patience(mayReadMs, () => body.destroy());
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    patience.judge(chunks);
    for await (const chunk of body) {
      chunks.push(chunk.subarray(0, maxBytes - bytes));
      bytes += chunk.length;
      patience.judge(chunks);
      if (bytes <= maxBytes) continue;
      body.destroy();
      if (!isCutAllowed) throw new Refusal(`the answer is larger than the limit of ${maxBytes} bytes`);
      return { octets: Buffer.concat(chunks), isCut: true };
    }
  } catch (error) {
    if (!patience.isOver) throw error;
  } finally {
    patience.end();
  }
  return { octets: Buffer.concat(chunks), isCut: patience.isOver };
}

/** The time limit of one content: started anew only when what may be waited for changes. */
class Patience {
  isOver = false;
  readonly #mayReadMs: ContentLimits['mayReadMs'];
  readonly #giveUp: () => unknown;
  #limitMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(mayReadMs: ContentLimits['mayReadMs'], giveUp: () => unknown) {
    this.#mayReadMs = mayReadMs;
    this.#giveUp = giveUp;
  }

  judge(chunks: readonly Buffer[]): void {
    const limitMs = this.#mayReadMs?.(Buffer.concat(chunks));
    if (limitMs === undefined || limitMs === this.#limitMs) return;
    this.#limitMs = limitMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#giveUp();
    }, limitMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/**
 * We ask for identity; what comes compressed all the same is decoded, as players do.
 * @throws Refusal for a coding that nobody knows, or content that is not in it
 */
export function decodeContent(octets: Buffer, coding: string | undefined, maxOutputLength: number): Buffer {
  const name = coding?.trim().toLowerCase() ?? 'identity';
  if (name === 'identity' || name === '') return octets;
  const limit = { maxOutputLength };
  try {
    if (name === 'gzip' || name === 'x-gzip') return gunzipSync(octets, limit);
    if (name === 'deflate') return inflateSync(octets, limit);
    if (name === 'br') return brotliDecompressSync(octets, limit);
  } catch (error) {
    throw new Refusal(`the answer's ${name} coding cannot be decoded (${messageOf(error)})`);
  }
  throw new Refusal(`the answer has the content coding "${name}"; gzip, deflate, br and none are understood`);
}

/** Repeated fields joined by `, `. */
export function plainFields(
  fields: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, [value].flat().join(', ')]])),
  );
}

export function connectionFacts(socket: Socket | undefined): ConnectionFacts {
  const { remoteAddress, remotePort } = socket ?? {};
  const host = remoteAddress?.includes(':') === true ? `[${remoteAddress}]` : remoteAddress;
  return {
    ...(host === undefined ? {} : { address: `${host}:${remotePort}` }),
    ...(socket instanceof TLSSocket ? { tls: tlsFacts(socket) } : {}),
  };
}

function tlsFacts(socket: TLSSocket): TlsFacts {
  const { subject, issuer, valid_to: validTo } = socket.getPeerCertificate();
  const problem: Error | string | null = socket.authorizationError;
  const [subjectName, issuerName] = [subject, issuer].map((name) => [name?.CN ?? name?.O].flat()[0]);
  return {
    version: socket.getProtocol() ?? 'unknown',
    isVerified: socket.authorized,
    ...(problem === null ? {} : { problem: messageOf(problem) }),
    ...(subjectName === undefined ? {} : { subject: subjectName }),
    ...(issuerName === undefined ? {} : { issuer: issuerName }),
    ...(validTo === undefined ? {} : { validTo }),
  };
}

/** Why no usable answer came, in plain words. */
export function failureWords(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return `connection refused (${messageOf(error)})`;
  if (['ENOTFOUND', 'EAI_AGAIN'].includes(code)) return `the host name cannot be resolved (${messageOf(error)})`;
  if (UNREACHABLE.has(code)) return `the host cannot be reached (${messageOf(error)})`;
  if (CUT_SHORT.has(code)) return `the connection ended before the answer was complete (${messageOf(error)})`;
  if (error instanceof DOMException && error.name === 'AbortError') return 'given up because the run is stopping';
  if (!(error instanceof Error)) return String(error);
  const reason = tlsProblem(error);
  return NO_TLS.test(reason) ? `what listens there does not speak TLS (${reason}); is it http://?` : reason;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
