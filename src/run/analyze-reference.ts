// Opens what a log is held against: a truth file or a journal, told apart by the first line.
// It puts statements and transfers on one axis of time, and truth's paths into whole URLs; it scores nothing.
import type { TransferEvent } from '../events.ts';
import { isSameReading, JournalSelection, type LogOwner } from './analyze-journal.ts';
import type { Candidate, Reference, Statement } from './analyze-material.ts';
import { timedByOrder } from './analyze-order.ts';
import { readTruthRow, referenceOf, type TruthRow } from './analyze-truth.ts';
import { type InputFile, readJsonLines, type Stdin } from './input-file.ts';
import { isRunRecord, type JournalRecord, readJournalRecord } from './journal-file.ts';

/** Local times of a log written elsewhere are off by whole quarters of an hour. */
const ZONE_STEP_MS = 900_000;

/** @throws CannotMeasure when it is neither, or when it is not clear whose log it is */
export async function readReference(file: InputFile, stdin: Stdin, owner: LogOwner): Promise<Reference> {
  let journal: JournalSelection | undefined;
  const rows: TruthRow[] = [];
  const read = (record: Readonly<Record<string, unknown>>) => {
    if (journal === undefined && rows.length === 0 && isRunRecord(record)) {
      journal = new JournalSelection(file, record, owner);
      return { value: record as JournalRecord | TruthRow };
    }
    return journal === undefined ? readTruthRow(record) : readJournalRecord(record);
  };
  for await (const value of readJsonLines<JournalRecord | TruthRow>(file, stdin, read, { mayEndEarly: true })) {
    if ('transfer' in value) rows.push(value);
    else journal?.add(value);
  }
  return journal?.reference() ?? referenceOf(file, rows, owner.client);
}

/** The candidate with an instant for every statement, on the reference's axis. */
export function withTimes(candidate: Candidate, reference: Reference | undefined): Candidate {
  const { statements } = candidate;
  // Milliseconds of some run say nothing to a truth of Unix times.
  const isOfAnotherRun = candidate.timeSource === 'journal' && reference?.source === 'truth';
  const timeSource = isOfAnotherRun ? 'none' : candidate.timeSource;
  if (timeSource !== 'none') {
    const shiftMs = reference === undefined ? 0 : shiftOf(candidate, reference);
    return { ...candidate, statements: statements.map(({ fact, atMs }) => ({ fact, atMs: (atMs ?? 0) + shiftMs })) };
  }
  if (reference === undefined) return candidate;
  if (isSameReading(statements, reference.parsed)) {
    const timed = statements.map(({ fact }, at) => ({ fact, atMs: reference.parsed[at]?.atMs }));
    return { ...candidate, statements: timed, timeSource: 'journal' };
  }
  return { ...candidate, statements: timedByOrder(statements, reference.transfers), timeSource: 'order' };
}

/** Truth has paths where the server saw no more; the log tells of which host. */
export function withWholeUrls(reference: Reference, statements: readonly Statement[]): Reference {
  const byPath = new Map<string, string>();
  let base: string | undefined;
  for (const { fact } of statements) {
    const url = 'url' in fact ? fact.url : undefined;
    const parsed = url === undefined ? null : URL.parse(url);
    if (url === undefined || parsed === null) continue;
    base ??= parsed.origin;
    byPath.set(`${parsed.pathname}${parsed.search}`, url);
  }
  const whole = (transfer: TransferEvent): TransferEvent => {
    if (!transfer.url.startsWith('/')) return transfer;
    const url = byPath.get(transfer.url) ?? (base === undefined ? transfer.url : `${base}${transfer.url}`);
    return { ...transfer, url };
  };
  return { ...reference, transfers: reference.transfers.map(whole) };
}

/** From Unix milliseconds to the reference's zero; stamps are local times of whatever machine wrote the log. */
function shiftOf({ statements, timeSource }: Candidate, { zeroWallMs, transfers }: Reference): number {
  if (timeSource === 'journal') return 0;
  if (timeSource !== 'stamps') return -zeroWallMs;
  const first = statements.find(({ fact }) => fact.rule === 'request' || fact.rule === 'open')?.atMs;
  const firstStart = transfers.reduce(
    (least, { startedAtMs }) => Math.min(least, startedAtMs),
    Number.POSITIVE_INFINITY,
  );
  if (first === undefined || firstStart === Number.POSITIVE_INFINITY) return -zeroWallMs;
  const offMs = firstStart - (first - zeroWallMs);
  return Math.round(offMs / ZONE_STEP_MS) * ZONE_STEP_MS - zeroWallMs;
}
