// The origin's nginx as its Prometheus exporter sees it, or as its own stub_status page does: connections and requests.
// It has no octets and no durations: neither knows them, and unknown is not 0.
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
import { readStubStatus } from './stub-status.ts';

/** Scrapes an nginx exporter or a stub_status page; emits `origin-sample` with source `nginx_exporter`. */
export function createNginxExporterScraper(deps: ScraperDeps, options: OriginScraperOptions): Scraper {
  return createOriginScraper(deps, options, {
    name: 'nginx_exporter',
    read: createNginxReader(),
    complaint: (samples) =>
      lastValue(samples, 'nginx_up') === 0 ? 'nginx_up is 0: the exporter gets no answer from its nginx' : undefined,
    otherForm: readStubStatus,
    families: 'nginx_connections_active, nginx_http_requests_total',
  });
}

/** A reader with the memory that resets need; one per source. */
export function createNginxReader(): (samples: readonly Sample[]) => OriginReading | undefined {
  const requests = new SteadyCounter({ restartsAtZero: true });
  return (samples) => {
    const requestsRaw = lastValue(samples, 'nginx_http_requests_total');
    const connectionsActive = lastValue(samples, 'nginx_connections_active');
    if (requestsRaw === undefined && connectionsActive === undefined) return undefined;
    return definedOnly({
      connectionsActive,
      connectionsReading: lastValue(samples, 'nginx_connections_reading'),
      connectionsWriting: lastValue(samples, 'nginx_connections_writing'),
      connectionsWaiting: lastValue(samples, 'nginx_connections_waiting'),
      requestsTotal: requestsRaw === undefined ? undefined : requests.advance(requestsRaw),
    });
  };
}
