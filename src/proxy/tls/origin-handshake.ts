// TLS with an origin, as its client would have spoken it: the name and protocols that the client offered, verified for it.
// It dials nothing by itself, keeps no session and decides no code; dial.ts does.
import assert from 'node:assert/strict';
import type { TcpNetConnectOpts } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { trustSystemAuthorities } from '../../trust.ts';
import type { ClientHello } from '../target.ts';

/** What a dial needs to be told about the TLS that it is to speak. */
export interface SecureDial {
  readonly hello: ClientHello;
  /** Refuse a certificate that does not fit or that nobody vouches for. */
  readonly verifies: boolean;
  /** To resume with; absent = a full handshake. */
  readonly session?: Buffer;
  /** A session that a later connection may resume. */
  onSession(session: Buffer): void;
}

/** The connection beneath TLS; its count stays readable when it has closed. */
export interface Transport {
  readonly bytesRead: number;
}

/** Players of this machine speak nothing older; Node's own minimum is the same. */
const MIN_VERSION = 'TLSv1.2';
const HTTP_11 = 'http/1.1';

/** A connection on its way: `connect`, then `secureConnect` or `error`. `host` is what the client asked for, not an address of it. */
export function connectSecured(to: TcpNetConnectOpts, secure: SecureDial, host: string): TLSSocket {
  const { hello, verifies, session } = secure;
  if (verifies) trustSystemAuthorities();
  const name = hello.serverName ?? host;
  const options: ConnectionOptions & TcpNetConnectOpts = {
    ...to,
    minVersion: MIN_VERSION,
    rejectUnauthorized: verifies,
    // By the name of the origin: `host` is the address that this attempt goes to.
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    ...(hello.serverName === undefined ? {} : { servername: hello.serverName }),
    ...(hello.offersHttp11 ? { ALPNProtocols: [HTTP_11] } : {}),
    ...(session === undefined ? {} : { session }),
  };
  const socket = connect(options);
  socket.on('session', secure.onSession);
  return socket;
}

/**
 * The TCP handle that a TLS socket reads from. Node shows it only where the caller made the connection itself, and such a
 * socket takes no `onread`: three times the CPU. So it is looked for, and its absence is a bug of ours with a new Node.
 */
export function transportOf(socket: TLSSocket): Transport {
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly _parent?: Transport } };
  assert(typeof handle?._parent?.bytesRead === 'number', 'a TLS socket of this Node does not show what it reads from');
  return handle._parent;
}
