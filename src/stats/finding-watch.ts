// Raises the findings that are not about a playlist: single transfers as they end, and states once per second.
// It measures nothing itself: every figure it compares is another account's.
import type { ConnectionEvent, TransferEvent } from '../events.ts';
import { formatCount, formatMs, PERCENT } from '../units.ts';
import type { AccessLogJoin } from './access-log-join.ts';
import type { ClientBook } from './client-book.ts';
import type { FindingBook } from './findings.ts';
import type { InstrumentAccount } from './instrument-account.ts';
import type { ListingLagReading } from './listing-lag.ts';
import type { OriginAccount } from './origin-account.ts';
import type { ParserAccount } from './parser-account.ts';
import { MACHINE_FULL_SHARE } from './verdict.ts';

/** The original's colours: below this share of found sizes its byte figures turned yellow. */
const LOW_LOOKUP_SHARE = 0.8;
/** Fewer settled attempts than this say nothing about a share. */
const ENOUGH_ATTEMPTS = 20;
const LAGGING_SHARE = 0.05;
const TAP_LATE_MS = 10;
const MAIN_LATE_MS = 100;
const MISSING_STATUSES: ReadonlySet<number | undefined> = new Set([404, 410]);

export interface WatchedAccounts {
  readonly parser: ParserAccount;
  readonly clients: ClientBook;
  readonly origin: OriginAccount;
  readonly instrument: InstrumentAccount;
  readonly join: AccessLogJoin;
}

export class FindingWatch {
  readonly #findings: FindingBook;
  readonly #accounts: WatchedAccounts;

  constructor(findings: FindingBook, accounts: WatchedAccounts) {
    this.#findings = findings;
    this.#accounts = accounts;
  }

  transfer(event: TransferEvent): void {
    const { kind, status, termination, url, startedAtMs, client, injected } = event;
    // What we did to it ourselves says nothing of its origin.
    if (injected !== null) return;
    const origin = event.upstreamAddress ?? url;
    if (MISSING_STATUSES.has(status) && (kind === 'segment' || kind === 'part' || kind === 'init')) {
      this.#findings.raise('segment-missing', url, startedAtMs, `answered ${status} (client ${client})`);
    }
    if (termination === 'sH' || termination === 'sD') {
      const evidence = `${event.method} ${url} ended ${termination} after ${formatMs(event.totalMs)}`;
      this.#findings.raise('origin-silent', origin, startedAtMs, evidence);
    }
  }

  /** A TLS handshake that failed: the origin's, or that of a player that does not take the tap's certificate. */
  connection({ tlsFailedWith, failure = 'no reason given', origin, client, openedAtMs }: ConnectionEvent): void {
    if (tlsFailedWith === undefined) return;
    const subject = tlsFailedWith === 'origin' && origin !== undefined ? origin : `client ${client}`;
    this.#findings.raise('tls-untrusted', subject, openedAtMs, failure);
  }

  tick(atMs: number): void {
    this.#lookups(atMs);
    this.#instrument(atMs);
    this.#cookies(atMs);
    for (const { client, restarts } of this.#accounts.clients.restarting(atMs)) {
      this.#findings.hold('client-restarting', `client ${client}`, atMs, `${restarts} restarts`);
    }
    for (const { source, sinceMs } of this.#accounts.origin.staleSources(atMs)) {
      this.#findings.hold('origin-metrics-stale', source, sinceMs, `silent for ${formatMs(atMs - sinceMs)}`);
    }
  }

  /** Every line has come that will: before, a server may hold some back. */
  finish(atMs: number): void {
    this.tick(atMs);
    const { joined } = this.#accounts.join.read(atMs) ?? {};
    if (joined === undefined || joined.missingAtOrigin === 0) return;
    const evidence = `${joined.missingAtOrigin} of ${formatCount(joined.transfers, 'completed transfer')} without a line`;
    this.#findings.hold('log-incomplete', 'access-log', atMs, evidence);
  }

  #lookups(atMs: number): void {
    const { lookup } = this.#accounts.parser;
    if (lookup.table.listings === 0) return;
    const { successes, misses } = lookup.read();
    const missed = misses.neverListed + misses.evicted + misses.notYetListed + misses.ambiguous;
    const settled = successes + missed;
    if (settled < ENOUGH_ATTEMPTS) return;
    if (successes < LOW_LOOKUP_SHARE * settled) {
      const evidence = `${successes} of ${settled} sizes found (${((successes / settled) * PERCENT).toFixed(0)} %)`;
      this.#findings.hold('lookup-low', 'segment sizes', atMs, evidence);
    }
    if (misses.notYetListed > LAGGING_SHARE * settled) {
      const lag = lookup.lag.read();
      const late = `${misses.notYetListed} of ${settled} segments were asked for before the listing showed them`;
      this.#findings.hold('listing-lags', 'segment sizes', lag?.sinceMs ?? atMs, `${late}; ${lagWords(lag)}`);
    }
  }

  /** Other players than FFmpeg compare a Path with the path. */
  #cookies(atMs: number): void {
    const { clients, instrument } = this.#accounts;
    const { pathCookies } = instrument;
    if (pathCookies === 0 || clients.clientsStarted === 0) return;
    const evidence = `${formatCount(pathCookies, 'answer')} over http set a cookie with a Path`;
    this.#findings.hold('cookie-path', 'cookies', atMs, evidence);
  }

  #instrument(atMs: number): void {
    const { instrument, parser } = this.#accounts;
    const { eventLoopDelayMs } = instrument.read(parser.bypassed);
    const late: [string, number, number][] = [
      ['tap', eventLoopDelayMs.tapP99 ?? 0, TAP_LATE_MS],
      ['main', eventLoopDelayMs.mainP99 ?? 0, MAIN_LATE_MS],
    ];
    for (const [loop, delayMs, limitMs] of late) {
      if (delayMs <= limitMs || !instrument.isSettled) continue;
      this.#findings.hold('instrument-overloaded', `${loop} loop`, atMs, `loop delay p99 ${formatMs(delayMs)}`);
    }
    const full = instrument.machineFull;
    if (full !== undefined && full.share > MACHINE_FULL_SHARE) {
      const evidence = `CPU above 95 % for ${(full.share * PERCENT).toFixed(0)} % of the run`;
      this.#findings.hold('machine-full', 'this machine', full.sinceMs, evidence);
    }
    if (parser.bypassed > 0) {
      this.#findings.hold('bypass', 'clients', atMs, `${parser.bypassed} connections to other than the client's door`);
    }
  }
}

/** From the request to the first listing that has the segment: up to one interval of the listing is ours. */
function lagWords(lag: ListingLagReading | undefined): string {
  if (lag?.medianMs === undefined || lag.longestMs === undefined) return 'none of them is listed yet';
  return `${lag.listed} came later, after ${formatMs(lag.medianMs)} (median), ${formatMs(lag.longestMs)} at most`;
}
