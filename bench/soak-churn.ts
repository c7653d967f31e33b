// `npm run soak:churn`: 50 clients, and every second one FFmpeg process is killed, for `--minutes 5`. Every exit has its category,
// every restart its backoff, nothing leaks, and the accounts stay exact. The table goes to bench/RESULTS.md (`--keep false`: it
// does not). `--seed N` repeats the choice of victims. Exit 1 when a check fails.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ClientEvent } from '../src/events.ts';
import { seededRandom } from '../src/random.ts';
import type { Summary } from '../src/stats/summary.ts';
import { type ReadJournal, readJournal } from '../test/support/journal.ts';
import { type Check, check, reportChecks } from './support/checks.ts';
import { countGrowth, growth } from './support/growth.ts';
import { joinChecks } from './support/join-checks.ts';
import { machineAndDate } from './support/machine.ts';
import { type MemorySample, sampleMemory } from './support/process-memory.ts';
import { RunWatch } from './support/run-watch.ts';
import { SwarmRun } from './support/swarm-run.ts';

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '50' },
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string', default: 'true' },
  },
});
const CLIENTS = Number(values.clients);
const MINUTES = Number(values.minutes);
const RAMP_PER_SECOND = 10;
const KILL_INTERVAL_MS = 1_000;
/** FFmpeg 7 with -nostdin hears only the second one. */
const SECOND_TERM_MS = 300;
const SETTLE_MS = 12_000;
const END_LIMIT_MS = 30_000;
const ZOMBIE_LIMIT_MS = 1_000;
/** Of the restart policy: first delay, cap, jitter either way; a start is late by what the machine takes for one. */
const BACKOFF = { firstMs: 250, maxMs: 5_000, jitter: 0.2, lateMs: 1_000 };
/** A segment takes about a second, so that many a kill hits an open transfer. */
const SLOW = 'kind=segment throttle=4Mbit/s';
const SIGNALS = ['SIGKILL', 'SIGSEGV', 'SIGTERM'] as const;

interface Kill {
  readonly pid: number;
  readonly signal: (typeof SIGNALS)[number];
}

interface Churned {
  readonly kills: readonly Kill[];
  readonly samples: readonly MemorySample[];
  readonly journal: ReadJournal;
  readonly watch: RunWatch;
  readonly exitCode: number | undefined;
}

const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-churn-'));
try {
  const churned = await churn();
  const checks = [...exits(churned), ...restarts(churned), ...leaks(churned), ...accounts(churned)];
  const headline = `${CLIENTS} clients, one FFmpeg process killed every second for ${MINUTES} min; ${machineAndDate()} (\`npm run soak:churn\`).`;
  await reportChecks('soak:churn', headline, checks, { isKept: values.keep === 'true' });
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function churn(): Promise<Churned> {
  const heapReport = new URL('./support/heap-report.ts', import.meta.url).href;
  const file = join(folder, 'j.ndjson');
  const run = new SwarmRun({
    clients: CLIENTS,
    rampPerSecond: RAMP_PER_SECOND,
    args: ['--duration', '0s', '--journal', file, '--fault', SLOW],
    env: { HLS_SWARM_SOAK_FOLDER: folder, NODE_OPTIONS: `--import ${heapReport}` },
  });
  await using _ = run.program;
  await run.ready();
  await run.allRunning();
  const watch = new RunWatch(run);
  watch.start();
  const samples: MemorySample[] = [];
  const kills: Kill[] = [];
  const random = seededRandom(Number(values.seed));
  const endsAtMs = performance.now() + MINUTES * 60_000;
  while (performance.now() < endsAtMs) {
    const victims = run.clientPids().filter((pid) => kills.every((kill) => kill.pid !== pid));
    const pid = victims[Math.floor(random.between(0, victims.length))];
    const signal = SIGNALS[Math.floor(random.between(0, SIGNALS.length))];
    if (pid !== undefined && signal !== undefined && killed(pid, signal)) kills.push({ pid, signal });
    await pause(KILL_INTERVAL_MS);
    if (run.program.hasEnded) throw new Error(`it ended before its time\n${run.program.stdout}${run.program.stderr}`);
    samples.push(sampleMemory(run.pid, folder));
  }
  await pause(SETTLE_MS);
  await watch.end();
  run.program.signal('SIGINT');
  const { code } = await run.program.ended(END_LIMIT_MS);
  return { kills, samples, journal: await readJournal(file), watch, exitCode: code };
}

function killed(pid: number, signal: (typeof SIGNALS)[number]): boolean {
  try {
    process.kill(pid, signal);
    if (signal === 'SIGTERM') setTimeout(() => killed(pid, signal), SECOND_TERM_MS).unref();
    return true;
  } catch {
    return false;
  }
}

function clientEvents({ journal }: Churned): readonly ClientEvent[] {
  return journal.events.filter((event) => event.type === 'client');
}

/** What was done to a process is what its exit says, once. */
function exits(churned: Churned): readonly Check[] {
  const said = clientEvents(churned).filter(({ event, category }) => event === 'exit' && category !== 'stopped');
  const wrong = churned.kills.filter(({ pid, signal }) => {
    const own = said.filter((exit) => exit.pid === pid);
    return own.length !== 1 || !isOf(own[0] as ClientEvent, signal);
  });
  for (const { pid, signal } of wrong)
    console.error(signal, pid, JSON.stringify(said.filter((exit) => exit.pid === pid)));
  const strangers = said.filter(({ pid }) => churned.kills.every((kill) => kill.pid !== pid));
  for (const exit of strangers) console.error(JSON.stringify(exit));
  const { kills, watch } = churned;
  return [
    check(
      'processes killed, exits told that were not ours',
      `${kills.length}, ${said.length}`,
      'equal',
      kills.length === said.length,
    ),
    check('kills with another category or reason than theirs', String(wrong.length), '0', wrong.length === 0),
    check('exits of nobody that was killed', String(strangers.length), '0', strangers.length === 0),
    check(
      'longest zombie',
      `${watch.longestZombieMs.toFixed(0)} ms`,
      `at most ${ZOMBIE_LIMIT_MS} ms`,
      watch.longestZombieMs <= ZOMBIE_LIMIT_MS,
    ),
  ];
}

function isOf({ category, signal: told, reason }: ClientEvent, signal: Kill['signal']): boolean {
  // FFmpeg hears a SIGTERM itself, but not in its first moments.
  if (signal === 'SIGTERM' && category === 'error') return reason?.includes('signal 15') === true;
  return category === 'signal' && told === signal;
}

function restarts(churned: Churned): readonly Check[] {
  const events = clientEvents(churned);
  const planned = events.filter(({ event }) => event === 'restart-scheduled');
  const outside = planned.filter(({ delayMs = Number.NaN }) => {
    const [low, high] = [BACKOFF.firstMs * (1 - BACKOFF.jitter), BACKOFF.maxMs * (1 + BACKOFF.jitter)];
    return !(delayMs >= low && delayMs <= high);
  });
  const latenesses = planned.map(({ client, process, atMs, delayMs = 0 }) => {
    const next = events.find((one) => one.event === 'start' && one.client === client && one.process === process + 1);
    return next === undefined ? Number.POSITIVE_INFINITY : next.atMs - atMs - delayMs;
  });
  const latest = Math.max(...latenesses);
  const { starts, restarts: counted } = churned.journal.summary.clients;
  return [
    check(
      'restarts scheduled, with a delay outside 200 ms .. 6 s',
      `${planned.length}, ${outside.length}`,
      'one per kill, 0',
      planned.length === churned.kills.length && outside.length === 0,
    ),
    check(
      'latest start beyond its delay',
      `${latest.toFixed(0)} ms`,
      `0 to ${BACKOFF.lateMs} ms`,
      latest <= BACKOFF.lateMs && Math.min(...latenesses) >= 0,
    ),
    check(
      'starts, restarts of the summary',
      `${starts}, ${counted}`,
      `${CLIENTS} more starts than restarts`,
      starts === CLIENTS + counted && counted === planned.length,
    ),
  ];
}

function leaks({ samples }: Churned): readonly Check[] {
  return [
    growth('RSS', samples, ({ rssBytes }) => rssBytes),
    growth('heap of the main thread', samples, ({ heapBytes }) => heapBytes[0] ?? 0),
    growth('heap of the tap', samples, ({ heapBytes }) => heapBytes[1] ?? 0),
    growth('buffers', samples, ({ arrayBufferBytes }) => arrayBufferBytes),
    // A door is a descriptor, too; a client has two pipes and some connections, and some of them are between two lives.
    countGrowth('descriptors', samples, ({ descriptors }) => descriptors, CLIENTS / 10),
    countGrowth('timers', samples, ({ timers }) => timers, CLIENTS / 10),
  ];
}

function accounts({ journal, exitCode }: Churned): readonly Check[] {
  const { summary, events, transfers } = journal;
  const logged = events.filter((event) => event.type === 'origin-request');
  const ours = logged.filter(({ userAgent }) => userAgent?.startsWith('hls-swarm-') !== true);
  const { instrument, proxy } = summary;
  const lost = lostOf(summary);
  return [
    ...joinChecks('the origin', transfers, ours),
    check('imbalance, lost records, bypassed, internal errors', lost, '0, 0, 0, 0', lost === '0, 0, 0, 0'),
    check(
      'endings',
      Object.entries(proxy?.terminations ?? {})
        .map(([code, count]) => `${code} ${count}`)
        .join(', '),
    ),
    check(
      'verdict',
      [instrument.verdict, ...instrument.reasons].join(': '),
      'not invalid',
      instrument.verdict !== 'invalid',
    ),
    check('exit code', String(exitCode), '0', exitCode === 0),
  ];
}

function lostOf({ instrument, proxy }: Summary): string {
  const { ledgerImbalanceBytes, lostRecords, bypassedRequests } = instrument;
  return [ledgerImbalanceBytes, lostRecords, bypassedRequests, proxy?.terminations.ID ?? 0].join(', ');
}
