// `npm run bench:screen`: what a thousand clients cost the main thread: reading their account once per second, and painting
// each screen twice per second with every figure changed. CPU of this process, medians; exit 1 = a bound is missed.
// It starts no client and opens no socket: events are scripted, the terminal is a stream that forgets.
import { PassThrough, Writable } from 'node:stream';
import type { Event, SampleEvent } from '../src/events.ts';
import { NO_METERS } from '../src/meters.ts';
import { ClientTimes } from '../src/stats/client-times.ts';
import { Ledger } from '../src/stats/ledger.ts';
import { OperationBook } from '../src/stats/operations.ts';
import type { Snapshot } from '../src/stats/summary.ts';
import { openScreen } from '../src/tui/screen.ts';
import { bodyOf, view } from '../src/tui/view.ts';
import {
  INITIAL_VIEW_STATE,
  nextState,
  SCREEN_NAMES,
  type ScreenName,
  type Size,
  type ViewState,
} from '../src/tui/view-state.ts';
import { aTransfer, life, PLAYLIST, RUN, segmentUrl } from '../test/stats/ledger-traffic.ts';
import { type Check, reportChecks } from './support/checks.ts';
import { machineAndDate } from './support/machine.ts';
import { median } from './support/quantile.ts';

const CLIENTS = 1_000;
const SECONDS = 90;
/** The first ones fill the window of the last minute and warm the code up. */
const WARM_UP_SECONDS = 65;
const PAINTS = 60;
const PAINTS_PER_SECOND = 2;
const MOST_PAINTING_SHARE = 0.01;
/** The main thread may take 0.15 of a core in all; this is the part that only grows with clients. */
const MOST_READING_SHARE = 0.05;
const SIZES: readonly Size[] = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 60 },
];
const SEGMENT_SECONDS = 2;
/** One in so many clients never gets its segments: there are last events to show. */
const FAILING = 100;
const MEASURED_CLIENTS = 200;
const HOUR_OF_SEGMENTS = 1_800;

/** Deterministic and spread over two decades, as waits are. */
const wait = (client: number, number: number): number => 0.5 * 1.05 ** ((client * 7 + number * 13) % 100);

function eventsOf(second: number): Event[] {
  const atMs = second * 1_000;
  const number = Math.floor(second / SEGMENT_SECONDS);
  const events: Event[] = [];
  if (second % SEGMENT_SECONDS === 0) events.push(listedAt(atMs, number));
  for (let client = 1; client <= CLIENTS; client += 1) {
    if (second === 0) events.push(life(client, atMs, 'start'));
    events.push({ type: 'progress', client, process: 1, atMs, outTimeUs: atMs * 1_000, speed: 1.01, isEnd: false });
    if ((second + client) % SEGMENT_SECONDS === 0) events.push(...segmentOf(client, number, atMs));
  }
  events.push(sampleAt(atMs));
  return events;
}

function listedAt(atMs: number, number: number): Event {
  const facts = {
    url: segmentUrl(number),
    playlistUrl: PLAYLIST,
    mediaSequence: number,
    durationSeconds: SEGMENT_SECONDS,
  };
  return { type: 'segment-listed', atMs, ...facts };
}

function segmentOf(client: number, number: number, atMs: number): Event[] {
  const waitMs = wait(client, number);
  const phases = { waitMs, receiveMs: waitMs * 3 };
  const facts = { client, startedAtMs: atMs, totalMs: waitMs * 4, phases };
  return [
    {
      type: 'playlist',
      client,
      process: 1,
      atMs,
      url: PLAYLIST,
      mediaSequence: number,
      segmentCount: 5,
      targetDurationSeconds: SEGMENT_SECONDS,
      listedSeconds: 10,
      endlist: false,
    },
    aTransfer({ ...facts, url: PLAYLIST, kind: 'media-playlist', contentBytes: 400 }),
    aTransfer({ ...facts, url: segmentUrl(number), contentBytes: 250_000, status: client % FAILING === 0 ? 404 : 200 }),
  ];
}

function sampleAt(atMs: number): SampleEvent {
  return {
    type: 'sample',
    atMs,
    wallMs: RUN.startedAtWallMs + atMs,
    ...NO_METERS,
    tapLoopDelayP99Ms: 0.5,
    mainLoopDelayP99Ms: 2,
    tapCpuSeconds: 0,
    mainCpuSeconds: 0,
    clientsActive: CLIENTS,
    clientsStarted: CLIENTS,
    clientsWithOpenTransfers: [],
  };
}

/** CPU milliseconds of this process while `use` runs: the collector's threads count. */
function cpuMs(use: () => void): number {
  const before = process.cpuUsage();
  use();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

interface Account {
  readonly snapshots: readonly Snapshot[];
  readonly tickMs: number;
  readonly snapshotMs: number;
}

/** A run of scripted seconds; the last two snapshots differ in every figure that moves. */
function readAccount(): Account {
  const ledger = new Ledger({ run: { ...RUN, clients: CLIENTS }, statsDropThreshold: 0.01 });
  const operations = new OperationBook(0);
  const [ticks, reads, snapshots]: [number[], number[], Snapshot[]] = [[], [], []];
  for (let second = 0; second < SECONDS; second += 1) {
    const events = eventsOf(second);
    const sample = events.pop();
    for (const event of events) {
      ledger.record(event);
      operations.observe(event);
    }
    const tick = cpuMs(() => sample !== undefined && ledger.record(sample));
    const read = cpuMs(() => snapshots.push(ledger.snapshot(second * 1_000 + 500, 0)));
    if (second >= WARM_UP_SECONDS) {
      ticks.push(tick);
      reads.push(read);
    }
  }
  const shown = snapshots.slice(-2).map((snapshot) => ({ ...snapshot, operations: operations.read(snapshot.atMs) }));
  return { snapshots: shown, tickMs: median(ticks), snapshotMs: median(reads) };
}

/** Median CPU of one painting with nothing on the screen as it was. */
function paintMs(
  snapshots: readonly Snapshot[],
  size: Size,
  name: ScreenName,
): { readonly ms: number; readonly bytes: number } {
  let bytes = 0;
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done();
    },
  });
  const stdout = Object.assign(output, { isTTY: true, ...size }) as unknown as NodeJS.WriteStream;
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
  }) as unknown as NodeJS.ReadStream;
  const screen = openScreen({ stdin, stdout, env: { TERM: 'xterm' }, onKey: () => {} });
  const costs = Array.from({ length: PAINTS }, (_, turn) =>
    cpuMs(() => {
      const snapshot = snapshots[turn % snapshots.length];
      screen.draw(view(snapshot, size, stateFor(size, snapshot, name)));
    }),
  );
  screen.close();
  return { ms: median(costs.slice(PAINTS / 2)), bytes: bytes / PAINTS };
}

/** Sorted by a figure that moves, a client in the middle chosen: nothing is cheaper by luck. */
function stateFor(size: Size, snapshot: Snapshot | undefined, screen: ScreenName): ViewState {
  const seen = { clients: snapshot?.clients ?? [], body: bodyOf(size) };
  const sorted: ViewState = {
    ...INITIAL_VIEW_STATE,
    screen,
    clients: { ...INITIAL_VIEW_STATE.clients, sort: 'wait p95', chosen: CLIENTS / 2 },
  };
  return screen === 'clients' ? nextState(sorted, 'down', seen) : sorted;
}

/** Heap per client after an hour of two-second segments. */
function timesBytes(): number {
  const { gc } = globalThis;
  gc?.();
  const before = process.memoryUsage().heapUsed;
  const all = Array.from({ length: MEASURED_CLIENTS }, (_, client) => {
    const times = new ClientTimes();
    for (let number = 0; number < HOUR_OF_SEGMENTS; number += 1)
      for (const event of segmentOf(client, number, number * 2_000))
        if (event.type === 'transfer') times.transfer(event);
    times.read(HOUR_OF_SEGMENTS * 2_000);
    return times;
  });
  gc?.();
  return (process.memoryUsage().heapUsed - before) / all.length;
}

async function main(): Promise<void> {
  const { snapshots, tickMs, snapshotMs } = readAccount();
  const share = (msPerSecond: number): number => msPerSecond / 1_000;
  const percent = (ratio: number): string => `${(ratio * 100).toFixed(2)} % of a core`;
  const paints = SCREEN_NAMES.flatMap((name) => SIZES.map((size) => ({ name, size }))).map(({ name, size }): Check => {
    const { ms, bytes } = paintMs(snapshots, size, name);
    const cost = share(ms * PAINTS_PER_SECOND);
    return {
      what: `painting screen ${name} at ${size.columns} x ${size.rows}, ${PAINTS_PER_SECOND} times per second`,
      measured: `${percent(cost)}; ${ms.toFixed(1)} ms and ${Math.round(bytes)} octets each`,
      mustBe: `below ${percent(MOST_PAINTING_SHARE)}`,
      holds: cost < MOST_PAINTING_SHARE,
    };
  });
  const reading = share(tickMs + snapshotMs);
  await reportChecks(
    'bench:screen',
    `${CLIENTS} clients, 2 s segments; ${machineAndDate()} (\`npm run bench:screen\`).`,
    [
      ...paints,
      {
        what: 'the account of the clients once per second (tick and snapshot)',
        measured: `${percent(reading)}; tick ${tickMs.toFixed(1)} ms, snapshot ${snapshotMs.toFixed(1)} ms`,
        mustBe: `below ${percent(MOST_READING_SHARE)}`,
        holds: reading < MOST_READING_SHARE,
      },
      {
        what: 'heap per client for its times, after an hour',
        measured: `${(timesBytes() / 1_024).toFixed(1)} KiB`,
        mustBe: '-',
        holds: true,
      },
    ],
  );
}

await main();
