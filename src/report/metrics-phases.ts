// Phases of transfers as histograms by kind: the tap's account. The run's own quantiles of the same phases are in the summary;
// these are for windows (histogram_quantile over a rate).
import { KINDS } from '../events.ts';
import type { Phase } from '../stats/summary.ts';
import type { HistogramDefinition } from './metric-definition.ts';

const LIMITED = 'over ok transfers that were not client-limited';

export const PHASE_METRICS: readonly HistogramDefinition[] = [
  phaseMetric('dns', 'dns', 'Resolving the name of an origin, by the requests that dialled'),
  phaseMetric('connect', 'connect', 'Connecting to an origin, by the requests that dialled'),
  phaseMetric('tls', 'tls', 'TLS handshake with an origin, by the requests that dialled'),
  phaseMetric('wait', 'wait', 'Request written to first octet of the final status line, over final 2xx heads'),
  phaseMetric('receive', 'receive', `First to last content octet, ${LIMITED}`),
  phaseMetric('total', 'transfer', `Request head complete to the end (phase total), ${LIMITED}`),
  phaseMetric(
    'clientBlocked',
    'client_blocked',
    'Time in which reading was paused because the client did not drain, over ok transfers',
  ),
];

function phaseMetric(phase: Phase, name: string, help: string): HistogramDefinition {
  return {
    name: `hls_swarm_proxy_${name}_seconds`,
    type: 'histogram',
    unit: 'seconds',
    account: 'tap',
    help,
    labels: { kind: KINDS },
    read: ({ snapshot }) =>
      snapshot.phaseBuckets
        .filter((entry) => entry.phase === phase)
        .map(({ kind, buckets }) => ({ labels: { kind }, buckets })),
  };
}
