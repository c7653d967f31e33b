// Reads the request target of a forward-proxy request (RFC 9112 section 3.2) into what must be dialled and sent on.
// It resolves no name, opens nothing and repairs nothing: what it cannot read is refused with a sentence.
import { isIP } from 'node:net';

/** Where a request goes: `origin` identifies scheme, host and port; `path` is the origin-form target. */
export interface Target {
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  /** The host is an address, so no name has to be resolved. */
  readonly isAddress: boolean;
  /** As sent: one character per octet. */
  readonly path: string;
  /** The same as text, for records and for comparing with playlists. */
  readonly url: string;
}

export interface Refusal {
  readonly status: 400 | 501 | 508;
  readonly text: string;
}

const ABSOLUTE_HTTP = /^http:\/\/([^/?#]*)([^#]*)/i;
const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([^:@[\]]+))(?::([0-9]*))?$/i;
const DEFAULT_PORT = 80;
const MAX_PORT = 65_535;

export function readTarget(method: string, target: string): Target | Refusal {
  if (method === 'CONNECT')
    return refuse(501, `CONNECT ${target}: this door relays http:// origins only; use an http:// URL`);
  if (target.startsWith('/') || target === '*')
    return refuse(400, 'this is a forward proxy: set it as the HTTP proxy of your player and ask for http://host/path');
  const absolute = ABSOLUTE_HTTP.exec(target);
  if (absolute === null) return refuse(400, `the request target ${quote(target)} is not an absolute http:// URL`);
  const [, authority = '', rest = ''] = absolute;
  const parts = AUTHORITY.exec(authority);
  if (parts === null)
    return refuse(400, `the request target ${quote(target)} has no usable host (user information is not allowed)`);
  const host = parts[1] ?? parts[2] ?? '';
  const port = parts[3] === undefined || parts[3] === '' ? DEFAULT_PORT : Number(parts[3]);
  if (port < 1 || port > MAX_PORT)
    return refuse(400, `the port ${quote(parts[3] ?? '')} is not between 1 and ${MAX_PORT}`);
  if (parts[1] !== undefined && isIP(host) !== 6)
    return refuse(400, `the host ${quote(authority)} is not an IPv6 address`);
  const path = rest === '' ? '/' : rest.startsWith('/') ? rest : `/${rest}`;
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  return {
    origin: `http://${shown.toLowerCase()}:${port}`,
    host,
    port,
    isAddress: isIP(host) !== 0,
    path,
    url: `http://${authority}${Buffer.from(path, 'latin1').toString('utf8')}`,
  };
}

function refuse(status: Refusal['status'], text: string): Refusal {
  return { status, text };
}

function quote(text: string): string {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return JSON.stringify(shown);
}
