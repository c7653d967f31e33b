// The origin's nginx as its Prometheus exporter sees it (stub_status): active connections and requests.
// It has no octets and no durations: the standard exporter does not know them, and unknown is not 0.
import { SteadyCounter } from './counters.ts';
import { lastValue, type Sample } from './prometheus-text.ts';
import {
  createOriginScraper,
  definedOnly,
  type OriginReading,
  type OriginScraperOptions,
  type Scraper,
  type ScraperDeps,
} from './scraper.ts';

/** Scrapes an nginx exporter; emits `origin-sample` with source `nginx_exporter`. */
export function createNginxExporterScraper(deps: ScraperDeps, options: OriginScraperOptions): Scraper {
  return createOriginScraper(deps, options, {
    name: 'nginx_exporter',
    read: createNginxReader(),
    families: 'nginx_connections_active, nginx_http_requests_total',
  });
}

/** A reader with the memory that resets need; one per source. */
export function createNginxReader(): (samples: readonly Sample[]) => OriginReading | undefined {
  const requests = new SteadyCounter();
  return (samples) => {
    const requestsRaw = lastValue(samples, 'nginx_http_requests_total');
    const connectionsActive = lastValue(samples, 'nginx_connections_active');
    if (requestsRaw === undefined && connectionsActive === undefined) return undefined;
    return definedOnly({
      connectionsActive,
      requestsTotal: requestsRaw === undefined ? undefined : requests.advance(requestsRaw),
    });
  };
}
