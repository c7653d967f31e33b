// Lines without times get them from the truth, by order alone: the longest common sequence of what was asked for.
// What it gives says nothing of when a line was printed; whoever uses it must time nothing with it.
import type { TransferEvent } from '../events.ts';
import { resourceKey } from '../hls/resource.ts';
import type { Statement } from './analyze-material.ts';
import { keyOf } from './analyze-pairs.ts';

/** Differences between log and truth that are followed; each costs memory in proportion to those before it. */
const MAX_DIFFERENCES = 3000;
const NOBODY = -1;

/**
 * The statements with instants of transfers: of its own where it has one, else of its neighbours. `hasEnd`: the statements go
 * on to the process's end; otherwise the last requests may be without any.
 */
export function timedByOrder(
  statements: readonly Statement[],
  transfers: readonly TransferEvent[],
  hasEnd: boolean,
): Statement[] {
  const positions = attemptsIn(statements);
  const hasRanges = positions.some((at) => statements[at]?.fact.rule === 'request');
  const ordered = transfers.toSorted((one, other) => one.startedAtMs - other.startedAtMs);
  const keys = positions.map((at) => keyOf(statements[at]));
  const wanted = ordered.map(({ url, range }) => resourceKey(url, hasRanges ? range : undefined));
  const covered = hasEnd
    ? ordered.length
    : 1 + commonSequence(keys, wanted).reduce((last, at) => Math.max(last, at), NOBODY);
  // From the end: of two equal lines of which one was answered, it is the later one.
  const requests = ordered.slice(0, covered).toReversed();
  const partners = commonSequence(keys.toReversed(), wanted.slice(0, covered).toReversed());
  const known = new Map(
    positions.toReversed().map((at, index) => [at, requests[partners[index] ?? NOBODY]?.startedAtMs]),
  );
  return filled(statements, known, ordered[0]?.startedAtMs ?? 0);
}

/**
 * One statement per attempt: request lines; where there are none, openings and such announcements as no opening follows.
 * What was opened after the last request line lost its own to the end of the log.
 */
function attemptsIn(statements: readonly Statement[]): number[] {
  const last = statements.findLastIndex(({ fact }) => fact.rule === 'request');
  if (last < 0) return openingsIn(statements, 0);
  const requests = statements.flatMap(({ fact }, at) => (fact.rule === 'request' ? [at] : []));
  return [...requests, ...openingsIn(statements, last + 1)];
}

function openingsIn(statements: readonly Statement[], from: number): number[] {
  const found = statements.flatMap(({ fact }, at) =>
    at >= from && (fact.rule === 'open' || fact.rule === 'hls-request') ? [{ at, rule: fact.rule, url: fact.url }] : [],
  );
  return found
    .filter(
      ({ rule, url }, index) => rule === 'open' || found[index + 1]?.rule !== 'open' || found[index + 1]?.url !== url,
    )
    .map(({ at }) => at);
}

/**
 * For each item of `left` the position of its partner in `right`, or -1: in order, and as many as can be (Myers' algorithm),
 * unless the two have too little in common to be followed so far.
 */
export function commonSequence(left: readonly string[], right: readonly string[]): Int32Array {
  const partners = new Int32Array(left.length).fill(NOBODY);
  const traces: Int32Array[] = [];
  const limit = Math.min(left.length + right.length, MAX_DIFFERENCES);
  const furthest = new Int32Array(2 * limit + 3);
  const at = (diagonal: number): number => diagonal + limit + 1;
  for (let differences = 0; differences <= limit; differences += 1) {
    traces.push(furthest.slice(at(-differences - 1), at(differences + 1) + 1));
    for (let diagonal = -differences; diagonal <= differences; diagonal += 2) {
      const below = furthest[at(diagonal + 1)] ?? 0;
      const beside = furthest[at(diagonal - 1)] ?? 0;
      let x = isFromBelow(diagonal, differences, below, beside) ? below : beside + 1;
      while (x < left.length && x - diagonal < right.length && left[x] === right[x - diagonal]) x += 1;
      furthest[at(diagonal)] = x;
      if (x >= left.length && x - diagonal >= right.length) {
        retrace(traces, left.length, right.length, partners);
        return partners;
      }
    }
  }
  return commonLandmarks(left, right);
}

/** For two texts that have little in common: what is but once in each, as far as the order of both is one. */
function commonLandmarks(left: readonly string[], right: readonly string[]): Int32Array {
  const ofLeft = positionsOfSingles(left);
  const ofRight = positionsOfSingles(right);
  let last = NOBODY;
  return Int32Array.from(left, (item) => {
    const position = ofLeft.has(item) ? (ofRight.get(item) ?? NOBODY) : NOBODY;
    if (position <= last) return NOBODY;
    last = position;
    return position;
  });
}

function positionsOfSingles(items: readonly string[]): ReadonlyMap<string, number> {
  const positions = new Map(items.map((item, at) => [item, at]));
  items.forEach((item, at) => {
    // Another one stands behind it.
    if (positions.get(item) !== at) positions.delete(item);
  });
  return positions;
}

function isFromBelow(diagonal: number, differences: number, below: number, beside: number): boolean {
  return diagonal === -differences || (diagonal !== differences && beside < below);
}

/** Walks back from the end; each trace is what was known before that many differences. */
function retrace(traces: readonly Int32Array[], leftLength: number, rightLength: number, partners: Int32Array): void {
  let x = leftLength;
  let y = rightLength;
  for (let differences = traces.length - 1; differences >= 0; differences -= 1) {
    const trace = traces[differences];
    const at = (diagonal: number): number => trace?.[diagonal + differences + 1] ?? 0;
    const diagonal = x - y;
    const [below, beside] = [at(diagonal + 1), at(diagonal - 1)];
    const isDown = isFromBelow(diagonal, differences, below, beside);
    const fromX = differences === 0 ? 0 : isDown ? below : beside;
    const fromY = differences === 0 ? 0 : fromX - (isDown ? diagonal + 1 : diagonal - 1);
    while (x > fromX && y > fromY) {
      x -= 1;
      y -= 1;
      partners[x] = y;
    }
    x = fromX;
    y = fromY;
  }
}

/** An opening comes right before its request, everything else after what it is about. */
function filled(
  statements: readonly Statement[],
  known: ReadonlyMap<number, number | undefined>,
  firstAtMs: number,
): Statement[] {
  const instants = statements.map((_, at) => known.get(at));
  let next: number | undefined;
  for (let at = statements.length - 1; at >= 0; at -= 1) {
    const rule = statements[at]?.fact.rule;
    if (known.has(at)) next = instants[at] ?? next;
    if (rule === 'request' || rule === 'open' || rule === 'hls-request') instants[at] ??= next;
  }
  let last = firstAtMs;
  return statements.map(({ fact }, at) => {
    last = Math.max(last, instants[at] ?? last);
    return { fact, atMs: instants[at] ?? last };
  });
}
