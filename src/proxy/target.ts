// Reads the request target of a forward-proxy request (RFC 9112 section 3.2) into what must be dialled and sent on.
// It resolves no name, opens nothing and repairs nothing: what it cannot read is refused with a sentence.
import { isIP } from 'node:net';
import type { ResolveBehaviour } from './behaviour.ts';

/** A place to dial: `origin` identifies scheme, host and port. */
export interface Place {
  readonly origin: string;
  /** What is connected to; another than the origin's where `diverted` has seen it. */
  readonly host: string;
  readonly port: number;
  /** The host is an address, so no name has to be resolved. */
  readonly isAddress: boolean;
}

/** Where a request goes. */
export interface Target extends Place {
  /** The origin-form target as sent: one character per octet. */
  readonly path: string;
  /** The whole as text, for records and for comparing with playlists. */
  readonly url: string;
  /** Only for https: how the client's own handshake looked; the origin's is made alike. */
  readonly hello?: ClientHello;
}

/** What a client's TLS handshake with the tap showed of it. */
export interface ClientHello {
  /** The server name as offered (SNI); absent when none was. */
  readonly serverName?: string;
  /** It offered protocols (ALPN), http/1.1 among them. */
  readonly offersHttp11: boolean;
  /** It came back with a session of an earlier connection. */
  readonly isResumed: boolean;
}

/** A connection on which TLS is spoken: where its CONNECT pointed, and how the client began. */
export interface Secured {
  readonly place: Place;
  readonly hello: ClientHello;
}

export interface Refusal {
  readonly status: 400 | 501 | 508;
  readonly text: string;
}

const ABSOLUTE = /^(https?):\/\/([^/?#]*)([^#]*)/i;
const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([^:@[\]/?#]+))(?::([0-9]*))?$/i;
const DEFAULT_PORT = { http: 80, https: 443 } as const;
/** What a URL leaves out. */
const DEFAULT_HTTPS = new RegExp(`:${DEFAULT_PORT.https}$`);
/** Raw UTF-8, octet by octet. */
const BEYOND_ASCII = /[^\0-\x7f]/;
/** Players ask for the same within moments: one text of its URL is compared, hashed and kept sooner than many. */
const recentReads: { readonly text: string; readonly target: Target }[] = [];
/** A playlist, and the segments that the first and the last players are at. */
const MAX_RECENT_READS = 4;
let lastAsked: { readonly prefix: string; readonly place?: Place } = { prefix: '' };
const MAX_PORT = 65_535;

/** The target of a request on a connection in the clear, or inside the TLS of `secured`. */
export function readTarget(method: string, target: string, secured?: Secured): Target | Refusal {
  if (method === 'CONNECT')
    return refuse(501, `CONNECT ${quote(target)}: it must be the first request of a connection`);
  return secured === undefined ? readAbsolute(target) : readInside(target, secured);
}

/** The target of a CONNECT: host and port, both of them. */
export function readConnect(target: string): Place | Refusal {
  const parts = AUTHORITY.exec(target);
  if (parts?.[3] === undefined || parts[3] === '')
    return refuse(400, `CONNECT ${quote(target)}: host:port is needed, as in CONNECT origin.example:443`);
  return readPlace('https', target);
}

/** The same place where connections to its host go elsewhere: identity, text and TLS name stay. */
export function diverted<Asked extends Place>(asked: Asked, resolve: ResolveBehaviour | undefined): Asked {
  if (resolve === undefined) return asked;
  const isMeant = asked.host === resolve.host || canonicalHost(asked.host) === canonicalHost(resolve.host);
  if (!isMeant) return asked;
  return { ...asked, host: resolve.address, isAddress: isIP(resolve.address) !== 0 };
}

/** As the URL standard writes a host: lower case, 2130706433 and 0x7f.1 are 127.0.0.1. */
export function canonicalHost(host: string): string {
  const parsed = URL.parse(`http://${host.includes(':') ? `[${host}]` : host}`);
  return parsed?.hostname.replace(/^\[|\]$/g, '') ?? host;
}

function readAbsolute(target: string): Target | Refusal {
  if (target.startsWith('/') || target === '*')
    return refuse(400, 'this is a forward proxy: set it as the HTTP proxy of your player and ask for http://host/path');
  const recent = recentReads.find(({ text }) => text === target);
  if (recent !== undefined) return recent.target;
  const like = readLike(target);
  if (like !== undefined) {
    recentReads.unshift({ text: target, target: like });
    if (recentReads.length > MAX_RECENT_READS) recentReads.pop();
    return like;
  }
  const [, scheme = '', authority = '', rest = ''] = ABSOLUTE.exec(target) ?? [];
  if (scheme === '') return refuse(400, `the request target ${quote(target)} is not an absolute http:// URL`);
  if (scheme.toLowerCase() === 'https')
    return refuse(400, `the request target ${quote(target)} is not an absolute http:// URL; https:// needs a CONNECT`);
  const place = readPlace('http', authority);
  if ('status' in place) return place;
  const path = rest === '' ? '/' : rest.startsWith('/') ? rest : `/${rest}`;
  lastAsked = { prefix: `http://${authority}/`, place };
  return { ...place, path, url: `http://${textOf(authority)}${textOf(path)}` };
}

/** Nearly every request is for the place that the one before was for: then only the path is read. */
function readLike(target: string): Target | undefined {
  const { prefix, place } = lastAsked;
  if (place === undefined || !target.startsWith(prefix) || target.includes('#')) return undefined;
  const { origin, host, port, isAddress } = place;
  return { origin, host, port, isAddress, path: target.slice(prefix.length - 1), url: textOf(target) };
}

function readInside(target: string, { place, hello }: Secured): Target | Refusal {
  if (target.startsWith('/')) return inside(target, place, hello);
  const [, scheme = '', authority = '', rest = ''] = ABSOLUTE.exec(target) ?? [];
  const asked = scheme.toLowerCase() === 'https' ? readPlace('https', authority) : undefined;
  if (asked === undefined || !('origin' in asked) || asked.origin !== place.origin)
    return refuse(
      400,
      `the request target ${quote(target)} does not belong to ${place.origin}, which this tunnel is for`,
    );
  return inside(rest.startsWith('/') ? rest : `/${rest}`, place, hello);
}

function inside(path: string, place: Place, hello: ClientHello): Target {
  const url = `${place.origin.replace(DEFAULT_HTTPS, '')}${textOf(path)}`;
  return { ...place, path, url, hello };
}

function readPlace(scheme: keyof typeof DEFAULT_PORT, authority: string): Place | Refusal {
  const parts = AUTHORITY.exec(authority);
  if (parts === null)
    return refuse(400, `the request target ${quote(authority)} has no usable host (user information is not allowed)`);
  const host = parts[1] ?? parts[2] ?? '';
  const port = parts[3] === undefined || parts[3] === '' ? DEFAULT_PORT[scheme] : Number(parts[3]);
  if (port < 1 || port > MAX_PORT)
    return refuse(400, `the port ${quote(parts[3] ?? '')} is not between 1 and ${MAX_PORT}`);
  if (parts[1] !== undefined && isIP(host) !== 6)
    return refuse(400, `the host ${quote(authority)} is not an IPv6 address`);
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  return { origin: `${scheme}://${shown.toLowerCase()}:${port}`, host, port, isAddress: isIP(host) !== 0 };
}

function textOf(octets: string): string {
  return BEYOND_ASCII.test(octets) ? Buffer.from(octets, 'latin1').toString('utf8') : octets;
}

function refuse(status: Refusal['status'], text: string): Refusal {
  return { status, text };
}

function quote(text: string): string {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return JSON.stringify(shown);
}
