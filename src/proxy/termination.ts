// Which two characters an ending gets, from who ended it and how far the transfer had come (DESIGN section 3). Pure.
// It does not know why; the reasons are in the connection's record.
import type { Termination } from '../events.ts';
import type { Phase } from './transfer.ts';

const STAGE: Readonly<Record<Phase, 'Q' | 'C' | 'H' | 'D' | 'L'>> = {
  queue: 'Q',
  dns: 'C',
  connect: 'C',
  tls: 'C',
  send: 'H',
  wait: 'H',
  headers: 'H',
  receive: 'D',
  deliver: 'L',
};

// A fault on purpose is a flag, not an ending (`injected`). It stands in for the origin, so a transfer that it ends has the code
// that the same failure of an origin has: `SH` for a reset in place of an answer, `SD` with integrity `short` for one that
// is reset or cut within its content. One that it answers is `LR`: its origin was never asked, no account has its octets.

/** The client left, or our own stop took it away: the first transfer's code is its stage, what waits behind it is `Q`. */
export function leavingCode(cause: 'C' | 'K', phase: Phase, position: number): Termination {
  if (position > 0) return `${cause}Q`;
  const stage = STAGE[phase];
  if (cause === 'C') return `C${stage}`;
  return stage === 'L' ? 'KD' : `K${stage}`;
}

/** A transfer that was never sent on cannot have failed in a later stage. */
export function queuedCode(code: Termination): Termination {
  return code.startsWith('S') ? 'SQ' : code;
}
