// What a tap is asked to do beyond counting: plain data that reaches every worker thread. The defaults are the mirror.
// It acts on nothing; the files that do read their part of it.

import type { FaultRule } from '../faults/rule.ts';
import { secondsToMs } from '../units.ts';

/** How https:// origins are relayed. */
export interface TlsBehaviour {
  readonly mode: 'intercept' | 'tunnel';
  /** Refuse an origin whose certificate does not verify. */
  readonly verifiesOrigin: boolean;
  /** The run's throw-away authority, PEM. Absent: a worker makes its own when first needed, which no player can verify. */
  readonly authority?: { readonly certificate: string; readonly privateKey: string };
}

/** Timers of long-lived streams only: other transfers last as long as their player lets them. */
export interface StreamBehaviour {
  /** URLs known to be endless before the first octet: the first-octet timer applies to these. */
  readonly urls: readonly string[];
  readonly firstByteMs: number;
  readonly silentMs: number;
  readonly notDrainingMs: number;
  /** Count lost 188-byte sync and continuity-counter errors. */
  readonly checksTransportStream: boolean;
}

/** Limits of the pool of `upstream: 'shared'`. */
export interface SharedBehaviour {
  readonly maxConnectionsPerOrigin: number;
  readonly idleMs: number;
}

/** `--resolve`: connections to a host go to another address; what is asked for and shown there stays the host's. */
export interface ResolveBehaviour {
  /** As in a URL; IPv6 without brackets. */
  readonly host: string;
  /** An address, IPv6 without brackets, or a host name. */
  readonly address: string;
}

export interface Behaviour {
  readonly upstream: 'mirror' | 'shared';
  readonly shared: SharedBehaviour;
  readonly tls: TlsBehaviour;
  readonly streams: StreamBehaviour;
  readonly faults: readonly FaultRule[];
  /** Absent: names mean what the system says. */
  readonly resolve?: ResolveBehaviour;
  /** Of every random choice. */
  readonly seed: number;
  /** Response fields to keep in transfer records, lower case. */
  readonly recordFields: readonly string[];
  /** Answer 502 or 504 where the origin fails before a response head, in place of a reset. */
  readonly answersErrors: boolean;
  /** A client's FIN is the end of its requests, not its leaving. */
  readonly halfCloses: boolean;
}

export const MIRROR: Behaviour = {
  upstream: 'mirror',
  shared: { maxConnectionsPerOrigin: 64, idleMs: secondsToMs(15) },
  tls: { mode: 'intercept', verifiesOrigin: true },
  streams: {
    urls: [],
    firstByteMs: secondsToMs(10),
    silentMs: secondsToMs(60),
    notDrainingMs: secondsToMs(30),
    checksTransportStream: false,
  },
  faults: [],
  seed: 0,
  recordFields: [],
  answersErrors: false,
  halfCloses: false,
};
