// The accounts of one run and the options they are opened with: the rooms of the ledger, side by side.
// It moves no event (ledger.ts does) and reads no figure (snapshot.ts does).
import type { RunEvent } from '../events.ts';
import { AccessLogJoin } from './access-log-join.ts';
import { ClientBook } from './client-book.ts';
import { Collections } from './collections.ts';
import { ErrorAgreement } from './error-agreement.ts';
import { EstimatorWindows } from './estimator-windows.ts';
import { FindingBook } from './findings.ts';
import { InferredDurations } from './inferred-durations.ts';
import { InstrumentAccount } from './instrument-account.ts';
import { ListingClock } from './listing-clock.ts';
import { ListingNeed } from './listing-need.ts';
import { unitOf } from './log-reach.ts';
import { OriginAccount } from './origin-account.ts';
import { pathOf } from './origin-path.ts';
import { OriginSources } from './origin-sources.ts';
import { Pairing } from './pairing.ts';
import { ParserAccount } from './parser-account.ts';
import { sightOf } from './player-sight.ts';
import { FigureBook } from './process-figures.ts';
import { ProxyAccount } from './proxy-account.ts';
import { RecentEvents } from './recent-events.ts';
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
  readonly originSources: OriginSources;
  readonly collections: Collections;
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
  readonly recent: RecentEvents;
}

export function openAccounts(options: AccountOptions): Accounts {
  const { run, segmentCacheWindow } = options;
  const figures = new FigureBook();
  const durations = new InferredDurations();
  const clients = new ClientBook(sightOf(run), run.clientTimeoutMs);
  const parser = new ParserAccount({
    streamUrl: run.url,
    ...(run.isHls === undefined ? {} : { isHls: run.isHls }),
    ...(segmentCacheWindow === undefined ? {} : { segmentCacheWindow }),
    doorPorts: options.doorPorts ?? new Map(),
    figures,
    durations,
  });
  return {
    proxy: new ProxyAccount(run.clientTimeoutMs),
    parser,
    origin: new OriginAccount({ path: pathOf(run), streamOrigin: originOf(run.url) }, run.originMetricsWindowMs),
    originSources: new OriginSources(),
    collections: new Collections(),
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
    recent: new RecentEvents(),
  };
}

/** Scheme, host and port; nothing of what is no URL (`hls-swarm proxy`). */
function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}
