// `npm run bench:stats`: what the statistics cost per value, against an empty Float64Array store of the same run.
// Medians of alternating rounds; results are consumed and printed, so nothing is optimised away. Exit 1 = a bound is missed.
// Bounds are on throughput (many accounts in turn, as a run has them): a loop on one running total measures how long one
// memory cell takes from store to load, for any code at all; that is shown beside, with the bare `slot += bytes`.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { ParsedEvent, TransferEvent } from '../src/events.ts';
import { Pairing } from '../src/stats/pairing.ts';
import { PhaseQuantiles } from '../src/stats/quantiles.ts';
import { Sketch } from '../src/stats/sketch.ts';
import { RING_SAMPLES, ThroughputTracker } from '../src/stats/throughput.ts';
import { NS_PER_MS, secondsToMs } from '../src/units.ts';

const ROUNDS = 61;
const WARM_UP_ROUNDS = 5;
/** The peer's own measurements and targets, for the table. */
const MOST_TIMES_A_STORE = 3;
const MOST_READ_NS = 1000;

const RESULTS = new URL('RESULTS.md', import.meta.url);
const START_MARK = '<!-- stats:start -->';
const END_MARK = '<!-- stats:end -->';

interface Case {
  readonly name: string;
  readonly count: number;
  /** Does the thing `count` times and returns a number that depends on all of them. */
  readonly run: () => number;
}

interface Measured {
  readonly name: string;
  /** One per round; the same place in two cases is the same round. */
  readonly rounds: readonly number[];
}

/** Sizes of reads as sockets give them; a power of two, so that the index needs no division. */
const VALUES = Float64Array.from({ length: 4096 }, (_, place) => 1 + ((place * 2_654_435_761) % 65_536));
const INDEX_MASK = VALUES.length - 1;
const ACCOUNTS = 64;
const ACCOUNT_MASK = ACCOUNTS - 1;

/** What a tracker would be if adding did nothing: the same call, the same place of its own, one store. */
class EmptyTracker {
  readonly #slots = new Float64Array(1);

  get totalBytes(): number {
    return this.#slots[0] ?? 0;
  }

  add(bytes: number): void {
    this.#slots[0] = bytes;
  }
}

function emptyCase(count: number): Case {
  const accounts = Array.from({ length: ACCOUNTS }, () => new EmptyTracker());
  return {
    name: `empty Float64Array store behind the same call, ${ACCOUNTS} in turn (yardstick)`,
    count,
    run: () => {
      for (let turn = 0; turn < count; turn += 1) accounts[turn & ACCOUNT_MASK]?.add(VALUES[turn & INDEX_MASK] ?? 0);
      return accounts[count & ACCOUNT_MASK]?.totalBytes ?? 0;
    },
  };
}

function trackersCase(count: number): Case {
  const accounts = Array.from({ length: ACCOUNTS }, () => new ThroughputTracker());
  return {
    name: `ThroughputTracker.add, ${ACCOUNTS} in turn`,
    count,
    run: () => {
      for (let turn = 0; turn < count; turn += 1) accounts[turn & ACCOUNT_MASK]?.add(VALUES[turn & INDEX_MASK] ?? 0);
      return accounts[count & ACCOUNT_MASK]?.totalBytes ?? 0;
    },
  };
}

function storeCase(count: number): Case {
  const store = new Float64Array(VALUES.length);
  return {
    name: 'bare store, no call, no total',
    count,
    run: () => {
      for (let turn = 0; turn < count; turn += 1) store[turn & INDEX_MASK] = VALUES[turn & INDEX_MASK] ?? 0;
      return store[count & INDEX_MASK] ?? 0;
    },
  };
}

function slotCase(count: number): Case {
  const slots = new Float64Array(1);
  return {
    name: '`slot += bytes`, one bare slot',
    count,
    run: () => {
      for (let turn = 0; turn < count; turn += 1) slots[0] = (slots[0] ?? 0) + (VALUES[turn & INDEX_MASK] ?? 0);
      return slots[0] ?? 0;
    },
  };
}

function trackerCase(count: number): Case {
  const tracker = new ThroughputTracker();
  return {
    name: 'ThroughputTracker.add, one tracker',
    count,
    run: () => {
      for (let turn = 0; turn < count; turn += 1) tracker.add(VALUES[turn & INDEX_MASK] ?? 0);
      return tracker.totalBytes;
    },
  };
}

function trackerReadCase(count: number): Case {
  const tracker = new ThroughputTracker();
  for (let second = 0; second < RING_SAMPLES + 100; second += 1) {
    tracker.add(1_000_000 + second);
    tracker.sample(secondsToMs(second) + (second % 7));
  }
  return {
    name: 'ThroughputTracker.read, full ring, all windows',
    count,
    run: () => {
      let sum = 0;
      for (let turn = 0; turn < count; turn += 1) {
        const read = tracker.read();
        sum += (read.bytesPerSecond1s ?? 0) + (read.bytesPerSecond300s ?? 0) + (read.bytesPerSecondOverall ?? 0);
      }
      return sum;
    },
  };
}

function sketchCase(count: number): Case {
  const sketch = new Sketch();
  return {
    name: 'Sketch.add',
    count,
    run: () => {
      for (let turn = 0; turn < count; turn += 1) sketch.add((VALUES[turn & INDEX_MASK] ?? 0) / 100 - 100);
      return sketch.quantile(0.95) ?? 0;
    },
  };
}

function phaseCase(count: number): Case {
  const quantiles = new PhaseQuantiles();
  let atMs = 0;
  return {
    name: 'PhaseQuantiles.record (HDR of the run and sketch of the window)',
    count,
    run: () => {
      for (let turn = 0; turn < count; turn += 1) {
        atMs += 0.1;
        quantiles.record((VALUES[turn & INDEX_MASK] ?? 0) / 100, atMs);
      }
      return quantiles.read(atMs).p95 ?? 0;
    },
  };
}

/** 100 clients with two requests in every second; the events are made outside of what is measured. */
function pairingCase(seconds: number): Case {
  const clients = 100;
  const script = Array.from({ length: seconds }, (_, second) =>
    Array.from({ length: clients }, (__, client) => [
      attempt(client + 1, secondsToMs(second), `http://origin/live/seg${second}.ts`),
      attempt(client + 1, secondsToMs(second) + 20, 'http://origin/live/stream.m3u8'),
    ]).flat(),
  );
  return {
    name: 'Pairing, per pair of line and transfer, settled once per second',
    count: seconds * clients * 2,
    run: () => {
      const pairing = new Pairing();
      script.forEach((attempts, second) => {
        for (const { line } of attempts) pairing.request(line, { guess: 'segment', isNewConnection: false });
        for (const { transfer } of attempts) pairing.transfer(transfer);
        pairing.settle(secondsToMs(second + 1));
      });
      pairing.finish();
      const { matched } = pairing.read().groups.segment;
      if (matched !== seconds * clients * 2) throw new Error(`${matched} of ${seconds * clients * 2} pairs matched`);
      return matched;
    },
  };
}

function attempt(
  client: number,
  atMs: number,
  url: string,
): { readonly line: ParsedEvent & { readonly rule: 'request' }; readonly transfer: TransferEvent } {
  return {
    line: { type: 'parsed', client, process: 1, atMs, rule: 'request', method: 'GET', url },
    transfer: {
      ...{ type: 'transfer', client, process: 1, connection: client, requestIndex: 1, method: 'GET', url },
      ...{ kind: 'segment', status: 200, cache: 'unknown', startedAtWallMs: 0, startedAtMs: atMs + 0.3 },
      ...{ requestHeadBytes: 200, requestBodyBytes: 0, responseHeadBytes: 200, interimHeadBytes: 0, framingBytes: 0 },
      ...{ contentBytes: 500_000, deliveredBytes: 500_200, phases: {}, totalMs: 30, clientBlockedMs: 0 },
      ...{ longestGapMs: 0, early: false, stale: false, injected: null, termination: '--', integrity: 'complete' },
      stopping: false,
    },
  };
}

/** Alternates the cases, so that a change of the machine's speed meets all of them, and takes each one's median. */
function measure(cases: readonly Case[], rounds: number): { measured: Measured[]; consumed: number } {
  const rounded = cases.map((): number[] => []);
  let consumed = 0;
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    cases.forEach((item, place) => {
      const beforeMs = performance.now();
      consumed += item.run();
      const perRun = ((performance.now() - beforeMs) * NS_PER_MS) / item.count;
      if (round >= 0) rounded[place]?.push(perRun);
    });
  }
  return { measured: cases.map(({ name }, place) => ({ name, rounds: rounded[place] ?? [] })), consumed };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Rewrites what is between the marks, or appends the section. */
function keep(table: string): void {
  const section = `${START_MARK}\n${table}\n${END_MARK}`;
  const text = readIfThere(RESULTS) ?? '# Benchmark results\n';
  const [start, end] = [text.indexOf(START_MARK), text.indexOf(END_MARK)];
  const isThere = start >= 0 && end > start;
  const next = isThere
    ? text.slice(0, start) + section + text.slice(end + END_MARK.length)
    : `${text.trimEnd()}\n\n## stats\n\n${section}\n`;
  writeFileSync(RESULTS, next);
}

function readIfThere(file: URL): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** The median of the rounds' own ratios: what slows the machine for a while slows both sides of it. */
function medianRatio(part: Measured | undefined, whole: Measured | undefined): number {
  return median((part?.rounds ?? []).map((nanoseconds, round) => nanoseconds / (whole?.rounds[round] ?? Number.NaN)));
}

function tableOf(measured: readonly Measured[], notes: ReadonlyMap<Measured | undefined, string>): string {
  const machine = `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`;
  const rows = measured.map((row) => `| ${row.name} | ${median(row.rounds).toFixed(2)} | ${notes.get(row) ?? ''} |`);
  return [
    `Node ${process.version}, ${machine}; medians of ${ROUNDS} alternating rounds (\`npm run bench:stats\`).`,
    '',
    '| what | ns each | |',
    '|---|---:|---|',
    ...rows,
  ].join('\n');
}

function main(): void {
  const parts = [
    measure(
      [emptyCase, trackersCase, storeCase, slotCase, trackerCase].map((make) => make(100_000)),
      ROUNDS,
    ),
    measure([trackerReadCase(10_000), sketchCase(50_000), phaseCase(50_000)], ROUNDS),
    measure([pairingCase(5)], ROUNDS),
  ];
  const measured = parts.flatMap((part) => part.measured);
  const [empty, trackers, store, slot, tracker, read] = measured;
  const times = medianRatio(trackers, empty);
  const readNs = median(read?.rounds ?? []);
  const table = tableOf(
    measured,
    new Map([
      [trackers, `${times.toFixed(2)} x the yardstick, at most ${MOST_TIMES_A_STORE}`],
      [slot, `${medianRatio(slot, store).toFixed(2)} x the bare store: no running total in memory is cheaper`],
      [tracker, `${medianRatio(tracker, slot).toFixed(2)} x the bare slot`],
      [read, `at most ${MOST_READ_NS}`],
    ]),
  );
  const consumed = parts.reduce((sum, part) => sum + part.consumed, 0);
  console.log(`${table}\n\nchecksum ${consumed.toExponential(6)}`);
  keep(table);
  const isKept = times <= MOST_TIMES_A_STORE && readNs < MOST_READ_NS;
  if (!isKept) console.error('a bound is missed');
  process.exitCode = isKept ? 0 : 1;
}

main();
