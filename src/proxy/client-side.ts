// A client connection as it comes to be read: accepted at a door, or taken over when TLS stands on it.
// It reads nothing; it only says what a record of such a connection has to say of its TLS.
import type { Socket } from 'node:net';
import type { ConnectionEvent } from '../events.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Place, Secured } from './target.ts';

export interface ClientSide {
  /** Where requests are read and answers written: the accepted socket, or the TLS on it. */
  readonly socket: Socket;
  readonly accepted: ClientSocket;
  /** What it was before its TLS; absent for one that was just accepted. */
  readonly earlier?: Pick<Handover, 'connection' | 'openedAtMs'> & { readonly secured: Secured };
  /** Its first request was a CONNECT: who reads it lets go of it, and is done. */
  onConnect(handover: Handover): void;
}

/** A client connection that asked for a tunnel. Octets that came behind the CONNECT were put back. */
export interface Handover {
  readonly socket: ClientSocket;
  readonly connection: number;
  readonly openedAtMs: number;
  readonly place: Place;
}

/**
 * Of a connection that never dialled: that it was TLS, and, where the player ended it with an alert or without one request,
 * that it may not have liked our certificate. Some players say so only after their side of the handshake is done.
 */
export function refusalOfOurs(
  { earlier }: ClientSide,
  closedBy: ConnectionEvent['closedBy'],
  requests: number,
  error: string | undefined,
): Pick<ConnectionEvent, 'tls' | 'tlsFailedWith' | 'failure'> {
  if (earlier === undefined) return {};
  if (closedBy !== 'client' || requests > 0) return { tls: 'intercepted' };
  const failure = `the player left right after the TLS handshake: ${error ?? 'no request, no alert'}`;
  return { tls: 'intercepted', tlsFailedWith: 'client', failure };
}
