// Faults on purpose as a metric, so that an alert can be held against what was injected.
// It is the tap's own count; what an embedded origin injected is in that origin's access log.
import { INJECTED } from '../events.ts';
import { by, type MetricDefinition } from './metric-definition.ts';

export const FAULT_METRICS: readonly MetricDefinition[] = [
  {
    name: 'hls_swarm_proxy_injected_total',
    type: 'counter',
    unit: 'transfers',
    account: 'tap',
    help: 'Ended transfers that a fault on purpose has acted on; in all counts and bytes, in no times',
    labels: { fault: INJECTED },
    read: ({ snapshot }) => by('fault', INJECTED, (fault) => snapshot.summary.proxy?.injected[fault]),
  },
];
