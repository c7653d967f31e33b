// `npm run bench:cost`: what one client costs, and how long preflight asks, from swarms of 5, 10 and 20 real FFmpegs at about 1 and
// 2 Mbit/s, tapped and direct.
// The table goes to bench/RESULTS.md; the figures behind src/swarm/cost-model.ts are its own. It judges nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Summary } from '../src/stats/summary.ts';
import { probeCapabilities } from '../src/swarm/capabilities.ts';
import { formatMbps, KIB, MIB, MS_PER_SECOND } from '../src/units.ts';
import { liveFolder } from '../test/support/live-folder.ts';
import { startNginx } from '../test/support/nginx.ts';
import { sandbox, startHlsSwarm } from '../test/support/program.ts';
import { machineAndDate } from './support/machine.ts';
import { cpuSeconds } from './support/process-figures.ts';
import { median } from './support/quantile.ts';
import { markdownTable, writeResult } from './support/table.ts';

const CLIENTS = [5, 10, 20];
const RATES_BITS_PER_SECOND = [950_000, 2_000_000];
const SEGMENT_SECONDS = 2;
/** After the last start: the opening burst of three segments is not what a client costs. */
const SETTLE_MS = 6_000;
const WINDOW_MS = 16_000;
const RAMP_PER_SECOND = 20;
const QUESTION_ROUNDS = 5;

interface Cost {
  readonly clients: number;
  readonly isTapped: boolean;
  /** What the clients received, per client. */
  readonly bytesPerSecond: number | undefined;
  /** Cores of one FFmpeg. */
  readonly ffmpegCores: number;
  /** CPU that one FFmpeg had used before the window, less the same rate: its start. */
  readonly startCpuSeconds: number;
  readonly ffmpegPssBytes: number;
  readonly ffmpegPrivateBytes: number;
  readonly ffmpegThreads: number;
  readonly mainCores: number;
  readonly tapCores: number;
  readonly mainRssBytes: number;
  readonly mainFiles: number;
}

const rows: Cost[] = [];
for (const bitsPerSecond of RATES_BITS_PER_SECOND) {
  await using live = await liveFolder({ segmentSeconds: SEGMENT_SECONDS, bitsPerSecond });
  await using nginx = await startNginx({ folder: live.folder });
  for (const clients of CLIENTS)
    for (const isTapped of [true, false]) {
      const cost = await measured(nginx.url('/live.m3u8'), clients, isTapped);
      console.error(JSON.stringify(cost));
      rows.push(cost);
    }
}
const questionsMs: number[] = [];
for (let round = 0; round < QUESTION_ROUNDS; round += 1) {
  const startedAt = performance.now();
  await probeCapabilities('ffmpeg');
  questionsMs.push(performance.now() - startedAt);
}
const text = `Preflight's questions to FFmpeg: ${median(questionsMs).toFixed(0)} ms, median of ${QUESTION_ROUNDS}. One client, steady over ${WINDOW_MS / MS_PER_SECOND} s; live, ${SEGMENT_SECONDS} s segments from nginx; ${machineAndDate()} (\`npm run bench:cost\`).\n\n${markdownTable([heading(), ...rows.map(cells)])}`;
console.log(text);
await writeResult('bench:cost', text);

async function measured(url: string, clients: number, isTapped: boolean): Promise<Cost> {
  await using box = await sandbox();
  const load = ['--clients', String(clients), '--ramp-rate', String(RAMP_PER_SECOND), '--duration', '50s'];
  const how = ['--no-tui', '--metrics', '127.0.0.1:0', '--ffmpeg', box.ffmpeg, '--no-calibrate'];
  await using program = startHlsSwarm(['run', url, ...load, ...how, ...(isTapped ? [] : ['--no-proxy'])], box.env);
  const pids = await program.until(
    () => {
      const found = box.processes().filter((line) => line.includes('-progress'));
      return found.length >= clients ? found.map((line) => Number.parseInt(line, 10)) : undefined;
    },
    'every client',
    40_000,
  );
  const control = await program.controlUrl();
  await pause(SETTLE_MS);
  const before = await reading(control, pids);
  const startedAt = performance.now();
  await pause(WINDOW_MS);
  const after = await reading(control, pids);
  const seconds = (performance.now() - startedAt) / MS_PER_SECOND;
  const files = readdirSync(`/proc/${program.pid}/fd`).length;
  const memory = pids.map(memoryOf);
  const threads = pids.map((pid) => readdirSync(`/proc/${pid}/task`).length);
  const mainRssBytes = statusBytes(program.pid, 'VmRSS');
  const ffmpegCores = (after.ffmpegSeconds - before.ffmpegSeconds) / seconds / clients;
  program.signal('SIGINT');
  await program.ended();
  const received = after.bytes === undefined || before.bytes === undefined ? undefined : after.bytes - before.bytes;
  return {
    clients,
    isTapped,
    bytesPerSecond: received === undefined ? undefined : received / seconds / clients,
    ffmpegCores,
    startCpuSeconds: before.ffmpegSeconds / clients - (ffmpegCores * SETTLE_MS) / MS_PER_SECOND,
    ffmpegPssBytes: mean(memory.map(({ pss }) => pss)),
    ffmpegPrivateBytes: mean(memory.map(({ own }) => own)),
    ffmpegThreads: mean(threads),
    mainCores: (after.mainSeconds - before.mainSeconds) / seconds,
    tapCores: (after.tapSeconds - before.tapSeconds) / seconds,
    mainRssBytes,
    mainFiles: files,
  };
}

interface Reading {
  readonly ffmpegSeconds: number;
  readonly mainSeconds: number;
  readonly tapSeconds: number;
  /** Content that came through the tap. */
  readonly bytes: number | undefined;
}

async function reading(control: string, pids: readonly number[]): Promise<Reading> {
  const { instrument, proxy, run } = (await (await fetch(`${control}/snapshot`)).json()) as Summary;
  return {
    ffmpegSeconds: sum(pids.map((pid) => cpuSeconds(pid).all)),
    mainSeconds: instrument.mainCpuSeconds ?? 0,
    tapSeconds: instrument.tapCpuSeconds ?? 0,
    bytes:
      run.proxyWorkers === 0
        ? undefined
        : sum(Object.values(proxy?.byKind ?? {}).map(({ contentBytes }) => contentBytes)),
  };
}

function memoryOf(pid: number): { readonly pss: number; readonly own: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return {
    pss: kibIn(text, 'Pss'),
    own: kibIn(text, 'Private_Dirty') + kibIn(text, 'Private_Clean'),
  };
}

function statusBytes(pid: number, name: string): number {
  return kibIn(readFileSync(`/proc/${pid}/status`, 'latin1'), name);
}

/** Bytes of a `Name:   N kB` line. */
function kibIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * KIB;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function heading(): readonly string[] {
  return [
    ...['clients', 'way', 'per client', 'FFmpeg cores', 'start CPU', 'FFmpeg PSS', 'private', 'threads'],
    ...['main cores', 'tap cores', 'main RSS', 'main files'],
  ];
}

function cells(cost: Cost): readonly string[] {
  return [
    String(cost.clients),
    cost.isTapped ? 'tapped' : 'direct',
    cost.bytesPerSecond === undefined ? '-' : formatMbps(cost.bytesPerSecond),
    cost.ffmpegCores.toFixed(5),
    `${cost.startCpuSeconds.toFixed(3)} s`,
    `${(cost.ffmpegPssBytes / MIB).toFixed(1)} MiB`,
    `${(cost.ffmpegPrivateBytes / MIB).toFixed(1)} MiB`,
    cost.ffmpegThreads.toFixed(1),
    cost.mainCores.toFixed(4),
    cost.tapCores.toFixed(4),
    `${(cost.mainRssBytes / MIB).toFixed(0)} MiB`,
    String(cost.mainFiles),
  ];
}
