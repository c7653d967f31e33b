// How a connection to an origin is called in records: our port, and the address that answered. Pure.
import type { Socket } from 'node:net';
import type { ConnectionEvent } from '../events.ts';

export type LocalEnd = Pick<ConnectionEvent, 'upstreamLocalPort' | 'upstreamAddress'>;

/** Of a connected socket. */
export function localEnd({ localPort, remoteAddress, remoteFamily, remotePort }: Socket): LocalEnd {
  return {
    ...(localPort === undefined ? {} : { upstreamLocalPort: localPort }),
    upstreamAddress: `${remoteFamily === 'IPv6' ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`,
  };
}
