// Aligns request lines with transfers of one resource of one process: in order, nearest in time, nothing crosses.
// It does not decide what an unpaired line or transfer means; it sees two sorted lists and returns pairs.

/** A GET line is printed before the request is written, and reaches us soon after: further apart is another attempt. */
const WITHIN_MS = 1000;
/** Unless our own thread read the later of the two late, which lasts seconds on a machine that is full. */
const WITHIN_MS_WHEN_LATE = 5000;

/** What leaving one side of a pair alone costs; two make 1, the cost of a pair at the edge of what is allowed. */
const COST_ALONE = 0.5;
/** A line that is repeated at once on a new connection most likely went to a connection that was gone already. */
const COST_REPEATED_ALONE = 0.25;

export interface AlignedLine {
  readonly atMs: number;
  /** It arrived while our own loop was late. */
  readonly isLate: boolean;
  /** The process's next request was the same again, on a new connection. */
  readonly isRepeated: boolean;
}

export interface AlignedTransfer {
  readonly startedAtMs: number;
  /** It was seen after its thread of the tap had been late. Not given = it was not. */
  readonly isLate?: boolean;
}

/** Pairs of positions in the two lists, ascending. Both lists must be in ascending order of time. */
export function align(lines: readonly AlignedLine[], transfers: readonly AlignedTransfer[]): [number, number][] {
  const [line, transfer] = [lines[0], transfers[0]];
  if (line === undefined || transfer === undefined) return [];
  if (lines.length === 1 && transfers.length === 1) return pairCost(line, transfer) <= 1 ? [[0, 0]] : [];
  return inTurn(lines, transfers) ?? backtrack(lines, transfers, costs(lines, transfers));
}

/** Each line with the transfer of its turn, where that is certain to be cheapest: anything else leaves one of each side alone. */
function inTurn(lines: readonly AlignedLine[], transfers: readonly AlignedTransfer[]): [number, number][] | undefined {
  if (lines.length !== transfers.length) return undefined;
  const pairs: [number, number][] = [];
  let cost = 0;
  for (const [index, line] of lines.entries()) {
    const transfer = transfers[index];
    if (transfer === undefined) return undefined;
    cost += pairCost(line, transfer);
    if (cost >= COST_ALONE + COST_REPEATED_ALONE) return undefined;
    pairs.push([index, index]);
  }
  return pairs;
}

/**
 * The square root lets one pair at no distance and one line alone win over two pairs that are both shifted: a lost
 * line must not push all later ones to their neighbours.
 */
function pairCost(line: AlignedLine, transfer: AlignedTransfer): number {
  const errorMs = line.atMs - transfer.startedAtMs;
  const isLate = errorMs > 0 ? line.isLate : (transfer.isLate ?? false);
  const share = Math.abs(errorMs) / (isLate ? WITHIN_MS_WHEN_LATE : WITHIN_MS);
  return share > 1 ? Number.POSITIVE_INFINITY : Math.sqrt(share);
}

function costAlone(line: AlignedLine): number {
  return line.isRepeated ? COST_REPEATED_ALONE : COST_ALONE;
}

/** `table[i * width + j]`: the least cost of the first i lines and the first j transfers. */
function costs(lines: readonly AlignedLine[], transfers: readonly AlignedTransfer[]): Float64Array {
  const width = transfers.length + 1;
  const table = new Float64Array((lines.length + 1) * width);
  for (let j = 1; j < width; j += 1) table[j] = j * COST_ALONE;
  lines.forEach((line, i) => {
    const row = (i + 1) * width;
    table[row] = (table[row - width] ?? 0) + costAlone(line);
    transfers.forEach((transfer, j) => {
      const above = row - width + j;
      table[row + j + 1] = Math.min(
        (table[above] ?? 0) + pairCost(line, transfer),
        (table[above + 1] ?? 0) + costAlone(line),
        (table[row + j] ?? 0) + COST_ALONE,
      );
    });
  });
  return table;
}

/** From the end, pairs first: of equally good alignments the one that pairs the later line, as a repetition is. */
function backtrack(
  lines: readonly AlignedLine[],
  transfers: readonly AlignedTransfer[],
  table: Float64Array,
): [number, number][] {
  const width = transfers.length + 1;
  const pairs: [number, number][] = [];
  let i = lines.length;
  let j = transfers.length;
  while (i > 0 && j > 0) {
    const [line, transfer] = [lines[i - 1], transfers[j - 1]];
    if (line === undefined || transfer === undefined) break;
    const cost = table[i * width + j] ?? 0;
    const above = (i - 1) * width + j;
    if (cost === (table[above - 1] ?? 0) + pairCost(line, transfer)) {
      i -= 1;
      j -= 1;
      pairs.push([i, j]);
    } else if (cost === (table[above] ?? 0) + costAlone(line)) i -= 1;
    else j -= 1;
  }
  return pairs.reverse();
}
