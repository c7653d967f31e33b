// What the dial of a target is told of TLS: as the client began its own, with the session of its door. Pure.
// It speaks no TLS and opens nothing.
import type { Behaviour } from '../behaviour.ts';
import type { Target } from '../target.ts';
import type { SecureDial } from './origin-handshake.ts';

/** Where the sessions of one door are kept, by origin. */
export interface SessionKeeper {
  tlsSession(origin: string): Buffer | undefined;
  keepTlsSession(origin: string, session: Buffer): void;
}

/** Undefined for a target in the clear. An origin's handshake is resumed only if the client's own was. */
export function secureDial(
  { hello, origin }: Target,
  { verifiesOrigin }: Behaviour['tls'],
  sessions: SessionKeeper | undefined,
): SecureDial | undefined {
  if (hello === undefined) return undefined;
  const session = hello.isResumed ? sessions?.tlsSession(origin) : undefined;
  return {
    hello,
    verifies: verifiesOrigin,
    onSession: (fresh) => sessions?.keepTlsSession(origin, fresh),
    ...(session === undefined ? {} : { session }),
  };
}
