// The origin's sources by what the options name: those that are asked now and then (metrics, the listing of segment sizes),
// and its access log. It parses nothing; each keeps its own timetable.
import type { Clock } from '../clock.ts';
import type { Options } from '../config/options.ts';
import type { Emit } from '../events.ts';
import { Fetcher } from '../fetch.ts';
import type { Log } from '../log.ts';
import type { Random } from '../random.ts';
import type { AccessLogFollower } from '../scrape/access-log.ts';
import { BytesMetric } from '../scrape/bytes-metric.ts';
import { createEmbeddedScraper } from '../scrape/embedded.ts';
import { createNginxExporterScraper } from '../scrape/nginx-exporter.ts';
import { createNodeExporterScraper } from '../scrape/node-exporter.ts';
import type { OriginScraperOptions, Scraper, ScraperDeps } from '../scrape/scraper.ts';
import { createSegmentSizesScraper, type ListingNeeds } from '../scrape/segment-sizes.ts';
import { readSelector } from '../stats/metric-selector.ts';
import type { ReadMeters } from './meter-reader.ts';

export interface ScraperContext {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly log: Log;
  readonly random: Random;
  readonly version: string;
  readonly options: Options;
  /** The stream comes from this machine, under whatever address: decides which network devices are the origin's. */
  readonly isLoopback: boolean;
  /** The stream's. */
  readonly url: string;
  /** The embedded origin, which says where its own metrics are. */
  readonly demo: { readonly metricsUrl: string } | undefined;
  readonly accessLog?: AccessLogFollower | undefined;
  /** Absent: nothing is tapped. */
  readonly readMeters?: ReadMeters | undefined;
}

/** A source that does not answer by then must not hold up a start or a summary. */
const ROUND_LIMIT_MS = 800;

export class Scrapers {
  readonly #scrapers: readonly Scraper[];
  readonly #fetchers: Fetcher[] = [];
  readonly #accessLog: AccessLogFollower | undefined;
  #listing: ListingNeeds = {};

  constructor(context: ScraperContext) {
    const { options, isLoopback, url, demo } = context;
    this.#accessLog = context.accessLog;
    const at = (address: string | undefined, create: (address: string) => Scraper): Scraper[] =>
      address === undefined ? [] : [create(address)];
    const deps = (name: string): ScraperDeps => this.#depsFor(name, context);
    const origin = originOptions(options);
    const { origin: streamOrigin } = new URL(url);
    const served = (address: string): Pick<OriginScraperOptions, 'isFromStreamServer'> => ({
      isFromStreamServer: new URL(address).origin === streamOrigin,
    });
    const counter = bytesMetric(options);
    const host = { isLoopback, devices: devicesOf(options) };
    this.#scrapers = [
      ...at(demo?.metricsUrl, (address) =>
        createEmbeddedScraper(deps('embedded'), { url: address, ...served(address), ...origin, ...host }),
      ),
      ...at(options.originMetricsUrl, (address) =>
        createNodeExporterScraper(deps('node'), { url: address, ...served(address), ...origin, ...counter, ...host }),
      ),
      ...at(options.nginxMetricsUrl, (address) =>
        createNginxExporterScraper(deps('nginx'), { url: address, ...served(address), ...origin, ...counter }),
      ),
      ...at(options.segmentSizesUrl, (address) =>
        createSegmentSizesScraper(deps('listing'), {
          url: address,
          ...(options.segmentSizesIntervalMs === undefined ? {} : { fixedIntervalMs: options.segmentSizesIntervalMs }),
          jitterMs: options.segmentSizesJitterMs,
          needs: () => this.#listing,
        }),
      ),
    ];
  }

  start(): void {
    for (const scraper of this.#scrapers) scraper.start();
    this.#accessLog?.start();
  }

  /** The load's tier decides how often: told on every tick. */
  setActiveClients(activeClients: number): void {
    for (const scraper of this.#scrapers) scraper.setActiveClients(activeClients);
  }

  /** What the account needs of the listing: told on every tick, as far as it is known. */
  setListingNeeds(needs: ListingNeeds): void {
    this.#listing = needs;
  }

  /** One round of every source, before the first client and at the end; bounded, because somebody waits for it. */
  async round(limitMs: number = ROUND_LIMIT_MS): Promise<void> {
    const rounds = Promise.allSettled(this.#scrapers.map((scraper) => scraper.scrapeNow()));
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      rounds,
      new Promise((resolve) => (timer = setTimeout(resolve, Math.min(limitMs, ROUND_LIMIT_MS)))),
    ]);
    clearTimeout(timer);
  }

  /** The rest of the access log, for as long as lines are awaited and may come: 12 s at most. */
  async finish(isAwaited: () => boolean): Promise<void> {
    await this.#accessLog?.finish(isAwaited);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#scrapers.map((scraper) => scraper.stop()), this.#accessLog?.stop()]);
    await Promise.all(this.#fetchers.map((fetcher) => fetcher.close()));
  }

  #depsFor(name: string, { clock, emit, log, version, options, random, readMeters }: ScraperContext): ScraperDeps {
    const fetcher = new Fetcher({ version, verifiesTls: !options.dangerous });
    this.#fetchers.push(fetcher);
    const fork = random.fork(name);
    return {
      ...{ clock, emit, log, fetcher, random: () => fork.next() },
      ...(readMeters === undefined ? {} : { readMeters }),
    };
  }
}

function originOptions({ originMetricsIntervalMs }: Options): Omit<OriginScraperOptions, 'url'> {
  return originMetricsIntervalMs === undefined ? {} : { fixedIntervalMs: originMetricsIntervalMs };
}

/** The one counter that is looked for in the answers of both addresses. */
function bytesMetric({
  originBytesMetric,
  originMetricsUrl,
  nginxMetricsUrl,
}: Options): Pick<OriginScraperOptions, 'bytesMetric'> {
  const read = originBytesMetric === undefined ? undefined : readSelector(originBytesMetric);
  if (read === undefined || 'problem' in read) return {};
  const places = [originMetricsUrl, nginxMetricsUrl].filter((url) => url !== undefined).length;
  return { bytesMetric: new BytesMetric(read.selector, places) };
}

/** One option may name several. */
function devicesOf({ originMetricsDevices }: Options): readonly string[] {
  return originMetricsDevices.flatMap((names) => names.split(','));
}
