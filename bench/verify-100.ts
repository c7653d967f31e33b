// `npm run verify:100`: 100 clients at about 2 Mbit/s for 60 s of steady state, and what the instrument cost beside them.
// The table goes to bench/RESULTS.md. Exit 1 when a client restarted or stalled, the verdict fell, or the cost is too high.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '../src/stats/summary.ts';
import { formatBytes, formatMbps, PERCENT } from '../src/units.ts';
import { readSummary } from '../test/support/journal.ts';
import { broken } from '../test/support/laws.ts';
import { startHlsSwarm } from '../test/support/program.ts';
import { machineAndDate } from './support/machine.ts';
import { markdownTable, writeResult } from './support/table.ts';

const CLIENTS = 100;
const RAMP_PER_SECOND = 10;
const STEADY_SECONDS = 60;
const DURATION_SECONDS = CLIENTS / RAMP_PER_SECOND + STEADY_SECONDS;
/** CPU of tap and main together, of the CPU of the FFmpeg clients; the origin's process is apart. */
const COST_LIMIT = 0.6;
const LIMIT_MS = 180_000;

const summary = await measured();
const problems = problemsOf(summary);
const text = `${headline(summary)}\n\n${markdownTable([['what', 'measured', 'must be'], ...rowsOf(summary)])}`;
console.log(text);
for (const problem of problems) console.error(problem);
await writeResult('verify:100', text);
process.exitCode = problems.length > 0 ? 1 : 0;

async function measured(): Promise<Summary> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-verify-'));
  try {
    const report = join(folder, 'r.json');
    const load = [
      '--clients',
      String(CLIENTS),
      '--ramp-rate',
      String(RAMP_PER_SECOND),
      '--duration',
      `${DURATION_SECONDS}s`,
    ];
    await using program = startHlsSwarm(['demo', ...load, '--no-tui', '--metrics', '127.0.0.1:0', '--report', report]);
    const { code, stderr } = await program.ended(LIMIT_MS);
    if (code !== 0) console.error(`hls-swarm ended with ${code}\n${stderr}`);
    return await readSummary(report);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** CPU of the instrument per CPU of its clients. */
function costOf({ instrument, clients }: Summary): number {
  return ((instrument.tapCpuSeconds ?? 0) + (instrument.mainCpuSeconds ?? 0)) / (clients.cpuSeconds ?? 0);
}

function isMachineFull({ findings }: Summary): boolean {
  return findings.some(({ code }) => code === 'machine-full');
}

function problemsOf(summary: Summary): readonly string[] {
  const { clients, instrument } = summary;
  return broken([
    [clients.peakActive === CLIENTS, `${clients.peakActive} of ${CLIENTS} clients ran at once`],
    [clients.restarts === 0, `${clients.restarts} restarts`],
    [clients.playback.stallCount === 0, `${clients.playback.stallCount} stalls`],
    [instrument.verdict === 'valid', `the verdict is ${instrument.verdict}: ${instrument.reasons.join('; ')}`],
    [costOf(summary) <= COST_LIMIT, `tap and main took ${percent(costOf(summary))} of the clients' CPU`],
  ]);
}

function headline({ run }: Summary): string {
  return (
    `${CLIENTS} clients, default profile, ramp ${RAMP_PER_SECOND}/s, ${STEADY_SECONDS} s of steady state; ` +
    `FFmpeg ${run.ffmpeg}, ${machineAndDate()} (\`npm run verify:100\`).`
  );
}

function rowsOf(summary: Summary): readonly (readonly string[])[] {
  const { clients, proxy, agreement, instrument } = summary;
  const { tapP99, mainP99 } = instrument.eventLoopDelayMs;
  const seconds = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(2)} s`);
  const why = isMachineFull(summary) ? ' (the machine was full: other work counts too)' : '';
  return [
    [
      'clients at once, restarts, stalls',
      [clients.peakActive, clients.restarts, clients.playback.stallCount].join(', '),
      '100, 0, 0',
    ],
    ['verdict', `${instrument.verdict}${why}`, 'valid'],
    ['CPU of tap + main', seconds((instrument.tapCpuSeconds ?? 0) + (instrument.mainCpuSeconds ?? 0)), ''],
    ['of this the tap', seconds(instrument.tapCpuSeconds), ''],
    ['CPU of the FFmpeg clients', seconds(clients.cpuSeconds), ''],
    ['tap + main per clients', percent(costOf(summary)), `at most ${percent(COST_LIMIT)}`],
    ['loop delay p99, tap, main', `${tapP99?.toFixed(2)} ms, ${mainP99?.toFixed(2)} ms`, 'at most 10 ms, 100 ms'],
    ['transfers, segment content', `${proxy?.transfers}, ${formatBytes(proxy?.throughput?.totalBytes ?? 0)}`, ''],
    ['segment throughput, last 30 s', formatMbps(proxy?.throughput?.bytesPerSecond30s ?? 0), 'about 200'],
    ['segments: precision, recall', `${agreement.segment.precision}, ${agreement.segment.recall}`, '1, 1'],
    [
      'lost, bypassed, imbalance',
      [instrument.lostRecords, instrument.bypassedRequests, instrument.ledgerImbalanceBytes].join(', '),
      '0, 0, 0',
    ],
    ['lines read, not understood', `${summary.parser.lines}, ${summary.parser.unparsedLines}`, ''],
  ];
}

function percent(share: number): string {
  return `${(share * PERCENT).toFixed(1)} %`;
}
