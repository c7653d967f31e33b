// `npm run bench:swarm`: what 100, 300 and 1,000 clients cost, direct (`--no-proxy`), tapped, and with HAProxy where the tap would be, in
// turn: FFmpeg, what is between, main, memory. HAProxy counts nothing of it: its figure says what relaying itself costs on this machine.
// The tap may not raise FFmpeg's own CPU by more than 10 %. The table goes to bench/RESULTS.md. Exit 1 when a check fails.
// `--clients 10,20` and `--seconds N` of steady state for a smaller one, which is not kept.

import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Summary } from '../src/stats/summary.ts';
import { formatBytes, formatMbps, PERCENT } from '../src/units.ts';
import { startNginx } from '../test/support/nginx.ts';
import { loopedFolder } from './support/looped-folder.ts';
import { machineAndDate } from './support/machine.ts';
import { cpuSeconds } from './support/process-figures.ts';
import { median } from './support/quantile.ts';
import { coresBetween, type PartsCores, type PartsCpu, SwarmRun } from './support/swarm-run.ts';
import { markdownTable, writeResult } from './support/table.ts';
import { missing, startHaproxy } from './tap/relays.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '100,300,1000' },
    seconds: { type: 'string', default: '40' },
    bitrate: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '2' },
  },
});
const COUNTS = values.clients.split(',').map(Number);
const SECONDS = Number(values.seconds);
const BITS_PER_SECOND = Number(values.bitrate);
const ROUNDS = Number(values.rounds);
const RAMP_PER_SECOND = 50;
/** 1,000 processes take half a minute to come up on two cores; what they do after that is what they do for hours. */
const SETTLE_MS = 30_000;
const RUNNING_LIMIT_MS = 180_000;
const END_LIMIT_MS = 30_000;
const FFMPEG_RISE_LIMIT = 0.1;

type Way = 'direct' | 'tapped' | 'haproxy';
const WAYS: readonly Way[] = missing('haproxy') === undefined ? ['direct', 'tapped', 'haproxy'] : ['direct', 'tapped'];

interface Figures {
  readonly clients: number;
  readonly way: Way;
  readonly cores: PartsCores;
  readonly residentBytes: number;
  readonly summary: Summary;
}

const figures: Figures[] = [];
{
  await using live = await loopedFolder(BITS_PER_SECOND);
  await using nginx = await startNginx({ folder: live.folder, connections: 16_384 });
  for (const clients of COUNTS)
    for (let round = 0; round < ROUNDS; round += 1)
      for (const way of round % 2 === 0 ? WAYS : WAYS.toReversed()) {
        figures.push(await measure(nginx.url('/live.m3u8'), clients, way));
        console.error(rowOf(figures.slice(-1)).join(' | '));
      }
}
const rises = COUNTS.map((clients) => ({ clients, rise: riseOf(clients) }));
const rows = COUNTS.flatMap((clients) => WAYS.map((way) => rowOf(those(clients, way))));
const sentences = rises.map(
  ({ clients, rise }) => `${clients} clients: the tap changes FFmpeg's own CPU by ${(rise * PERCENT).toFixed(1)} %.`,
);
const heading = [
  'clients',
  'FFmpeg',
  'tap or HAProxy',
  'main',
  'forks',
  'main RSS',
  'Mbit/s',
  'delay p99 tap, main',
  'restarts',
  'verdict',
];
const text =
  `${formatMbps(BITS_PER_SECOND / 8)} per client from nginx, ramp ${RAMP_PER_SECOND}/s, cores over ${SECONDS} s of steady state, median of ` +
  `${ROUNDS} runs each in turn; ${machineAndDate()} (\`npm run bench:swarm\`).\n\n${markdownTable([heading, ...rows])}\n\n` +
  `${sentences.join(' ')} At most ${FFMPEG_RISE_LIMIT * PERCENT} % more is allowed.`;
console.log(text);
if (values.clients === '100,300,1000') await writeResult('bench:swarm', text);
process.exitCode = rises.some(({ rise }) => !(rise <= FFMPEG_RISE_LIMIT)) ? 1 : 0;

async function measure(origin: string, clients: number, way: Way): Promise<Figures> {
  if (way !== 'haproxy') return watched(origin, clients, way);
  const { host, pathname } = new URL(origin);
  const relay = await startHaproxy(host);
  try {
    return await watched(`http://${relay.addresses[0]}${pathname}`, clients, way, relay.pid);
  } finally {
    await relay.stop();
  }
}

async function watched(url: string, clients: number, way: Way, relayPid?: number): Promise<Figures> {
  const args = way === 'tapped' ? [] : ['--no-proxy'];
  const run = new SwarmRun({ url, clients, rampPerSecond: RAMP_PER_SECOND, args });
  await using _ = run.program;
  await run.ready();
  await run.allRunning(RUNNING_LIMIT_MS);
  await pause(SETTLE_MS);
  const before = await cpuOf(run, relayPid);
  await pause(SECONDS * 1_000);
  const after = await cpuOf(run, relayPid);
  const summary = await run.snapshot();
  const { residentBytes } = run;
  run.program.signal('SIGINT');
  await run.program.ended(END_LIMIT_MS);
  if (summary === undefined) throw new Error('the run showed no snapshot');
  return { clients, way, cores: coresBetween(before, after), residentBytes, summary };
}

/** What stands in the tap's place is read as the tap. */
async function cpuOf(run: SwarmRun, relayPid: number | undefined): Promise<PartsCpu> {
  const parts = await run.cpu();
  return relayPid === undefined ? parts : { ...parts, tap: cpuSeconds(relayPid).all };
}

function those(clients: number, way: Way): readonly Figures[] {
  return figures.filter((one) => one.clients === clients && one.way === way);
}

function riseOf(clients: number): number {
  const cores = (way: Way): number => median(those(clients, way).map((one) => one.cores.clients));
  return cores('tapped') / cores('direct') - 1;
}

/** Of runs of one kind. */
function rowOf(runs: readonly Figures[]): readonly string[] {
  const [first] = runs;
  if (first === undefined) return [];
  const middle = (read: (run: Figures) => number | undefined): number =>
    median(runs.map(read).filter((value) => value !== undefined));
  const cores = (part: keyof PartsCores): string => middle((run) => run.cores[part]).toFixed(3);
  const delays = [
    middle(({ summary }) => summary.instrument.eventLoopDelayMs.tapP99),
    middle(({ summary }) => summary.instrument.eventLoopDelayMs.mainP99),
  ];
  const { proxy, parser } = first.summary;
  const throughput = (first.way === 'tapped' ? proxy?.throughput : parser.throughput)?.bytesPerSecond30s;
  return [
    `${first.clients} ${first.way}`,
    cores('clients'),
    first.way === 'direct' ? '-' : cores('tap'),
    cores('main'),
    cores('launcher'),
    formatBytes(middle((run) => run.residentBytes)),
    throughput === undefined ? '-' : formatMbps(throughput).replace(' Mbit/s', ''),
    delays.map((delay, at) => (first.way !== 'tapped' && at === 0 ? '-' : `${delay.toFixed(1)} ms`)).join(', '),
    String(Math.max(...runs.map(({ summary }) => summary.clients.restarts))),
    [...new Set(runs.map(({ summary }) => summary.instrument.verdict))].join(', '),
  ];
}
