// The reference account as metrics: what the tap counted on its own sockets.
// No `source` label anywhere: a sum over accounts would count the same octets thrice.
import { type CacheStatus, KINDS, type Kind, TERMINATIONS } from '../events.ts';
import type { KindSummary } from '../stats/summary.ts';
import { msToSeconds } from '../units.ts';
import {
  by,
  byTwo,
  byWindow,
  type MetricDefinition,
  one,
  quantileGauges,
  type Reading,
  type Series,
  type ValueDefinition,
  WINDOWS,
} from './metric-definition.ts';
import { PHASE_METRICS } from './metrics-phases.ts';

const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx', 'other', 'none'] as const;
const CACHES: readonly CacheStatus[] = ['hit', 'miss', 'other', 'unknown'];
const KIND_LABEL = { kind: KINDS };

type Total = { [Key in keyof KindSummary]: KindSummary[Key] extends number ? Key : never }[keyof KindSummary];

/** Name, unit, help and field of every total that is kept per kind. */
const TOTALS_BY_KIND: readonly (readonly [`hls_swarm_${string}_total`, 'transfers' | 'bytes', string, Total])[] = [
  ['hls_swarm_proxy_transfers_total', 'transfers', 'Ended transfers', 'transfers'],
  [
    'hls_swarm_proxy_complete_transfers_total',
    'transfers',
    'Transfers that ended with a complete response of any status',
    'complete',
  ],
  ['hls_swarm_proxy_ok_transfers_total', 'transfers', 'Complete transfers with a final 2xx status', 'ok'],
  [
    'hls_swarm_proxy_failed_transfers_total',
    'transfers',
    'Transfers with an error status, or not whole by the doing of the origin, its silence included; each once',
    'failed',
  ],
  [
    'hls_swarm_proxy_client_limited_transfers_total',
    'transfers',
    'Transfers slowed by a client that did not drain; kept out of receive and transfer times',
    'clientLimited',
  ],
  ['hls_swarm_proxy_content_bytes_total', 'bytes', 'Message content of ended transfers', 'contentBytes'],
  [
    'hls_swarm_proxy_framing_bytes_total',
    'bytes',
    'Chunk lines, CRLFs and trailers of ended transfers',
    'framingBytes',
  ],
  [
    'hls_swarm_proxy_response_head_bytes_total',
    'bytes',
    'Final response heads of ended transfers',
    'responseHeadBytes',
  ],
  ['hls_swarm_proxy_interim_head_bytes_total', 'bytes', '1xx response heads of ended transfers', 'interimHeadBytes'],
  ['hls_swarm_proxy_request_head_bytes_total', 'bytes', 'Request heads as written to origins', 'requestHeadBytes'],
  [
    'hls_swarm_proxy_delivered_bytes_total',
    'bytes',
    'Response octets that the kernel of the client took: for an aborted transfer an upper bound of what was read',
    'deliveredBytes',
  ],
];

export const PROXY_METRICS: readonly MetricDefinition[] = [
  {
    name: 'hls_swarm_proxy_connections_total',
    type: 'counter',
    unit: 'connections',
    account: 'tap',
    help: 'Connections that clients made to their doors',
    read: ({ snapshot }) => one(snapshot.summary.proxy?.connections),
  },
  {
    name: 'hls_swarm_proxy_upstream_connections_total',
    type: 'counter',
    unit: 'connections',
    account: 'tap',
    help: 'Connections that the tap dialled to origins',
    read: ({ snapshot }) => one(snapshot.summary.proxy?.upstreamConnections),
  },
  {
    name: 'hls_swarm_proxy_open_transfers',
    type: 'gauge',
    unit: 'transfers',
    account: 'tap',
    help: 'Transfers that have not ended yet',
    read: ({ snapshot }) => one(snapshot.openTransfers),
  },
  ...TOTALS_BY_KIND.map(
    ([name, unit, help, field]): ValueDefinition => ({
      name,
      type: 'counter',
      unit,
      account: 'tap',
      help,
      labels: KIND_LABEL,
      read: (reading) => byKind(reading, (account) => account[field]),
    }),
  ),
  {
    name: 'hls_swarm_proxy_responses_total',
    type: 'counter',
    unit: 'transfers',
    account: 'tap',
    help: 'Ended transfers by class of the final status; none = no complete final head came',
    labels: { kind: KINDS, status_class: STATUS_CLASSES },
    read: ({ snapshot }) =>
      byTwo(['kind', KINDS], ['status_class', STATUS_CLASSES], (kind, wanted) =>
        countOfClass(snapshot.summary.proxy?.byKind[kind], wanted),
      ),
  },
  {
    name: 'hls_swarm_proxy_cache_total',
    type: 'counter',
    unit: 'transfers',
    account: 'tap',
    help: 'Responses by what their cache fields said',
    labels: { kind: KINDS, cache: CACHES },
    read: ({ snapshot }) =>
      byTwo(
        ['kind', KINDS],
        ['cache', CACHES],
        (kind, cache) => snapshot.summary.proxy?.byKind[kind]?.cache[cache] ?? 0,
      ),
  },
  {
    name: 'hls_swarm_proxy_terminations_total',
    type: 'counter',
    unit: 'transfers',
    account: 'tap',
    help: 'Ended transfers by termination code: who ended it, in which phase',
    labels: { termination: TERMINATIONS },
    read: ({ snapshot }) => by('termination', TERMINATIONS, (code) => snapshot.summary.proxy?.terminations[code] ?? 0),
  },
  {
    name: 'hls_swarm_proxy_http_errors_total',
    type: 'counter',
    unit: 'responses',
    account: 'tap',
    help: 'Final statuses 400 and above, by kind',
    labels: KIND_LABEL,
    read: (reading) => byKind(reading, countOfErrors),
  },
  {
    name: 'hls_swarm_proxy_opaque_bytes_total',
    type: 'counter',
    unit: 'bytes',
    account: 'tap',
    help: 'Octets relayed unseen (tunnels, upgrades); in no other figure',
    read: ({ snapshot }) => one(snapshot.summary.proxy?.opaqueBytes),
  },
  {
    name: 'hls_swarm_proxy_unselected_variant_bytes_total',
    type: 'counter',
    unit: 'bytes',
    account: 'tap',
    help: 'Content of variants that no client selected',
    read: ({ snapshot }) => one(snapshot.summary.proxy?.unselectedVariantBytes),
  },
  {
    name: 'hls_swarm_proxy_segment_bytes_total',
    type: 'counter',
    unit: 'bytes',
    account: 'tap',
    help: 'Segment content, counted as it flows',
    read: ({ snapshot }) => one(snapshot.summary.proxy?.throughput?.totalBytes),
  },
  {
    name: 'hls_swarm_proxy_response_bytes_total',
    type: 'counter',
    unit: 'bytes',
    account: 'tap',
    help: 'Response heads, interim heads, framing and content of every kind, counted as they flow',
    read: ({ snapshot }) => one(snapshot.summary.proxy?.allBytesThroughput?.totalBytes),
  },
  {
    name: 'hls_swarm_proxy_segment_throughput_bytes_per_second',
    type: 'gauge',
    unit: 'bytes per second',
    account: 'tap',
    help: 'Segment content rate by window',
    labels: { window: WINDOWS },
    read: ({ snapshot }) => byWindow(snapshot.summary.proxy?.throughput),
  },
  {
    name: 'hls_swarm_proxy_response_throughput_bytes_per_second',
    type: 'gauge',
    unit: 'bytes per second',
    account: 'tap',
    help: 'Rate of all response octets by window',
    labels: { window: WINDOWS },
    read: ({ snapshot }) => byWindow(snapshot.summary.proxy?.allBytesThroughput),
  },
  ...PHASE_METRICS,
  ...quantileGauges(
    'hls_swarm_proxy_playback_startup',
    ['p50', 'p95'],
    { help: 'Process start to first ok segment complete', account: 'tap' },
    ({ snapshot }) => snapshot.summary.clients.playback.startupMs,
    msToSeconds,
  ),
  ...quantileGauges(
    'hls_swarm_proxy_playback_behind_live',
    ['p50', 'p95'],
    { help: 'End of the newest listed segment minus end of the newest received one, media time', account: 'tap' },
    ({ snapshot }) => snapshot.summary.clients.playback.behindLiveMs,
    msToSeconds,
  ),
  {
    name: 'hls_swarm_proxy_playback_stalls_total',
    type: 'counter',
    unit: 'stalls',
    account: 'tap',
    help: 'Modelled stalls: the buffer of ok segments ran empty',
    read: ({ snapshot }) => one(snapshot.summary.clients.playback.stallCount),
  },
  {
    name: 'hls_swarm_proxy_playback_stall_seconds_total',
    type: 'counter',
    unit: 'seconds',
    account: 'tap',
    help: 'Time spent in modelled stalls',
    read: ({ snapshot }) => one(snapshot.summary.clients.playback.stallSeconds),
  },
  {
    name: 'hls_swarm_proxy_playback_stall_ratio',
    type: 'gauge',
    unit: 'ratio',
    account: 'tap',
    help: 'Stalled share of play time',
    read: ({ snapshot }) => one(snapshot.summary.clients.playback.stallRatio),
  },
];

function byKind({ snapshot }: Reading, pick: (account: KindSummary) => number): readonly Series[] {
  return by('kind', KINDS, (kind: Kind) => {
    const account = snapshot.summary.proxy?.byKind[kind];
    return account === undefined ? 0 : pick(account);
  });
}

function countOfClass(account: KindSummary | undefined, wanted: string): number {
  return sumOf(account, (code) => classOf(code) === wanted);
}

function countOfErrors(account: KindSummary): number {
  return sumOf(account, (code) => Number(code) >= 400);
}

function sumOf(account: KindSummary | undefined, isWanted: (code: string) => boolean): number {
  return Object.entries(account?.statusCodes ?? {}).reduce(
    (sum, [code, count]) => sum + (isWanted(code) ? count : 0),
    0,
  );
}

function classOf(code: string): string {
  if (code === 'none') return code;
  return /^[2-5]\d\d$/.test(code) ? `${code.charAt(0)}xx` : 'other';
}
