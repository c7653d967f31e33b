// `npm run verify:1000`: 1,000 clients at about 1 Mbit/s from nginx, ramp 50/s, 120 s, Ctrl-C; then once more, ended by kill -9.
// Every law of the issue with its figure and its limit, and the journal joined with nginx's log. The table goes to
// bench/RESULTS.md. Exit 1 when a check fails. The machine's free memory is made its own first (support/own-memory.ts); not so with
// `--memory as-it-is`. `--clients`, `--seconds` and `--ramp` for a smaller one, `--ffmpeg` for another build; these are not kept.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Summary } from '../src/stats/summary.ts';
import { formatBytes, formatMbps } from '../src/units.ts';
import { nginxRequest, readSummary } from '../test/support/journal.ts';
import { type Nginx, startNginx } from '../test/support/nginx.ts';
import { type Ended, pidsNaming } from '../test/support/program.ts';
import { type Check, check, reportChecks } from './support/checks.ts';
import { joinChecks } from './support/join-checks.ts';
import { readTransfers } from './support/journal-transfers.ts';
import { killPlaying, killWaiting, untilAllDied } from './support/kill-alone.ts';
import { loopedFolder } from './support/looped-folder.ts';
import { machineAndDate } from './support/machine.ts';
import { ownMemory } from './support/own-memory.ts';
import { RunWatch } from './support/run-watch.ts';
import { coresBetween, type PartsCores, SwarmRun } from './support/swarm-run.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '120' },
    ramp: { type: 'string', default: '50' },
    bitrate: { type: 'string', default: '1000000' },
    ffmpeg: { type: 'string' },
    memory: { type: 'string', default: 'own' },
  },
});
const CLIENTS = Number(values.clients);
const SECONDS = Number(values.seconds);
const RAMP_PER_SECOND = Number(values.ramp);
const BITS_PER_SECOND = Number(values.bitrate);
/** Where each stands in bench/RESULTS.md. At the second rate two cores may be full: the verdict says so then. */
const KEPT_BY_BITS_PER_SECOND: ReadonlyMap<number, string> = new Map([
  [1_000_000, 'verify:1000'],
  [2_200_000, 'verify:1000 at 2.2 Mbit/s'],
]);
/** Budgets of the issue are for 1,000 clients; a smaller run keeps to its share of what grows with them. */
const SHARE = CLIENTS / 1_000;
const LIMITS = { clientCores: 1.2 * SHARE, tapCores: 0.2, mainCores: 0.15, mainBytes: 600_000_000 };
const STOP_LIMIT_MS = 6_000;
const KILL_LIMIT_MS = 2_000;
const ZOMBIE_LIMIT_MS = 1_000;
/** What a client comes to touch, with a reserve. */
const CLIENT_BYTES = 18_000_000;
/** The rate is the schedule's; the last start may come late by what the machine needs for one. */
const RAMP_TOLERANCE = 0.02;
const THROUGHPUT_TOLERANCE = 0.1;
/** What processes need to come up once the last was asked for. */
const RUNNING_LIMIT_SECONDS = 2;
/** Loading every FFmpeg ahead of the ramp. */
const PREPARING_LIMIT_MS = 180_000;
const SETTLE_MS = 10_000;
const LOOK_MS = 2_000;
const STOP_LOOK_MS = 250;
const END_LIMIT_MS = 60_000;

interface Measured {
  readonly runningAfterSeconds: number;
  /** Right before the stop, which takes seconds of its own. */
  readonly steady: Summary | undefined;
  readonly cores: PartsCores;
  readonly steadySeconds: number;
  readonly residentBytes: number;
  readonly launcherBytes: number;
  readonly watch: RunWatch;
  readonly stopMs: number;
  readonly ended: Ended;
}

const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-verify-'));
const report = join(folder, 'r.json');
const journal = join(folder, 'j.ndjson');
try {
  await using memory = await ownMemory(values.memory === 'own' ? CLIENTS * CLIENT_BYTES : 0);
  await using live = await loopedFolder(BITS_PER_SECOND);
  await using nginx = await startNginx({ folder: live.folder, connections: 16_384 });
  const measured = await measure(nginx);
  const summary = await readSummary(report);
  const checks = [
    ...playing(measured, summary),
    ...costs(measured),
    ...(await joined(nginx)),
    ...stopping(measured, summary),
    memory.check,
  ];
  checks.push(await killed(nginx));
  const playingMs = await killPlaying(nginx.url('/live.m3u8'), CLIENTS, SETTLE_MS, values.ffmpeg);
  const waitingMs = await killWaiting(CLIENTS, values.ffmpeg);
  checks.push(
    check(`SIGKILL to ${CLIENTS} FFmpegs that play from nginx, no hls-swarm near`, `${playingMs.toFixed(0)} ms`),
    check(`SIGKILL to ${CLIENTS} FFmpegs that only wait, no hls-swarm near`, `${waitingMs.toFixed(0)} ms`),
  );
  const name = KEPT_BY_BITS_PER_SECOND.get(BITS_PER_SECOND);
  const isKept =
    name !== undefined &&
    CLIENTS === 1_000 &&
    SECONDS === 120 &&
    values.ffmpeg === undefined &&
    values.memory === 'own';
  await reportChecks(name ?? 'verify:1000', headline(summary), checks, { isKept });
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(nginx: Nginx): Promise<Measured> {
  const run = startRun(nginx, ['--journal', journal, '--report', report]);
  await using _ = run.program;
  await run.ready();
  const watch = new RunWatch(run);
  // Each look at a thousand processes takes the machine some 20 ms, which the ramp does not have.
  watch.start(LOOK_MS);
  await run.firstRunning(PREPARING_LIMIT_MS);
  const startedAtMs = performance.now();
  await run.allRunning(rampMs() + END_LIMIT_MS);
  const runningAfterSeconds = (performance.now() - startedAtMs) / 1_000;
  await run.allPlaying(END_LIMIT_MS);
  await pause(SETTLE_MS);
  const before = await run.cpu();
  await pause(Math.max(0, startedAtMs + SECONDS * 1_000 - performance.now()));
  const after = await run.cpu();
  const steady = await run.snapshot();
  const { residentBytes, launcherResidentBytes: launcherBytes } = run;
  watch.expectEnd(STOP_LOOK_MS);
  const askedAtMs = performance.now();
  run.program.signal('SIGINT');
  const ended = await run.program.ended(END_LIMIT_MS);
  const stopMs = performance.now() - askedAtMs;
  await watch.end();
  const steadySeconds = (after.atMs - before.atMs) / 1_000;
  const cores = coresBetween(before, after);
  return { runningAfterSeconds, steady, cores, steadySeconds, residentBytes, launcherBytes, watch, stopMs, ended };
}

function startRun(nginx: Nginx, args: readonly string[]): SwarmRun {
  const listing = ['--segment-sizes-url', nginx.url('/files/json/')];
  return new SwarmRun({
    url: nginx.url('/live.m3u8'),
    clients: CLIENTS,
    rampPerSecond: RAMP_PER_SECOND,
    args: [...listing, ...(values.ffmpeg === undefined ? [] : ['--ffmpeg', values.ffmpeg]), ...args],
  });
}

function playing({ runningAfterSeconds, steady }: Measured, summary: Summary): readonly Check[] {
  const { clients, instrument, run, agreement } = summary;
  const { restarts, playback } = clients;
  const askedSeconds = rampMs() / 1_000;
  const counts = [restarts, playback.stallCount].join(', ');
  const lost = [instrument.ledgerImbalanceBytes, instrument.lostRecords, instrument.bypassedRequests].join(', ');
  const { tapP99, mainP99, rampTapP99, rampMainP99 } = instrument.eventLoopDelayMs;
  const errorMs = agreement.segment.startErrorMs;
  return [
    check(
      'all clients running after',
      seconds(runningAfterSeconds),
      `at most ${seconds(askedSeconds + RUNNING_LIMIT_SECONDS)}`,
      runningAfterSeconds <= askedSeconds + RUNNING_LIMIT_SECONDS,
    ),
    check(
      'the ramp took',
      seconds(run.rampSeconds ?? Number.NaN),
      `${seconds(askedSeconds)} +- 2 %`,
      Math.abs((run.rampSeconds ?? 0) / askedSeconds - 1) <= RAMP_TOLERANCE,
    ),
    check('clients at once', String(clients.peakActive), String(CLIENTS), clients.peakActive === CLIENTS),
    check('restarts, stalls', counts, '0, 0', counts === '0, 0'),
    check('verdict', [instrument.verdict, ...instrument.reasons].join(': '), 'valid', instrument.verdict === 'valid'),
    check('imbalance, lost records, bypassed', lost, '0, 0, 0', lost === '0, 0, 0'),
    check('loop delay p99 of the ramp: tap, main', `${rampTapP99?.toFixed(1)} ms, ${rampMainP99?.toFixed(1)} ms`),
    check('loop delay p99 of the run: tap, main', `${tapP99?.toFixed(1)} ms, ${mainP99?.toFixed(1)} ms`),
    check('segments: precision, recall', `${agreement.segment.precision}, ${agreement.segment.recall}`),
    check(
      'error of a start by the log: median, p95',
      `${errorMs.absP50?.toFixed(1)} ms, ${errorMs.absP95?.toFixed(1)} ms`,
    ),
    throughputCheck(steady),
  ];
}

/** Whether the clients got what they were meant to get: a stream that stands still costs nothing. */
function throughputCheck(steady: Summary | undefined): Check {
  const bytesPerSecond = steady?.proxy?.throughput?.bytesPerSecond30s ?? Number.NaN;
  const asked = (CLIENTS * BITS_PER_SECOND) / 8;
  const isAbout = Math.abs(bytesPerSecond / asked - 1) <= THROUGHPUT_TOLERANCE;
  const mustBe = `${formatMbps(asked)} +- 10 %`;
  return check('segment throughput, last 30 s before the stop', formatMbps(bytesPerSecond), mustBe, isAbout);
}

function costs({ cores, residentBytes, launcherBytes, watch, steadySeconds }: Measured): readonly Check[] {
  const atMost = (what: string, used: number | undefined, limit: number): Check =>
    check(
      `${what}, cores over ${steadySeconds.toFixed(0)} s`,
      used?.toFixed(3) ?? '-',
      `at most ${limit.toFixed(2)}`,
      used !== undefined && used <= limit,
    );
  return [
    atMost('FFmpeg', cores.clients, LIMITS.clientCores),
    atMost('tap', cores.tap, LIMITS.tapCores),
    atMost('main', cores.main, LIMITS.mainCores),
    check('the process that forks the clients, cores', cores.launcher.toFixed(3)),
    check(
      'main with the tap: RSS at the end, peak',
      `${formatBytes(residentBytes)}, ${formatBytes(watch.peakResidentBytes)}`,
      `at most ${formatBytes(LIMITS.mainBytes)}`,
      watch.peakResidentBytes <= LIMITS.mainBytes,
    ),
    check('the process that forks the clients: RSS', formatBytes(launcherBytes)),
  ];
}

async function joined(nginx: Nginx): Promise<readonly Check[]> {
  const { transfers, lines, isWhole } = await readTransfers(journal);
  const log = (await nginx.accessLog()).filter(({ user_agent }) => user_agent.startsWith('hls-swarm/'));
  return [
    ...joinChecks('nginx', transfers, log.map(nginxRequest)),
    check('lines of the journal', `${lines}${isWhole ? '' : ', cut off'}`, 'the last one is the summary', isWhole),
  ];
}

function stopping({ stopMs, ended, watch }: Measured, { clients }: Summary): readonly Check[] {
  const { idleDescriptors = Number.NaN, lastDescriptors = Number.NaN, longestZombieMs } = watch;
  return [
    check(
      'Ctrl-C: everything gone after',
      `${stopMs.toFixed(0)} ms`,
      `at most ${STOP_LIMIT_MS} ms`,
      stopMs <= STOP_LIMIT_MS,
    ),
    check('exit code', String(ended.code), '0', ended.code === 0),
    check(
      'clients stopped, of the summary',
      String(clients.exits.stopped),
      String(CLIENTS),
      clients.exits.stopped === CLIENTS,
    ),
    check(
      'longest zombie',
      `${longestZombieMs.toFixed(0)} ms`,
      `at most ${ZOMBIE_LIMIT_MS} ms`,
      longestZombieMs <= ZOMBIE_LIMIT_MS,
    ),
    check(
      'descriptors before the first client, after the last',
      `${idleDescriptors}, ${lastDescriptors}`,
      'not more than before',
      lastDescriptors <= idleDescriptors,
    ),
  ];
}

async function killed(nginx: Nginx): Promise<Check> {
  const mark = `hls-swarm-killed-${randomUUID()}`;
  const run = startRun(nginx, ['--user-agent', mark]);
  await using _ = run.program;
  await run.ready();
  await run.firstRunning(PREPARING_LIMIT_MS);
  await run.allRunning(rampMs() + END_LIMIT_MS);
  // While they play: those that have just started hold less memory, and end sooner.
  await run.allPlaying(END_LIMIT_MS);
  await pause(SETTLE_MS);
  const pids = pidsNaming(mark);
  const alive = pids.length;
  const askedAtMs = performance.now();
  run.program.signal('SIGKILL');
  await untilAllDied(pids, END_LIMIT_MS);
  const tookMs = performance.now() - askedAtMs;
  return check(
    `kill -9 of the parent of ${alive - 1} clients: all gone after`,
    `${tookMs.toFixed(0)} ms`,
    `at most ${KILL_LIMIT_MS} ms`,
    tookMs <= KILL_LIMIT_MS && alive > CLIENTS,
  );
}

function rampMs(): number {
  return ((CLIENTS - 1) / RAMP_PER_SECOND) * 1_000;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function headline({ run, proxy }: Summary): string {
  return (
    `${CLIENTS} clients, ${formatMbps(BITS_PER_SECOND / 8)} each, nginx, ramp ${RAMP_PER_SECOND}/s, ${SECONDS} s, ${proxy?.transfers} ` +
    `transfers; FFmpeg ${run.ffmpeg}, ${machineAndDate()} (\`npm run verify:1000 -- --bitrate ${BITS_PER_SECOND}\`).`
  );
}
