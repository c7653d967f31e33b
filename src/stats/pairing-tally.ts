// What pairing has judged so far, by group of kinds: counts and the errors of the start times. It pairs nothing.
import { type Kind, PARSED_KINDS, type ParsedKind } from '../events.ts';
import { type AttemptCounts, ErrorAccumulator } from './agreement.ts';
import { PairingWindow, type WindowVerdict } from './pairing-window.ts';
import { START_ERROR_BOUNDS_MS } from './start-errors.ts';
import type { AttemptTotals } from './summary.ts';

/** As the parser names them: the tap's kinds are put together to match. */
export type AttemptGroup = ParsedKind;
export const ATTEMPT_GROUPS: readonly AttemptGroup[] = PARSED_KINDS;

const GROUP_OF_KIND: Readonly<Record<Kind, AttemptGroup>> = {
  'multivariant-playlist': 'playlist',
  'media-playlist': 'playlist',
  segment: 'segment',
  part: 'segment',
  init: 'init',
  key: 'key',
  redirect: 'other',
  stream: 'other',
  other: 'other',
};

export function groupOf(kind: Kind): AttemptGroup {
  return GROUP_OF_KIND[kind];
}

export interface PendingCounts {
  readonly lines: Readonly<Record<AttemptGroup, number>>;
  readonly transfers: Readonly<Record<AttemptGroup, number>>;
}

/** A line and its transfer. */
interface Pair {
  readonly startErrorMs: number;
  readonly isLate: boolean;
}

interface GroupCounts {
  transfers: number;
  matched: number;
  missed: number;
  spurious: number;
  deadConnection: number;
  excludedAtStop: number;
  lateLines: number;
  wrongKind: number;
}

interface Group {
  readonly counts: GroupCounts;
  readonly startErrorsMs: ErrorAccumulator;
  readonly window: PairingWindow;
}

export class PairingTally {
  readonly #groups: Readonly<Record<AttemptGroup, Group>> = everyGroup(newGroup);
  readonly #totals = {
    lines: 0,
    transfers: 0,
    excludedLines: 0,
    excludedTransfers: 0,
    outOfUnit: 0,
    droppedLines: 0,
    droppedTransfers: 0,
  };

  /** Of the judging that goes on; undefined where nothing is judged before the end. */
  #atMs: number | undefined;

  /** What is judged from now on is judged at this instant. */
  tick(atMs: number): void {
    this.#atMs = atMs;
  }

  sawLine(): void {
    this.#totals.lines += 1;
  }

  sawTransfer(group: AttemptGroup): void {
    this.#groups[group].counts.transfers += 1;
    this.#totals.transfers += 1;
  }

  droppedLine(): void {
    this.#totals.droppedLines += 1;
  }

  droppedTransfer(): void {
    this.#totals.droppedTransfers += 1;
  }

  outOfUnit(): void {
    this.#totals.outOfUnit += 1;
  }

  matched(group: AttemptGroup, { startErrorMs, isLate }: Pair): void {
    const { counts, startErrorsMs, window } = this.#groups[group];
    this.count(group, 'matched');
    if (isLate) counts.lateLines += 1;
    else {
      startErrorsMs.add(startErrorMs);
      if (this.#atMs !== undefined) window.startError(startErrorMs, this.#atMs);
    }
  }

  /** Matched, and the parser took it for something else. */
  wrongKind(group: AttemptGroup): void {
    this.#groups[group].counts.wrongKind += 1;
  }

  count(group: AttemptGroup, verdict: WindowVerdict): void {
    const { counts, window } = this.#groups[group];
    counts[verdict] += 1;
    if (this.#atMs !== undefined) window.count(verdict, this.#atMs);
  }

  excluded(group: AttemptGroup, sides: 'line' | 'transfer' | 'pair'): void {
    this.#groups[group].counts.excludedAtStop += 1;
    if (sides !== 'transfer') this.#totals.excludedLines += 1;
    if (sides !== 'line') this.#totals.excludedTransfers += 1;
  }

  /** A pair waits on both sides at once, so the larger side is the number of attempts not judged yet. */
  readGroups(pending: PendingCounts): Record<AttemptGroup, AttemptCounts> {
    return everyGroup((group) => ({
      ...this.#groups[group].counts,
      pending: Math.max(pending.lines[group], pending.transfers[group]),
      startErrorMs: this.#groups[group].startErrorsMs.read(),
      ...(this.#atMs === undefined ? {} : { window: this.#groups[group].window.read(this.#atMs) }),
    }));
  }

  /** Errors of start times of one group by the bins of a picture. */
  readStartErrors(group: AttemptGroup): readonly number[] {
    return this.#groups[group].startErrorsMs.countsWithin(START_ERROR_BOUNDS_MS);
  }

  readTotals(pending: PendingCounts): AttemptTotals {
    return { ...this.#totals, pendingLines: sum(pending.lines), pendingTransfers: sum(pending.transfers) };
  }
}

/** One value per group. */
export function everyGroup<Value>(create: (group: AttemptGroup) => Value): Record<AttemptGroup, Value> {
  return {
    segment: create('segment'),
    playlist: create('playlist'),
    init: create('init'),
    key: create('key'),
    other: create('other'),
  };
}

function newGroup(): Group {
  return {
    counts: {
      transfers: 0,
      matched: 0,
      missed: 0,
      spurious: 0,
      deadConnection: 0,
      excludedAtStop: 0,
      lateLines: 0,
      wrongKind: 0,
    },
    startErrorsMs: new ErrorAccumulator(),
    window: new PairingWindow(),
  };
}

function sum(counts: Readonly<Record<AttemptGroup, number>>): number {
  return ATTEMPT_GROUPS.reduce((total, group) => total + counts[group], 0);
}
