// The rows of a verification that hold the tap's transfers against an origin's own log, one to one and to the byte. It reads no file.
import { joinByPort } from '../../test/support/journal.ts';
import { type Check, check } from './checks.ts';

type JoinedArguments = Parameters<typeof joinByPort>;

/** Of those that differ or are missed, so many are printed. */
const PRINTED = 10;

/** `origin`: as the rows call it. */
export function joinChecks(
  origin: string,
  transfers: JoinedArguments[0],
  requests: JoinedArguments[1],
): readonly Check[] {
  const { joined, equal, different, missingAtOrigin, missingAtProxy } = joinByPort(transfers, requests);
  for (const line of [...different, ...missingAtOrigin, ...missingAtProxy].slice(0, PRINTED)) console.error(line);
  const off = [different.length, missingAtOrigin.length, missingAtProxy.length].join(', ');
  return [
    check(
      `transfers, joined with ${origin}, equal to the byte`,
      `${transfers.length}, ${joined}, ${equal}`,
      'joined = equal > 0',
      joined > 0 && joined === equal,
    ),
    check(`different, missing at ${origin}, missing at the tap`, off, '0, 0, 0', off === '0, 0, 0'),
  ];
}
