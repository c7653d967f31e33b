// `npm run soak:hls -- --clients 10,50,100,250 --duration 5m`: the founding test plan. For each number of clients, against the
// embedded origin: throughput has data in every second, segments grow after the ramp, what the origin sent and what the tap
// counted agree with the residual stated, no error. The table goes to docs/PERFORMANCE.md (`--keep false`: it does not).
// Exit 1 when a law is broken.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Summary } from '../src/stats/summary.ts';
import { formatBytes, formatMbps, parseDuration } from '../src/units.ts';
import { readSummary } from '../test/support/journal.ts';
import { broken } from '../test/support/laws.ts';
import { machineAndDate } from './support/machine.ts';
import { SwarmRun } from './support/swarm-run.ts';
import { markdownTable, PERFORMANCE, writeResult } from './support/table.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '10,50,100,250' },
    duration: { type: 'string', default: '5m' },
    keep: { type: 'string', default: 'true' },
  },
});
const COUNTS = values.clients.split(',').map(Number);
const DURATION_MS = parseDuration(values.duration) ?? Number.NaN;
const RAMP_PER_SECOND = 10;
const LOOK_MS = 1_000;
/** Live segments last 2 s; a window of five holds new ones whatever the phase. */
const GROWTH_WINDOW = 10;
/** Of all that the origin sent: what was on its way when the run was cut, and our own reading of the log. */
const RESIDUAL_LIMIT = 0.01;
const END_LIMIT_MS = 30_000;

interface Second {
  readonly bytesPerSecond: number | undefined;
  readonly totalBytes: number;
  readonly segments: number;
  readonly isRamping: boolean;
}

interface Soaked {
  readonly clients: number;
  readonly seconds: readonly Second[];
  readonly summary: Summary;
  readonly residentBytes: number;
  readonly exitCode: number | undefined;
}

const soaked: Soaked[] = [];
for (const clients of COUNTS) {
  soaked.push(await soak(clients));
  console.error(rowOf(soaked.at(-1) as Soaked).join(' | '));
}
const problems = soaked.flatMap((one) => problemsOf(one).map((problem) => `${one.clients} clients: ${problem}`));
const heading = [
  ...['clients', 'seconds looked at, without data', 'segments', 'segment content', 'Mbit/s', 'origin sent', 'residual'],
  ...['errors', 'restarts, stalls', 'wait p95', 'FFmpeg, tap, main CPU', 'RSS', 'verdict'],
];
const text =
  `Embedded origin, default profile, ramp ${RAMP_PER_SECOND}/s, ${values.duration} each; ${machineAndDate()} ` +
  `(\`npm run soak:hls -- --clients ${values.clients} --duration ${values.duration}\`).\n\n` +
  markdownTable([heading, ...soaked.map(rowOf)]);
console.log(text);
for (const problem of problems) console.error(problem);
if (values.keep === 'true') await writeResult('soak:hls', text, PERFORMANCE);
process.exitCode = problems.length > 0 ? 1 : 0;

async function soak(clients: number): Promise<Soaked> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-soak-'));
  try {
    const report = join(folder, 'r.json');
    const args = ['--duration', `${DURATION_MS}ms`, '--report', report];
    const run = new SwarmRun({ clients, rampPerSecond: RAMP_PER_SECOND, args });
    await using _ = run.program;
    await run.ready();
    const seconds: Second[] = [];
    let residentBytes = 0;
    while (!run.program.hasEnded) {
      const lookAtMs = performance.now();
      const snapshot = await run.snapshot().catch(() => undefined);
      if (snapshot !== undefined && snapshot.clients.active > 0) {
        seconds.push(secondOf(snapshot));
        residentBytes = run.residentBytes;
      }
      await pause(Math.max(0, lookAtMs + LOOK_MS - performance.now()));
    }
    const { code } = await run.program.ended(END_LIMIT_MS);
    return { clients, seconds, summary: await readSummary(report), residentBytes, exitCode: code };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function secondOf({ proxy, clients }: Summary): Second {
  const bytesPerSecond = proxy?.throughput?.bytesPerSecond1s;
  return {
    bytesPerSecond,
    totalBytes: proxy?.throughput?.totalBytes ?? 0,
    segments: proxy?.byKind.segment?.ok ?? 0,
    isRamping: clients.active < clients.target,
  };
}

/** Seconds after the first with data that had none. */
function secondsWithoutData(seconds: readonly Second[]): number {
  const first = seconds.findIndex(({ bytesPerSecond }) => bytesPerSecond !== undefined);
  return seconds.slice(first).filter(({ bytesPerSecond }) => bytesPerSecond === undefined).length;
}

/** Windows after the ramp in which no segment was completed. */
function standstills(seconds: readonly Second[]): number {
  const steady = seconds.slice(seconds.findIndex(({ isRamping }) => !isRamping));
  return steady.filter((second, at) => {
    const later = steady[at + GROWTH_WINDOW];
    return later !== undefined && (later.segments <= second.segments || later.totalBytes <= second.totalBytes);
  }).length;
}

function errorsOf({ proxy, parser, clients }: Summary): number {
  const ended = Object.entries(proxy?.terminations ?? {}).filter(([code]) => code !== '--' && !code.startsWith('K'));
  const { error, signal, playlistLost } = clients.exits;
  return (
    sum(ended.map(([, count]) => count)) + sum(Object.values(parser.httpErrors ?? {})) + error + signal + playlistLost
  );
}

function problemsOf({ clients, seconds, summary, exitCode }: Soaked): readonly string[] {
  const { residualRatio = Number.NaN } = summary.reconciliation ?? {};
  const { restarts, playback, peakActive } = summary.clients;
  return broken([
    [exitCode === 0, `exit code ${exitCode}`],
    [peakActive === clients, `${peakActive} clients at once`],
    [secondsWithoutData(seconds) === 0, `${secondsWithoutData(seconds)} seconds without data`],
    [standstills(seconds) === 0, `${standstills(seconds)} windows of ${GROWTH_WINDOW} s without a new segment`],
    [Math.abs(residualRatio) <= RESIDUAL_LIMIT, `the residual is ${percent(residualRatio)} of what the origin sent`],
    [errorsOf(summary) === 0, `${errorsOf(summary)} errors`],
    [restarts + (playback.stallCount ?? 0) === 0, `${restarts} restarts, ${playback.stallCount} stalls`],
    [summary.instrument.verdict !== 'invalid', summary.instrument.reasons.join('; ')],
  ]);
}

function rowOf({ clients, seconds, summary, residentBytes }: Soaked): readonly string[] {
  const { proxy, instrument, reconciliation } = summary;
  const segment = proxy?.byKind.segment;
  const { residualBytes = Number.NaN, residualRatio = Number.NaN, originBytes = Number.NaN } = reconciliation ?? {};
  const cpu = [summary.clients.cpuSeconds, instrument.tapCpuSeconds, instrument.mainCpuSeconds];
  return [
    String(clients),
    `${seconds.length}, ${secondsWithoutData(seconds)}`,
    String(segment?.ok ?? 0),
    formatBytes(segment?.contentBytes ?? 0),
    formatMbps(proxy?.throughput?.bytesPerSecondOverall ?? Number.NaN).replace(' Mbit/s', ''),
    formatBytes(originBytes),
    `${residualBytes} B (${percent(residualRatio)})`,
    String(errorsOf(summary)),
    `${summary.clients.restarts}, ${summary.clients.playback.stallCount}`,
    `${segment?.phases.waitMs.p95?.toFixed(2) ?? '-'} ms`,
    cpu.map((value) => `${value?.toFixed(1) ?? '-'} s`).join(', '),
    formatBytes(residentBytes),
    instrument.verdict,
  ];
}

function percent(ratio: number): string {
  return `${(ratio * 100).toFixed(3)} %`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
