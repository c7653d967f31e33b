// The embedded origin: one text with the host, the server and the server's exact octets.
// It does not read the access log; that comes from the origin's process as events of its own.
import { SteadyCounter } from './counters.ts';
import { createNginxReader } from './nginx-exporter.ts';
import { createNodeReader, type NodeExporterOptions } from './node-exporter.ts';
import { lastValue, type Sample } from './prometheus-text.ts';
import { createOriginScraper, definedOnly, type OriginReading, type Scraper, type ScraperDeps } from './scraper.ts';

/** Octets of heads and bodies handed to client sockets, those of open responses included. */
const RESPONSE_BYTES = 'hls_swarm_origin_server_response_bytes_total';
const REQUESTS = 'hls_swarm_origin_server_requests_total';

/** Scrapes the embedded origin's own /metrics; emits `origin-sample` with source `embedded`. */
export function createEmbeddedScraper(deps: ScraperDeps, options: NodeExporterOptions): Scraper {
  return createOriginScraper(deps, options, {
    name: 'embedded',
    read: createEmbeddedReader(options.isLoopback),
    families: `${RESPONSE_BYTES}, ${REQUESTS}`,
  });
}

export function createEmbeddedReader(isLoopback: boolean): (samples: readonly Sample[]) => OriginReading | undefined {
  const host = createNodeReader(isLoopback);
  const server = createNginxReader();
  const bytes = new SteadyCounter({ restartsAtZero: true });
  const requests = new SteadyCounter({ restartsAtZero: true });
  return (samples) => {
    const bytesRaw = lastValue(samples, RESPONSE_BYTES);
    if (bytesRaw === undefined) return undefined;
    const requestsRaw = lastValue(samples, REQUESTS);
    return {
      ...host(samples),
      ...server(samples),
      ...definedOnly({
        bytesSentTotal: bytes.advance(bytesRaw),
        requestsTotal: requestsRaw === undefined ? undefined : requests.advance(requestsRaw),
      }),
    };
  };
}
