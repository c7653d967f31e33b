// The instrument measuring itself, as metrics: whether the other numbers can be trusted.
// It judges nothing: the verdict and its reasons come ready in the snapshot.
import { FINDING_CODES } from '../events.ts';
import type { Verdict } from '../stats/summary.ts';
import { msToSeconds } from '../units.ts';
import { by, type MetricDefinition, one, type Series } from './metric-definition.ts';

const VERDICTS: readonly Verdict[] = ['valid', 'degraded', 'invalid'];
const PARTS = ['tap', 'main'] as const;

export const INSTRUMENT_METRICS: readonly MetricDefinition[] = [
  {
    name: 'hls_swarm_instrument_verdict',
    type: 'gauge',
    unit: '0 or 1',
    account: 'instrument',
    help: '1 for the verdict that holds',
    labels: { verdict: VERDICTS },
    read: ({ snapshot }) =>
      by('verdict', VERDICTS, (verdict) => Number(snapshot.summary.instrument.verdict === verdict)),
  },
  {
    name: 'hls_swarm_instrument_loop_delay_p99_seconds',
    type: 'gauge',
    unit: 'seconds',
    account: 'instrument',
    help: 'Event loop delay over the resolution of its monitor, p99 of the run so far',
    labels: { part: PARTS },
    read: ({ snapshot: { summary } }) => {
      const { tapP99, mainP99 } = summary.instrument.eventLoopDelayMs;
      return delaysBy({ tap: tapP99, main: mainP99 });
    },
  },
  {
    name: 'hls_swarm_instrument_ramp_loop_delay_p99_seconds',
    type: 'gauge',
    unit: 'seconds',
    account: 'instrument',
    help: 'The same when the last client had been started: of the ramp alone; absent before',
    labels: { part: PARTS },
    read: ({ snapshot: { summary } }) => {
      const { rampTapP99, rampMainP99 } = summary.instrument.eventLoopDelayMs;
      return delaysBy({ tap: rampTapP99, main: rampMainP99 });
    },
  },
  {
    name: 'hls_swarm_instrument_recent_loop_delay_p99_seconds',
    type: 'gauge',
    unit: 'seconds',
    account: 'instrument',
    help: 'Event loop delay over the resolution of its monitor, p99 of the last second',
    labels: { part: PARTS },
    read: ({ snapshot: { recentLoopDelayP99Ms } }) =>
      delaysBy({ tap: recentLoopDelayP99Ms?.tap, main: recentLoopDelayP99Ms?.main }),
  },
  {
    name: 'hls_swarm_instrument_cpu_seconds_total',
    type: 'counter',
    unit: 'seconds',
    account: 'instrument',
    help: 'CPU time of the tap workers and of the main thread',
    labels: { part: PARTS },
    read: ({ snapshot: { summary } }) =>
      by('part', PARTS, (part) =>
        part === 'tap' ? summary.instrument.tapCpuSeconds : summary.instrument.mainCpuSeconds,
      ),
  },
  {
    name: 'hls_swarm_instrument_clients_cpu_seconds_total',
    type: 'counter',
    unit: 'seconds',
    account: 'instrument',
    help: 'CPU time of the FFmpeg clients',
    read: ({ snapshot }) => one(snapshot.summary.clients.cpuSeconds),
  },
  {
    name: 'hls_swarm_instrument_tap_bytes_per_cpu_second',
    type: 'gauge',
    unit: 'bytes per CPU second',
    account: 'instrument',
    help: 'Octets relayed per CPU second of the tap',
    read: ({ snapshot }) => one(snapshot.summary.instrument.tapBytesPerCpuSecond),
  },
  {
    name: 'hls_swarm_instrument_lost_records_total',
    type: 'counter',
    unit: 'records',
    account: 'instrument',
    help: 'Records lost to a full queue or a failing journal; any makes the run invalid',
    read: ({ snapshot }) => one(snapshot.summary.instrument.lostRecords),
  },
  {
    name: 'hls_swarm_instrument_bypassed_requests_total',
    type: 'counter',
    unit: 'requests',
    account: 'instrument',
    help: 'Requests that went around the tap; any makes the run invalid',
    read: ({ snapshot }) => one(snapshot.summary.instrument.bypassedRequests),
  },
  {
    name: 'hls_swarm_instrument_ledger_imbalance_bytes',
    type: 'gauge',
    unit: 'bytes',
    account: 'instrument',
    help: 'Octets by which the ledger is out of balance; anything but 0 makes the run invalid',
    read: ({ snapshot }) => one(snapshot.summary.instrument.ledgerImbalanceBytes),
  },
  {
    name: 'hls_swarm_instrument_added_p50_seconds',
    type: 'gauge',
    unit: 'seconds',
    account: 'instrument',
    help: 'Time that the extra hop adds to a request, median of the calibration',
    read: ({ snapshot }) => one(seconds(snapshot.summary.instrument.calibration?.addedMsP50)),
  },
  {
    name: 'hls_swarm_instrument_tap_cpu_seconds_per_transfer',
    type: 'gauge',
    unit: 'seconds per transfer',
    account: 'instrument',
    help: 'CPU time of the tap for one small transfer, by the calibration',
    read: ({ snapshot }) => one(seconds(snapshot.summary.instrument.calibration?.cpuMsPerTransfer)),
  },
  {
    name: 'hls_swarm_instrument_tap_cpu_seconds_per_mebibyte',
    type: 'gauge',
    unit: 'seconds per MiB',
    account: 'instrument',
    help: 'CPU time of the tap for 1 MiB of content, by the calibration',
    read: ({ snapshot }) => one(seconds(snapshot.summary.instrument.calibration?.cpuMsPerMiB)),
  },
  {
    name: 'hls_swarm_instrument_findings',
    type: 'gauge',
    unit: 'occurrences',
    account: 'instrument',
    help: 'Occurrences of each finding, over all subjects',
    labels: { code: FINDING_CODES },
    read: ({ snapshot }) =>
      by('code', FINDING_CODES, (code) =>
        snapshot.summary.findings
          .filter((finding) => finding.code === code)
          .reduce((sum, finding) => sum + finding.count, 0),
      ),
  },
  {
    name: 'hls_swarm_instrument_failed_thresholds',
    type: 'gauge',
    unit: 'expressions',
    account: 'instrument',
    help: '--fail-if expressions that hold now',
    read: ({ snapshot }) => one(snapshot.summary.thresholds.filter((threshold) => threshold.failed).length),
  },
  {
    name: 'hls_swarm_instrument_ticks_total',
    type: 'counter',
    unit: 'snapshots',
    account: 'instrument',
    help: 'Number of the snapshot that all these values come from',
    read: ({ snapshot }) => one(snapshot.summary.tick),
  },
  {
    name: 'hls_swarm_instrument_snapshot_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds since 1970',
    account: 'instrument',
    help: 'Wall time of that snapshot',
    read: ({ snapshot }) => one(msToSeconds(snapshot.wallMs)),
  },
];

function delaysBy(delays: Readonly<Record<(typeof PARTS)[number], number | undefined>>): readonly Series[] {
  return by('part', PARTS, (part) => seconds(delays[part]));
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : msToSeconds(ms);
}
