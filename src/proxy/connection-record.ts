// The record of a connection that has ended, built from what its side of the tap knew. Pure.
// It decides nothing; who closed it and why is handed in.
import type { ConnectionEvent } from '../events.ts';
import type { DialMarks } from './dial.ts';
import type { ResponseAccount } from './response-account.ts';

/** Whose it was and how it ended. */
export type ConnectionEnding = Pick<
  ConnectionEvent,
  'client' | 'process' | 'connection' | 'openedAtMs' | 'closedAtMs' | 'closedBy' | 'requests'
>;

export interface UpstreamConnection extends ConnectionEnding {
  readonly number: number;
  readonly origin: string;
  readonly local: Pick<ConnectionEvent, 'upstreamLocalPort' | 'upstreamAddress'>;
  readonly dial: DialMarks;
  readonly account: ResponseAccount;
  readonly writtenBytes: number;
  readonly opaqueSentBytes: number;
  readonly failure: string | undefined;
}

export function upstreamRecord(ended: UpstreamConnection): ConnectionEvent {
  const { number, local, dial, account, opaqueSentBytes, failure, ...rest } = ended;
  const { beganAtMs, resolvedAtMs, connectedAtMs } = dial;
  const opaqueBytes = account.opaqueBytes + opaqueSentBytes;
  return {
    type: 'connection',
    ...rest,
    upstreamConnection: number,
    ...local,
    ...(resolvedAtMs === undefined ? {} : { dnsMs: resolvedAtMs - beganAtMs }),
    ...(connectedAtMs === undefined ? {} : { connectMs: connectedAtMs - (resolvedAtMs ?? beganAtMs) }),
    readBytes: account.readBytes,
    excessBytes: account.excessBytes,
    tlsBytes: 0,
    ...(opaqueBytes === 0 ? {} : { opaqueBytes }),
    imbalanceBytes: account.imbalanceBytes,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** A connection that never had a request to dial for. */
export function idleRecord(ended: ConnectionEnding): ConnectionEvent {
  return {
    type: 'connection',
    ...ended,
    writtenBytes: 0,
    readBytes: 0,
    excessBytes: 0,
    tlsBytes: 0,
    imbalanceBytes: 0,
  };
}
