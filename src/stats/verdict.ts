// Stamps a run valid, degraded or invalid, with a reason for each threshold of MEASURING section 8 that it crossed.
// It measures nothing and knows only the figures it is given; a figure that is missing accuses nobody.
import { formatBytes, formatMs, PERCENT } from '../units.ts';
import type { Verdict } from './summary.ts';

/** Half of the shortest phase that the tap is to resolve on a LAN is lost above this; five times that, all of it. */
export const TAP_DELAY_DEGRADED_MS = 10;
export const TAP_DELAY_INVALID_MS = 50;
/** The main thread stamps lines and scrapes, nothing finer. */
export const MAIN_DELAY_DEGRADED_MS = 100;
const UNPARSED_SHARE = 0.001;
/** Share of the run in which the machine may be full. */
export const MACHINE_FULL_SHARE = 0.1;

export interface VerdictInput {
  readonly ledgerImbalanceBytes: number;
  readonly lostRecords: number;
  readonly bypassedRequests: number;
  readonly internalErrors: number;
  /** Transfers that this machine had no descriptor or port for (RC): the load was not the one that was asked for. */
  readonly localFailures: number;
  readonly tapDelayP99Ms: number | undefined;
  readonly mainDelayP99Ms: number | undefined;
  /** Lines that look like events: those no rule matched, and those that were understood. */
  readonly unparsedLines: number;
  readonly parsedLines: number;
  readonly droppedShare: number;
  readonly statsDropThreshold: number;
  readonly machineFullShare: number | undefined;
  readonly opaqueBytes: number;
  readonly staleSources: readonly string[];
}

/** The verdict and its reasons, the gravest first; no reasons when valid. */
export function judge(input: VerdictInput): { readonly verdict: Verdict; readonly reasons: readonly string[] } {
  const invalid = invalidReasons(input);
  const degraded = degradedReasons(input);
  const verdict = invalid.length > 0 ? 'invalid' : degraded.length > 0 ? 'degraded' : 'valid';
  return { verdict, reasons: [...invalid, ...degraded] };
}

function invalidReasons(input: VerdictInput): string[] {
  const reasons: string[] = [];
  if (input.ledgerImbalanceBytes !== 0)
    reasons.push(`the ledger is out of balance by ${input.ledgerImbalanceBytes} bytes`);
  if (input.lostRecords > 0) reasons.push(`${input.lostRecords} records were lost`);
  if (input.bypassedRequests > 0) reasons.push(`${input.bypassedRequests} connections bypassed the proxy`);
  if (input.localFailures > 0)
    reasons.push(`${input.localFailures} transfers found no descriptor or port on this machine (RC)`);
  if (input.internalErrors > 0) reasons.push(`${input.internalErrors} transfers ended with an internal error (ID)`);
  const tapDelayMs = input.tapDelayP99Ms ?? 0;
  if (tapDelayMs > TAP_DELAY_INVALID_MS) reasons.push(tooLate('tap', tapDelayMs, TAP_DELAY_INVALID_MS));
  return reasons;
}

function degradedReasons(input: VerdictInput): string[] {
  const reasons: string[] = [];
  const tapDelayMs = input.tapDelayP99Ms ?? 0;
  const mainDelayMs = input.mainDelayP99Ms ?? 0;
  if (tapDelayMs > TAP_DELAY_DEGRADED_MS && tapDelayMs <= TAP_DELAY_INVALID_MS) {
    reasons.push(tooLate('tap', tapDelayMs, TAP_DELAY_DEGRADED_MS));
  }
  if (mainDelayMs > MAIN_DELAY_DEGRADED_MS) reasons.push(tooLate('main', mainDelayMs, MAIN_DELAY_DEGRADED_MS));
  const eventLines = input.parsedLines + input.unparsedLines;
  if (input.unparsedLines > UNPARSED_SHARE * eventLines) {
    reasons.push(`${input.unparsedLines} of ${eventLines} event lines were not understood`);
  }
  if (input.droppedShare > input.statsDropThreshold) {
    reasons.push(`${percent(input.droppedShare)} of the clients' lines were dropped`);
  }
  const fullShare = input.machineFullShare ?? 0;
  if (fullShare > MACHINE_FULL_SHARE) reasons.push(`the machine's CPU was full for ${percent(fullShare)} of the run`);
  if (input.opaqueBytes > 0) reasons.push(`${formatBytes(input.opaqueBytes)} passed unseen in tunnels`);
  for (const source of input.staleSources) reasons.push(`${source} has not answered for three intervals`);
  return reasons;
}

function tooLate(loop: string, delayMs: number, limitMs: number): string {
  return `${loop} loop delay p99 ${formatMs(delayMs)} is above ${formatMs(limitMs)}`;
}

function percent(share: number): string {
  return `${(share * PERCENT).toFixed(1)} %`;
}
