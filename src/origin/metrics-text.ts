// The origin's /metrics: its own exact counters and the machine's, in the Prometheus text format (pure).
// Names and labels of the borrowed ones are node_exporter's and the nginx exporter's, so that one scraper reads both.
import type { AccountTotals } from './account.ts';
import type { HostCounters } from './host-metrics.ts';

export const METRICS_MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number | undefined;
}

export function metricsText(totals: AccountTotals, host: HostCounters): string {
  return [
    family('node_cpu_seconds_total', 'counter', 'Seconds the CPUs spent in each mode.', cpuSamples(host)),
    one('node_memory_MemTotal_bytes', 'gauge', 'Memory of this machine.', host.memoryTotalBytes),
    one('node_memory_MemAvailable_bytes', 'gauge', 'Memory available without swapping.', host.memoryAvailableBytes),
    family(
      'node_network_receive_bytes_total',
      'counter',
      'Octets received per network device.',
      host.networks.map(({ device, receivedBytes }) => ({ labels: { device }, value: receivedBytes })),
    ),
    family(
      'node_network_transmit_bytes_total',
      'counter',
      'Octets sent per network device.',
      host.networks.map(({ device, sentBytes }) => ({ labels: { device }, value: sentBytes })),
    ),
    one('nginx_connections_active', 'gauge', 'Open client connections.', totals.connectionsActive),
    one('nginx_http_requests_total', 'counter', 'Requests received.', totals.requests),
    one(
      'hls_swarm_origin_server_response_bytes_total',
      'counter',
      'Octets handed to client sockets, heads and bodies, open responses included.',
      totals.responseBytes,
    ),
    one(
      'hls_swarm_origin_server_head_bytes_total',
      'counter',
      'Octets of the heads of ended responses.',
      totals.headBytes,
    ),
    one('hls_swarm_origin_server_requests_total', 'counter', 'Requests received.', totals.requests),
  ].join('');
}

function cpuSamples(host: HostCounters): readonly Sample[] {
  return host.cpuSeconds.map(({ cpu, mode, seconds }) => ({ labels: { cpu, mode }, value: seconds }));
}

function one(name: string, type: string, help: string, value: number | undefined): string {
  return family(name, type, help, [{ value }]);
}

/** Nothing at all for a family without a known value. */
function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.flatMap(({ labels, value }) =>
    value === undefined ? [] : [`${name}${labels === undefined ? '' : labelText(labels)} ${value}\n`],
  );
  return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return `{${pairs.join(',')}}`;
}
