// Reads the transfers of a journal that is too long for one string: line by line, anything else passed over unread.
// It judges nothing; the join with an origin's log is test/support/journal.ts.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TransferEvent } from '../../src/events.ts';

export interface JournalTransfers {
  readonly transfers: readonly TransferEvent[];
  readonly lines: number;
  /** The last line was the summary: the journal is whole. */
  readonly isWhole: boolean;
}

const TRANSFER = '{"type":"transfer"';
const SUMMARY = '{"type":"summary"';

export async function readTransfers(path: string): Promise<JournalTransfers> {
  const transfers: TransferEvent[] = [];
  let lines = 0;
  let isWhole = false;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    lines += 1;
    isWhole = line.startsWith(SUMMARY);
    if (line.startsWith(TRANSFER)) transfers.push(JSON.parse(line) as TransferEvent);
  }
  return { transfers, lines, isWhole };
}
