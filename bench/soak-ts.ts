// `npm run soak:ts -- --streams 20 --faults stall=5,abort=5,freeze=5 --duration 15`: endless streams through `hls-swarm proxy`,
// some of them with a fault; every faulty one must end with its code, every healthy one be equal to the byte, and SIGTERM
// with all of them open must be quick. The table goes to bench/RESULTS.md. Exit 1 when a check fails.

import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Termination, TransferEvent } from '../src/events.ts';
import { seededRandom } from '../src/random.ts';
import type { Summary } from '../src/stats/summary.ts';
import { formatBytes, formatMs, PERCENT } from '../src/units.ts';
import { readJournal } from '../test/support/journal.ts';
import { type HlsSwarm, startHlsSwarm } from '../test/support/program.ts';
import { type Check, reportChecks } from './support/checks.ts';
import { machineAndDate } from './support/machine.ts';
import { StreamOrigin } from './support/stream-origin.ts';
import { StreamPlayer } from './support/stream-player.ts';

const { values } = parseArgs({
  options: {
    streams: { type: 'string', default: '20' },
    faults: { type: 'string', default: 'stall=5,abort=5,freeze=5' },
    duration: { type: 'string', default: '15' },
    seed: { type: 'string', default: '1' },
  },
});

type Role = 'healthy' | 'stall' | 'abort' | 'freeze';
const CODES: Readonly<Record<Role, Termination>> = { healthy: '--', stall: 'sD', abort: 'SD', freeze: 'cD' };
const STREAMS = Number(values.streams);
const DURATION_MS = Number(values.duration) * 1_000;
/** 4 Mbit/s; a frozen player's origin sends much more, because the kernel's buffers have to fill first. */
const BYTES_PER_SECOND = 500_000;
const FREEZING_BYTES_PER_SECOND = 20_000_000;
const TIMEOUT_MS = 2_000;
/** From the fault to its ending: the timer, the buffers that fill, and a machine that has other work. */
const LATE_MS = 3_000;
const LOOP_LIMIT_MS = 20;
const STOP_LIMIT_MS = 500;
const OVERALL_LIMIT_MS = 120_000;

interface Played {
  readonly path: string;
  readonly role: Role;
  readonly player: StreamPlayer;
  faultAtMs?: number;
}

const random = seededRandom(Number(values.seed));
const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-soak-ts-'));
const overall = setTimeout(() => {
  console.error(`not done after ${OVERALL_LIMIT_MS} ms`);
  process.exit(1);
}, OVERALL_LIMIT_MS);
try {
  await reportChecks('soak:ts', headline(), await soak());
} finally {
  clearTimeout(overall);
  await rm(folder, { recursive: true, force: true });
}

async function soak(): Promise<readonly Check[]> {
  const before = cpuTimes();
  const origin = await StreamOrigin.start(BYTES_PER_SECOND);
  const journal = join(folder, 'j.ndjson');
  await using proxy = startHlsSwarm([
    ...['proxy', '--doors', String(STREAMS), '--json', '--metrics', '127.0.0.1:0', '--no-calibrate', '--check-ts'],
    ...['--stream-silent-timeout', `${TIMEOUT_MS}ms`, '--stream-drain-timeout', `${TIMEOUT_MS}ms`],
    ...['--journal', journal],
  ]);
  try {
    const doors = await doorsOf(proxy);
    const played = roles().map((role, index) => play(origin, doors, `/${index + 1}-${role}`, role));
    await Promise.all(played.map((one) => live(origin, one)));
    const left = doors.map((_, index) => play(origin, doors, `/${index + 1}-open`, 'healthy'));
    await proxy.until(() => left.every(({ player }) => player.receivedBytes > 0), 'streams open at the end');
    const stopAtMs = performance.now();
    proxy.signal('SIGTERM');
    const { code, stderr } = await proxy.ended();
    const stopMs = performance.now() - stopAtMs;
    for (const { player } of [...played, ...left]) player.leave();
    if (code !== 0) console.error(stderr);
    const { transfers, summary } = await readJournal(journal);
    return [
      ...streamChecks(origin, played, transfers),
      ...endChecks(summary, transfers, code, stopMs),
      machineRow(before),
    ];
  } finally {
    origin.close();
  }
}

async function doorsOf(proxy: HlsSwarm): Promise<readonly URL[]> {
  const line = await proxy.until(() => /^\{"doors":.*\}$/m.exec(proxy.stdout)?.[0], 'the doors');
  return (JSON.parse(line) as { doors: string[] }).doors.map((url) => new URL(url));
}

/** In an order of its own, the rest healthy. */
function roles(): readonly Role[] {
  const asked = values.faults.split(',').flatMap((part) => {
    const [name = '', count = ''] = part.split('=');
    if (!(name in CODES) || !/^\d+$/.test(count))
      throw new Error(`--faults: '${part}' is not stall=N, abort=N or freeze=N`);
    return Array.from({ length: Number(count) }, () => name as Role);
  });
  if (asked.length > STREAMS) throw new Error(`--faults: ${asked.length} faults for ${STREAMS} streams`);
  const all = [...asked, ...Array.from({ length: STREAMS - asked.length }, () => 'healthy' as const)];
  return all
    .map((role) => ({ role, at: random.between(0, 1) }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ role }) => role);
}

function play(origin: StreamOrigin, doors: readonly URL[], path: string, role: Role): Played {
  const door = doors[Number.parseInt(path.slice(1), 10) - 1];
  if (door === undefined) throw new Error(`no door for ${path}`);
  return { path, role, player: new StreamPlayer(door, `http://127.0.0.1:${origin.port}${path}`) };
}

/** One stream from its start to its end; a fault comes in the first third. */
async function live(origin: StreamOrigin, one: Played): Promise<void> {
  const beganAtMs = performance.now();
  await pause(one.role === 'healthy' ? DURATION_MS : random.between(DURATION_MS / 15, DURATION_MS / 3));
  const stream = origin.streams.get(one.path);
  one.faultAtMs = performance.now();
  if (one.role === 'stall') stream?.fallSilent();
  else if (one.role === 'abort') stream?.reset();
  else if (one.role === 'healthy') stream?.finish();
  else if (stream !== undefined) {
    stream.bytesPerSecond = FREEZING_BYTES_PER_SECOND;
    one.player.freeze();
  }
  await pause(Math.max(0, beganAtMs + DURATION_MS + TIMEOUT_MS / 2 - performance.now()));
}

function streamChecks(
  origin: StreamOrigin,
  played: readonly Played[],
  records: readonly TransferEvent[],
): readonly Check[] {
  const recordOf = ({ path }: Played): TransferEvent | undefined => records.find(({ url }) => url.endsWith(path));
  const checks = (['stall', 'abort', 'freeze', 'healthy'] as const).map((role): Check => {
    const own = played.filter((one) => one.role === role);
    const codes = own.map((one) => `${recordOf(one)?.kind} ${recordOf(one)?.termination ?? 'open'}`);
    const words = [...new Set(codes)].map((code) => `${codes.filter((other) => other === code).length} ${code}`);
    return {
      what: `${role}: streams and their endings`,
      measured: words.join(', ') || 'none',
      mustBe: `${own.length} stream ${CODES[role]}`,
      holds: codes.every((code) => code === `stream ${CODES[role]}`),
    };
  });
  const healthy = played.filter(({ role }) => role === 'healthy');
  const equal = healthy.filter(({ path, player }) => {
    const sent = origin.streams.get(path);
    const bytes = records.find(({ url }) => url.endsWith(path))?.contentBytes;
    return sent?.sha256.copy().digest('hex') === player.sha256.copy().digest('hex') && bytes === sent?.contentBytes;
  });
  const late = played.flatMap(({ role, path, faultAtMs = 0 }) => {
    const { closedAtMs = Infinity, lastWriteAtMs = 0 } = origin.streams.get(path) ?? {};
    if (role === 'stall') return [closedAtMs - lastWriteAtMs];
    return role === 'freeze' ? [closedAtMs - faultAtMs] : [];
  });
  return [
    ...checks,
    {
      what: 'healthy: equal to the byte (SHA-256 of the answer, content counted)',
      ...ratio(equal.length, healthy.length),
    },
    {
      what: 'stall, freeze: from the last octet, from the freeze, until the origin saw the end',
      measured: late.length === 0 ? 'none' : `${formatMs(Math.min(...late))} to ${formatMs(Math.max(...late))}`,
      mustBe: `${formatMs(TIMEOUT_MS)} to ${formatMs(TIMEOUT_MS + LATE_MS)}`,
      holds: late.every((ms) => ms >= TIMEOUT_MS && ms <= TIMEOUT_MS + LATE_MS),
    },
    checkedPackets(records, healthy),
  ];
}

/** The check of healthy octets finds nothing. */
function checkedPackets(records: readonly TransferEvent[], healthy: readonly Played[]): Check {
  const checked = healthy.flatMap(({ path }) => records.find(({ url }) => url.endsWith(path))?.transportStream ?? []);
  const sum = (name: 'packets' | 'syncLosses' | 'continuityErrors'): number =>
    checked.reduce((total, counts) => total + counts[name], 0);
  const errors = sum('syncLosses') + sum('continuityErrors');
  return {
    what: 'healthy: packets checked, errors',
    measured: `${sum('packets')}, ${errors}`,
    mustBe: 'no error',
    holds: errors === 0 && checked.length === healthy.length,
  };
}

function endChecks(
  { instrument, proxy }: Summary,
  records: readonly TransferEvent[],
  code: number | undefined,
  stopMs: number,
): readonly Check[] {
  const { tapP99 = Infinity, mainP99 = Infinity } = instrument.eventLoopDelayMs;
  const killed = records.filter(({ url, termination }) => url.endsWith('-open') && termination === 'KD').length;
  const { lostRecords, ledgerImbalanceBytes } = instrument;
  return [
    {
      what: 'loop delay p99, tap, main',
      measured: `${formatMs(tapP99)}, ${formatMs(mainP99)}`,
      mustBe: `below ${LOOP_LIMIT_MS} ms`,
      holds: tapP99 < LOOP_LIMIT_MS && mainP99 < LOOP_LIMIT_MS,
    },
    {
      what: `SIGTERM with ${STREAMS} open streams: exit, code`,
      measured: `${formatMs(stopMs)}, ${code}`,
      mustBe: `at most ${STOP_LIMIT_MS} ms, 0`,
      holds: stopMs <= STOP_LIMIT_MS && code === 0,
    },
    { what: 'those streams ended KD', ...ratio(killed, STREAMS) },
    {
      what: 'lost records, ledger imbalance',
      measured: `${lostRecords}, ${ledgerImbalanceBytes}`,
      mustBe: '0, 0',
      holds: lostRecords === 0 && ledgerImbalanceBytes === 0,
    },
    {
      what: 'streams in the summary: opened, open, content',
      measured: `${proxy?.streams.opened}, ${proxy?.streams.open}, ${formatBytes(proxy?.streams.contentBytes ?? 0)}`,
      mustBe: `${2 * STREAMS}, 0`,
      holds: proxy?.streams.opened === 2 * STREAMS && proxy?.streams.open === 0,
    },
  ];
}

/** Excuses nothing: a loop delay cannot be read without knowing who else had the cores. */
function machineRow(before: ReturnType<typeof cpuTimes>): Check {
  const after = cpuTimes();
  const share = (after.busy - before.busy) / (after.all - before.all);
  return {
    what: 'the machine meanwhile, all its work',
    measured: `${(share * PERCENT).toFixed(0)} % busy`,
    mustBe: '',
    holds: true,
  };
}

function cpuTimes(): { readonly busy: number; readonly all: number } {
  const sums = cpus().map(({ times }) => ({
    idle: times.idle,
    all: Object.values(times).reduce((sum, ms) => sum + ms, 0),
  }));
  const all = sums.reduce((sum, core) => sum + core.all, 0);
  return { all, busy: all - sums.reduce((sum, core) => sum + core.idle, 0) };
}

function ratio(count: number, of: number): Pick<Check, 'measured' | 'mustBe' | 'holds'> {
  return { measured: `${count} of ${of}`, mustBe: `${of} of ${of}`, holds: count === of };
}

function headline(): string {
  const words = `${STREAMS} streams of 4 Mbit/s, half of them chunked, faults ${values.faults}, ${values.duration} s, seed ${values.seed}`;
  return `${words}; ${machineAndDate()} (\`npm run soak:ts\`).`;
}
