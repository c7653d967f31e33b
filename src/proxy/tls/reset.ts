// Ends a connection to an origin with a reset, as far as Node can.
// It ends no client's: there the accepted socket is at hand, below whatever TLS is on it.
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/** Node resets no socket that speaks TLS: there an origin sees an end without a goodbye, and an RST for what it still sends. */
export function resetOrigin(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
