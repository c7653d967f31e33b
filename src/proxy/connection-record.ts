// The record of a connection that has ended, built from what its side of the tap knew. Pure.
// It decides nothing; who closed it and why is handed in.
import type { ConnectionEvent } from '../events.ts';
import type { DialMarks, DialTls } from './dial.ts';
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
  /** Absent in the clear. */
  readonly tls: DialTls | undefined;
  readonly account: ResponseAccount;
  readonly writtenBytes: number;
  readonly opaqueSentBytes: number;
  readonly failure: string | undefined;
}

export function upstreamRecord(ended: UpstreamConnection): ConnectionEvent {
  const { number, local, dial, tls, account, opaqueSentBytes, failure, ...rest } = ended;
  const opaqueBytes = account.opaqueBytes + opaqueSentBytes;
  return {
    type: 'connection',
    ...rest,
    upstreamConnection: number,
    ...local,
    ...dialTimes(dial),
    readBytes: account.readBytes,
    excessBytes: account.excessBytes,
    tlsBytes: tls === undefined ? 0 : tls.readBytes - account.readBytes,
    ...(tls === undefined ? {} : interceptedFields(tls)),
    ...(opaqueBytes === 0 ? {} : { opaqueBytes }),
    imbalanceBytes: account.imbalanceBytes,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** A connection that never had a request to dial for; with TLS it says so, and what went wrong with it. */
export function idleRecord(
  ended: ConnectionEnding & Pick<ConnectionEvent, 'tls' | 'tlsFailedWith' | 'failure'>,
): ConnectionEvent {
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

/** A tunnel: octets of both directions unseen, and none of them anything else. */
export function tunnelRecord(
  ended: Omit<UpstreamConnection, 'account' | 'tls' | 'writtenBytes'> & { readonly opaqueReadBytes: number },
): ConnectionEvent {
  const { number, local, dial, opaqueReadBytes, opaqueSentBytes, failure, ...rest } = ended;
  return {
    type: 'connection',
    ...rest,
    upstreamConnection: number,
    ...local,
    ...dialTimes(dial),
    writtenBytes: 0,
    readBytes: opaqueReadBytes,
    excessBytes: 0,
    tlsBytes: 0,
    tls: 'tunnelled',
    opaqueBytes: opaqueReadBytes + opaqueSentBytes,
    imbalanceBytes: 0,
    ...(failure === undefined ? {} : { failure }),
  };
}

function dialTimes({ beganAtMs, resolvedAtMs, connectedAtMs, securedAtMs }: DialMarks): {
  readonly dnsMs?: number;
  readonly connectMs?: number;
  readonly tlsMs?: number;
} {
  return {
    ...(resolvedAtMs === undefined ? {} : { dnsMs: resolvedAtMs - beganAtMs }),
    ...(connectedAtMs === undefined ? {} : { connectMs: connectedAtMs - (resolvedAtMs ?? beganAtMs) }),
    ...(securedAtMs === undefined || connectedAtMs === undefined ? {} : { tlsMs: securedAtMs - connectedAtMs }),
  };
}

function interceptedFields({
  isResumed,
  hasFailed,
}: DialTls): Pick<ConnectionEvent, 'tls' | 'tlsResumed' | 'tlsFailedWith'> {
  return {
    tls: 'intercepted',
    ...(isResumed === undefined ? {} : { tlsResumed: isResumed }),
    ...(hasFailed ? { tlsFailedWith: 'origin' } : {}),
  };
}
