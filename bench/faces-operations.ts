// `npm run bench:faces:operations`: what it costs to count an operation, to time one, and to read them all once per tick; the gap
// before a read of a stream; the memory of fifteen minutes; a page of the HTML report. Medians of rounds; exit 1 = a bound is missed.
// It starts nothing and serves nothing.
import type { Event, TransferEvent } from '../src/events.ts';
import { GAP_SLOTS, gapSlotOf } from '../src/meters.ts';
import { renderPage } from '../src/report/html-page.ts';
import { OperationClock } from '../src/run/operation-clock.ts';
import { OperationBook } from '../src/stats/operations.ts';
import { OPERATION_NAMES } from '../src/stats/summary.ts';
import { Timeline } from '../src/stats/timeline.ts';
import { makeClientsSnapshot } from '../test/support/snapshot-clients.ts';
import { type Check, reportChecks } from './support/checks.ts';
import { machineAndDate } from './support/machine.ts';
import { median } from './support/quantile.ts';

const ROUNDS = 41;
const PER_ROUND = 20_000;
const MOST_RECORD_NS = 1_000;
/** A tick may take 1 % of a core in all. */
const MOST_READ_MS = 3;
const MOST_BOOK_MIB = 4;
const CLIENTS = 1_000;
const PAGE_SECONDS = 1_200;
const MOST_PAGE_MS = 500;
const MOST_PAGE_KB = 1_000;

/** Spread over two decades, as waits are, and new in each round. */
const durationMs = (turn: number): number => 0.5 * 1.05 ** ((turn * 7) % 100);
const clock = { nowMs: () => performance.now(), wallMs: () => 0 };

/** Nanoseconds of one turn, median of the rounds. */
function nanosecondsOf(turn: (at: number) => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    const beforeMs = performance.now();
    for (let at = 0; at < PER_ROUND; at += 1) turn(round * PER_ROUND + at);
    return ((performance.now() - beforeMs) * 1e6) / PER_ROUND;
  });
  return median(rounds);
}

function recording(): readonly Check[] {
  const book = new OperationBook(0);
  const record = nanosecondsOf((at) => book.record('hls_segment_fetch', at * 0.5, durationMs(at)));
  const phases = { waitMs: 4 };
  const transfer = (at: number): TransferEvent =>
    ({
      type: 'transfer',
      kind: 'segment',
      termination: '--',
      status: 200,
      startedAtMs: at * 0.5,
      totalMs: durationMs(at),
      phases,
    }) as TransferEvent;
  const transfers = Array.from({ length: PER_ROUND }, (_, at) => transfer(at));
  const other = { type: 'progress' } as Event;
  const observe = nanosecondsOf((at) => book.observe(transfers[at % PER_ROUND] ?? other));
  const ignore = nanosecondsOf(() => book.observe(other));
  const timed = new OperationClock(clock).timing('stderr_parse');
  const nothing = (): void => {};
  const time = nanosecondsOf(() => timed(nothing));
  const gaps = new Float64Array(GAP_SLOTS);
  const gap = nanosecondsOf((at) => {
    const slot = gapSlotOf(durationMs(at));
    gaps[slot] = (gaps[slot] ?? 0) + 1;
  });
  return [
    nanoseconds('a record', record),
    nanoseconds('a transfer (fetch and first octet, two records)', observe),
    nanoseconds('an event that tells of no operation', ignore),
    nanoseconds('work handed over to be timed, with both looks at the clock', time),
    nanoseconds('the gap before a read of a stream, in the worker', gap),
  ];
}

/** Fifteen minutes of everything, some of it often. */
function filled(): OperationBook {
  const book = new OperationBook(0);
  for (let second = 0; second < 900; second += 1)
    for (const name of OPERATION_NAMES)
      for (let at = 0; at < 200; at += 1) book.record(name, second * 1_000 + at * 5, durationMs(second * 31 + at));
  return book;
}

function reading(): readonly Check[] {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const book = filled();
  globalThis.gc?.();
  const after = process.memoryUsage();
  const mib = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 1_024 ** 2;
  const reads = Array.from({ length: ROUNDS }, (_, round) => {
    const nowMs = 900_000 + round * 1_000;
    for (const name of OPERATION_NAMES) book.record(name, nowMs, 1);
    const beforeMs = performance.now();
    book.read(nowMs);
    return performance.now() - beforeMs;
  });
  return [
    milliseconds('all operations over 300 s, once per tick', median(reads), MOST_READ_MS),
    {
      what: 'memory of 15 minutes of all 13, each 200 times a second',
      measured: `${mib.toFixed(2)} MiB`,
      mustBe: `at most ${MOST_BOOK_MIB} MiB`,
      holds: mib <= MOST_BOOK_MIB,
    },
  ];
}

function page(): readonly Check[] {
  const timeline = new Timeline();
  const snapshot = makeClientsSnapshot(CLIENTS);
  for (let client = 1; client <= CLIENTS; client += 1)
    timeline.observe({ type: 'client', client, process: 1, atMs: client, event: 'start' });
  for (let second = 1; second < PAGE_SECONDS; second += 1)
    timeline.add({ ...snapshot, atMs: second * 1_000, elapsedSeconds: second });
  const input = {
    snapshot,
    command: 'hls-swarm',
    chartLibrary: { script: ' '.repeat(51_000), style: '', license: '' },
  };
  let kilobytes = 0;
  const renders = Array.from({ length: 9 }, () => {
    const beforeMs = performance.now();
    kilobytes = renderPage({ ...input, timeline: timeline.read() }).length / 1_000;
    return performance.now() - beforeMs;
  });
  return [
    milliseconds(`a page of ${PAGE_SECONDS} s with ${CLIENTS} clients`, median(renders), MOST_PAGE_MS),
    {
      what: 'its size',
      measured: `${kilobytes.toFixed(0)} kB`,
      mustBe: `at most ${MOST_PAGE_KB} kB`,
      holds: kilobytes <= MOST_PAGE_KB,
    },
  ];
}

function nanoseconds(what: string, measured: number): Check {
  return {
    what,
    measured: `${measured.toFixed(0)} ns`,
    mustBe: `below ${MOST_RECORD_NS} ns`,
    holds: measured < MOST_RECORD_NS,
  };
}

function milliseconds(what: string, measured: number, most: number): Check {
  return { what, measured: `${measured.toFixed(2)} ms`, mustBe: `at most ${most} ms`, holds: measured <= most };
}

await reportChecks('faces-operations', machineAndDate(), [...recording(), ...reading(), ...page()]);
