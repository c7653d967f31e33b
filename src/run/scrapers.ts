// The sources that are asked now and then: origin metrics and the listing of segment sizes, by what the options name.
// It parses nothing; each scraper keeps its own timetable.
import type { Clock } from '../clock.ts';
import type { Options } from '../config/options.ts';
import type { Emit } from '../events.ts';
import { Fetcher } from '../fetch.ts';
import type { Log } from '../log.ts';
import type { Random } from '../random.ts';
import { createEmbeddedScraper } from '../scrape/embedded.ts';
import { createNginxExporterScraper } from '../scrape/nginx-exporter.ts';
import { createNodeExporterScraper } from '../scrape/node-exporter.ts';
import type { Scraper } from '../scrape/scraper.ts';
import { createSegmentSizesScraper } from '../scrape/segment-sizes.ts';

export interface ScraperContext {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly log: Log;
  readonly random: Random;
  readonly version: string;
  readonly options: Options;
  /** The stream's URL: its host decides which network device is the origin's. */
  readonly url: string;
  /** The embedded origin, which says where its own metrics are. */
  readonly demo: { readonly metricsUrl: string } | undefined;
}

/** A source that does not answer by then must not hold up a start or a summary. */
const ROUND_LIMIT_MS = 800;

export class Scrapers {
  readonly #scrapers: readonly Scraper[];
  readonly #fetchers: readonly Fetcher[];
  #listingWindow: number | undefined;

  constructor(context: ScraperContext) {
    const { options, url, demo, version } = context;
    const originHost = new URL(url).hostname;
    const fixed =
      options.originMetricsIntervalMs === undefined ? {} : { fixedIntervalMs: options.originMetricsIntervalMs };
    const fetchers: Fetcher[] = [];
    const depsFor = (name: string) => {
      const fetcher = new Fetcher({ version, verifiesTls: !options.dangerous });
      fetchers.push(fetcher);
      const random = context.random.fork(name);
      return { clock: context.clock, emit: context.emit, log: context.log, fetcher, random: () => random.next() };
    };
    const { originMetricsUrl, nginxMetricsUrl, segmentSizesUrl } = options;
    const node = { ...fixed, originHost };
    this.#scrapers = [
      ...(demo === undefined ? [] : [createEmbeddedScraper(depsFor('embedded'), { url: demo.metricsUrl, ...node })]),
      ...(originMetricsUrl === undefined
        ? []
        : [createNodeExporterScraper(depsFor('node'), { url: originMetricsUrl, ...node })]),
      ...(nginxMetricsUrl === undefined
        ? []
        : [createNginxExporterScraper(depsFor('nginx'), { url: nginxMetricsUrl, ...fixed })]),
      ...(segmentSizesUrl === undefined
        ? []
        : [
            createSegmentSizesScraper(depsFor('listing'), {
              url: segmentSizesUrl,
              ...(options.segmentSizesIntervalMs === undefined
                ? {}
                : { fixedIntervalMs: options.segmentSizesIntervalMs }),
              jitterMs: options.segmentSizesJitterMs,
              window: () => options.segmentCacheWindow ?? this.#listingWindow,
            }),
          ]),
    ];
    this.#fetchers = fetchers;
  }

  start(): void {
    for (const scraper of this.#scrapers) scraper.start();
  }

  /** The load's tier decides how often: told on every tick. */
  setActiveClients(activeClients: number): void {
    for (const scraper of this.#scrapers) scraper.setActiveClients(activeClients);
  }

  /** How many names of the listing the account needs: told on every tick; undefined while that is not known. */
  setListingWindow(window: number | undefined): void {
    this.#listingWindow = window;
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

  async stop(): Promise<void> {
    await Promise.all(this.#scrapers.map((scraper) => scraper.stop()));
    await Promise.all(this.#fetchers.map((fetcher) => fetcher.close()));
  }
}
