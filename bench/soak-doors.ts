// `npm run soak:doors`: what `hls-swarm proxy` takes of memory with 1,000 doors, 4,000 open connections and 300 bodies of 1 MB
// under way, what it gives back, and whether it grows in `--minutes N` of churn. Origin and players are processes of their own.
// The table goes to bench/RESULTS.md. Exit 1 when a check fails.

import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Summary } from '../src/stats/summary.ts';
import { formatBytes, PERCENT } from '../src/units.ts';
import { readSummary } from '../test/support/journal.ts';
import { type Check, check, reportChecks } from './support/checks.ts';
import { growth } from './support/growth.ts';
import { machineAndDate } from './support/machine.ts';
import { type MemorySample, resetPeak, sampleMemory } from './support/process-memory.ts';
import type { SoakCommand, SoakReply, SoakSetup } from './support/soak-clients.ts';

const { values: options } = parseArgs({ options: { minutes: { type: 'string', default: '2' } } });
const MINUTES = Number(options.minutes);
const DOORS = 1_000;
const PER_DOOR = 4;
const CONNECTIONS = DOORS * PER_DOOR;
const UNDERWAY = 300;
const BODY = '/1000000?ms=1000';
const BODY_BYTES = 1_000_000;
const SMALL_BYTES = 600;
const CHURN_PLAYERS = 100;
/** Long enough for what has ended to be collected, short enough for somebody who looks at the process. */
const SETTLE_MS = 20_000;
const START_MS = 5_000;
const SAMPLE_MS = 1_000;
const STOP_LIMIT_MS = 10_000;
const PEAK_LIMIT_BYTES = 400_000_000;
const RETURN_RATIO = 1.2;

const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-soak-'));
const samples: MemorySample[] = [];
try {
  await reportChecks('soak:doors', headline(), await soak());
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function soak(): Promise<readonly Check[]> {
  const origin = fork(new URL('./support/soak-origin.ts', import.meta.url));
  const players = fork(new URL('./support/soak-clients.ts', import.meta.url));
  const report = join(folder, 'r.json');
  const proxy = startProxy(report);
  try {
    const [originPort] = (await once(origin, 'message')) as [number];
    const doors = await doorsOf(proxy);
    players.send({ doors, originPort } satisfies SoakSetup);
    const checks = await phases(proxy.pid ?? 0, players);
    const before = performance.now();
    proxy.kill('SIGTERM');
    const [code] = await Promise.race([once(proxy, 'exit'), pause(STOP_LIMIT_MS, ['nothing yet'])]);
    const stopMs = performance.now() - before;
    return [...checks, ...endChecks(code, stopMs, await readSummary(report))];
  } finally {
    for (const child of [origin, players, proxy]) child.kill('SIGKILL');
  }
}

async function phases(pid: number, players: ChildProcess): Promise<readonly Check[]> {
  await pause(START_MS);
  const idle = sample(pid, 'idle');
  resetPeak(pid);
  await command(players, { type: 'open', perDoor: PER_DOOR, bytes: SMALL_BYTES });
  await pause(START_MS);
  const open = sample(pid, `${CONNECTIONS} connections open`);
  // Bodies wander over all connections: none of them is still as untouched as on its first day.
  const before = await command(players, { type: 'fetch', from: 0, count: 1, path: `/${SMALL_BYTES}` });
  let after = before;
  for (let from = 0; from < CONNECTIONS; from += UNDERWAY)
    after = await command(players, { type: 'fetch', from, count: UNDERWAY, path: BODY });
  const loaded = sample(pid, `${UNDERWAY} bodies under way, over all connections`);
  await command(players, { type: 'close' });
  await pause(SETTLE_MS);
  const back = sample(pid, 'all connections closed');
  const again = await secondDay(pid, players);
  const grown = await churn(pid, players);
  const contentBytes = after.contentBytes - before.contentBytes;
  return [
    check(`idle, ${DOORS} doors`, formatBytes(idle.rssBytes)),
    check(`${CONNECTIONS} connections open`, formatBytes(open.rssBytes)),
    atMost(`peak, ${UNDERWAY} bodies of 1 MB under way over all connections`, loaded.peakBytes, PEAK_LIMIT_BYTES),
    {
      what: 'content that the players got',
      measured: formatBytes(contentBytes),
      mustBe: formatBytes(CONNECTIONS * BODY_BYTES),
      holds: contentBytes === CONNECTIONS * BODY_BYTES,
    },
    atMost(`${SETTLE_MS / 1_000} s after the last connection closed`, back.rssBytes, idle.rssBytes * RETURN_RATIO),
    { what: 'descriptors, idle and afterwards', ...equal(idle.descriptors, back.descriptors) },
    ...again,
    ...grown,
  ];
}

/** The same load once more: what the first one left behind is used again. */
async function secondDay(pid: number, players: ChildProcess): Promise<readonly Check[]> {
  resetPeak(pid);
  await command(players, { type: 'open', perDoor: PER_DOOR, bytes: SMALL_BYTES });
  for (let from = 0; from < CONNECTIONS; from += UNDERWAY)
    await command(players, { type: 'fetch', from, count: UNDERWAY, path: BODY });
  const loaded = sample(pid, 'the same load again');
  await command(players, { type: 'close' });
  await pause(START_MS);
  return [atMost('peak of the same load again', loaded.peakBytes, PEAK_LIMIT_BYTES)];
}

async function churn(pid: number, players: ChildProcess): Promise<readonly Check[]> {
  const before = sample(pid, 'before the churn');
  const from = samples.length;
  const done = command(players, { type: 'churn', seconds: MINUTES * 60, players: CHURN_PLAYERS });
  let isOver = false;
  void done.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await pause(SAMPLE_MS);
    sample(pid, undefined);
  }
  const { connections, requests } = await done;
  const during = samples.slice(from);
  await pause(START_MS);
  const after = sample(pid, 'after the churn');
  return [
    check(`churn of ${MINUTES} min: connections, requests since the start`, `${connections}, ${requests}`),
    growth('RSS', during, ({ rssBytes }) => rssBytes),
    growth('heap of the main thread', during, ({ heapBytes }) => heapBytes[0] ?? 0),
    growth('heap of the tap', during, ({ heapBytes }) => heapBytes[1] ?? 0),
    growth('buffers', during, ({ arrayBufferBytes }) => arrayBufferBytes),
    { what: 'descriptors, before and after the churn', ...equal(before.descriptors, after.descriptors) },
  ];
}

function endChecks(code: unknown, stopMs: number, { proxy, instrument }: Summary): readonly Check[] {
  const { lostRecords, ledgerImbalanceBytes, tapCpuSeconds, mainCpuSeconds, eventLoopDelayMs } = instrument;
  const lost = `${lostRecords}, ${ledgerImbalanceBytes}, ${proxy?.terminations.ID ?? 0}`;
  return [
    { what: 'lost records, imbalance, internal errors', measured: lost, mustBe: '0, 0, 0', holds: lost === '0, 0, 0' },
    { what: 'SIGTERM: exit code', measured: String(code), mustBe: '0 or 98', holds: code === 0 || code === 98 },
    { what: 'SIGTERM: time', measured: `${stopMs.toFixed(0)} ms`, mustBe: 'at most 4000 ms', holds: stopMs <= 4_000 },
    {
      what: 'CPU of tap and main, loop delay p99 of both',
      measured: `${tapCpuSeconds?.toFixed(1)} s, ${mainCpuSeconds?.toFixed(1)} s, ${eventLoopDelayMs.tapP99?.toFixed(1)} ms, ${eventLoopDelayMs.mainP99?.toFixed(1)} ms`,
      mustBe: '',
      holds: true,
    },
  ];
}

function equal(before: number, after: number): Omit<Check, 'what'> {
  return { measured: `${before}, ${after}`, mustBe: 'equal', holds: before === after };
}

function atMost(what: string, bytes: number, limit: number): Check {
  return {
    what: `${what}: RSS`,
    measured: `${formatBytes(bytes)} (${((bytes / limit) * PERCENT).toFixed(0)} %)`,
    mustBe: `at most ${formatBytes(limit)}`,
    holds: bytes <= limit,
  };
}

function sample(pid: number, label: string | undefined): MemorySample {
  const taken = sampleMemory(pid, folder);
  samples.push(taken);
  const { rssBytes, peakBytes, heapBytes, arrayBufferBytes, descriptors } = taken;
  if (label !== undefined)
    console.error(
      `${label}: RSS ${formatBytes(rssBytes)}, peak ${formatBytes(peakBytes)}, heaps ${heapBytes.map(formatBytes).join(' + ')}, ` +
        `buffers ${formatBytes(arrayBufferBytes)}, ${descriptors} descriptors`,
    );
  return taken;
}

function startProxy(report: string): ChildProcess {
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  const heapReport = new URL('./support/heap-report.ts', import.meta.url).href;
  const args = ['proxy', '--doors', String(DOORS), '--json', '--metrics', '127.0.0.1:0', '--report', report];
  const env = { ...process.env, HLS_SWARM_SOAK_FOLDER: folder };
  return spawn(process.execPath, ['--import', heapReport, main, ...args], { stdio: ['ignore', 'pipe', 'ignore'], env });
}

async function doorsOf(proxy: ChildProcess): Promise<readonly string[]> {
  let text = '';
  for await (const chunk of proxy.stdout ?? []) {
    text += String(chunk);
    if (text.endsWith('\n')) break;
  }
  const { doors } = JSON.parse(text) as { doors: readonly string[] };
  assert.equal(doors.length, DOORS);
  return doors;
}

async function command(players: ChildProcess, message: SoakCommand): Promise<SoakReply> {
  players.send(message);
  const [reply] = (await once(players, 'message')) as [SoakReply];
  return reply;
}

function headline(): string {
  return (
    `\`hls-swarm proxy\`, one worker, ${DOORS} doors, ${CONNECTIONS} connections, ${UNDERWAY} bodies of 1 MB under way at a time; ` +
    `${machineAndDate()} (\`npm run soak:doors -- --minutes ${MINUTES}\`).`
  );
}
