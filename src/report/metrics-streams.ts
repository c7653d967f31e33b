// Long-lived bodies (MPEG-TS over HTTP) as metrics, metered while they flow: the tap's account.
// Ended ones are also in the totals per kind and in the terminations of metrics-proxy.ts.
import { type StreamEvent, TERMINATIONS } from '../events.ts';
import { msToSeconds } from '../units.ts';
import { by, byWindow, type MetricDefinition, one, WINDOWS } from './metric-definition.ts';

const STATES: readonly StreamEvent['state'][] = ['waiting', 'flowing', 'silent', 'client-blocked'];

export const STREAM_METRICS: readonly MetricDefinition[] = [
  {
    name: 'hls_swarm_proxy_open_streams',
    type: 'gauge',
    unit: 'streams',
    account: 'tap',
    help: 'Open long-lived bodies by what they do: nothing came yet, content flows, the origin is silent, the client does not drain',
    labels: { state: STATES },
    read: ({ snapshot }) =>
      by('state', STATES, (state) => snapshot.streams.filter((row) => row.state === state).length),
  },
  {
    name: 'hls_swarm_proxy_stream_endings_total',
    type: 'counter',
    unit: 'streams',
    account: 'tap',
    help: 'Ended long-lived bodies by termination code',
    labels: { termination: TERMINATIONS },
    read: ({ snapshot }) =>
      by('termination', TERMINATIONS, (code) => snapshot.summary.proxy?.streams.endings[code] ?? 0),
  },
  {
    name: 'hls_swarm_proxy_stream_bytes_total',
    type: 'counter',
    unit: 'bytes',
    account: 'tap',
    help: 'Content of long-lived bodies, counted as it flows',
    read: ({ snapshot }) => one(snapshot.summary.proxy?.streams.throughput.totalBytes),
  },
  {
    name: 'hls_swarm_proxy_stream_throughput_bytes_per_second',
    type: 'gauge',
    unit: 'bytes per second',
    account: 'tap',
    help: 'Content rate of long-lived bodies by window',
    labels: { window: WINDOWS },
    read: ({ snapshot }) => byWindow(snapshot.summary.proxy?.streams.throughput),
  },
  {
    name: 'hls_swarm_proxy_stream_longest_gap_seconds',
    type: 'gauge',
    unit: 'seconds',
    account: 'tap',
    help: 'Longest silence of an origin in any long-lived body of the run',
    read: ({ snapshot }) => {
      const longestGapMs = snapshot.summary.proxy?.streams.longestGapMs;
      return one(longestGapMs === undefined ? undefined : msToSeconds(longestGapMs));
    },
  },
  {
    name: 'hls_swarm_proxy_stream_sync_losses_total',
    type: 'counter',
    unit: 'losses',
    account: 'tap',
    help: 'Packets that did not begin with the sync octet where one had to begin; absent without --check-ts',
    read: ({ snapshot }) => one(snapshot.summary.proxy?.streams.transportStream?.syncLosses),
  },
  {
    name: 'hls_swarm_proxy_stream_continuity_errors_total',
    type: 'counter',
    unit: 'packets',
    account: 'tap',
    help: 'Packets whose continuity counter was not the one due; absent without --check-ts',
    read: ({ snapshot }) => one(snapshot.summary.proxy?.streams.transportStream?.continuityErrors),
  },
];
