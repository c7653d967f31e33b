// The accounts of one run and the options they are opened with: the rooms of the ledger, side by side.
// It moves no event (ledger.ts does) and reads no figure (snapshot.ts does).
import type { RunEvent } from '../events.ts';
import { ClientBook } from './client-book.ts';
import { ErrorAgreement } from './error-agreement.ts';
import { EstimatorWindows } from './estimator-windows.ts';
import { FindingBook } from './findings.ts';
import { InferredDurations } from './inferred-durations.ts';
import { InstrumentAccount } from './instrument-account.ts';
import { ListingClock } from './listing-clock.ts';
import { ListingNeed } from './listing-need.ts';
import { unitOf } from './log-reach.ts';
import { OriginAccount } from './origin-account.ts';
import { Pairing } from './pairing.ts';
import { ParserAccount } from './parser-account.ts';
import { sightOf } from './player-sight.ts';
import { FigureBook } from './process-figures.ts';
import { ProxyAccount } from './proxy-account.ts';
import { AccessLogJoin } from './reconciliation.ts';
import { Redirects } from './redirects.ts';
import { RequestRates } from './request-rates.ts';
import { StreamAccount } from './streams.ts';
import { VariantBook } from './variant-book.ts';

export interface AccountOptions {
  readonly run: Omit<RunEvent, 'type'>;
  /** `--segment-cache-window`: the newest segments of each series of the listing that are kept. Absent: as many as are needed. */
  readonly segmentCacheWindow?: number;
  /** Door port by client. A connection of a client with a door to anywhere else is a bypassed request. */
  readonly doorPorts?: ReadonlyMap<number, number>;
}

export interface Accounts {
  readonly proxy: ProxyAccount;
  readonly parser: ParserAccount;
  readonly origin: OriginAccount;
  readonly instrument: InstrumentAccount;
  readonly clients: ClientBook;
  readonly figures: FigureBook;
  readonly durations: InferredDurations;
  readonly pairing: Pairing;
  readonly join: AccessLogJoin;
  readonly variants: VariantBook;
  readonly findings: FindingBook;
  readonly listings: ListingClock;
  readonly listingNeed: ListingNeed;
  readonly errors: ErrorAgreement;
  readonly estimatorWindows: EstimatorWindows;
  readonly rates: RequestRates;
  readonly streams: StreamAccount;
  readonly redirects: Redirects;
}

export function openAccounts(options: AccountOptions): Accounts {
  const { run, segmentCacheWindow } = options;
  const figures = new FigureBook();
  const durations = new InferredDurations();
  const clients = new ClientBook(sightOf(run));
  const parser = new ParserAccount({
    streamUrl: run.url,
    ...(run.isHls === undefined ? {} : { isHls: run.isHls }),
    ...(segmentCacheWindow === undefined ? {} : { segmentCacheWindow }),
    doorPorts: options.doorPorts ?? new Map(),
    figures,
    durations,
  });
  return {
    proxy: new ProxyAccount(),
    parser,
    origin: new OriginAccount(run.originMetricsWindowMs),
    instrument: new InstrumentAccount(run.clients),
    clients,
    figures,
    durations,
    pairing: new Pairing(unitOf(run.logLevel)),
    join: new AccessLogJoin(),
    variants: new VariantBook(run.variant, clients.timeline),
    findings: new FindingBook(),
    listings: new ListingClock(),
    listingNeed: new ListingNeed(),
    errors: new ErrorAgreement(),
    estimatorWindows: new EstimatorWindows(),
    rates: new RequestRates(),
    streams: new StreamAccount(),
    redirects: new Redirects(),
  };
}
