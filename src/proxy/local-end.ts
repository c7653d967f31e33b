// How a connection to an origin is called in records: our port, and the address that answered. Pure.
import type { ConnectionEvent } from '../events.ts';

/** The system's own word for it, as a socket has it. */
interface SystemsEnd {
  readonly localPort?: number | undefined;
}

export type LocalEnd = Pick<ConnectionEvent, 'upstreamLocalPort' | 'upstreamAddress'>;

/** Of a connected socket, and the address that it was connected to: of a peer that has reset it since, the system tells none. */
export function localEnd({ localPort }: SystemsEnd, address: string, port: number): LocalEnd {
  return {
    ...(localPort === undefined ? {} : { upstreamLocalPort: localPort }),
    upstreamAddress: `${address.includes(':') ? `[${address}]` : address}:${port}`,
  };
}
