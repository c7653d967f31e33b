// Opens what a log is held against: a truth file or a journal, told apart by the first line.
// It puts statements and transfers on one axis of time and under the same names; it scores nothing.
import { isSameReading, JournalSelection, type LogOwner } from './analyze-journal.ts';
import type { Candidate, LogSigns, Reference, Statement } from './analyze-material.ts';
import { timedByOrder } from './analyze-order.ts';
import { readTruthRow, referenceOf, type TruthRow } from './analyze-truth.ts';
import { type InputFile, readJsonLines, refusal, type Stdin } from './input-file.ts';
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
  if (journal === undefined && owner.process !== undefined) {
    throw refusal(
      file,
      `is a truth file, in which nothing has a process; --log-process ${owner.process} goes with a journal`,
    );
  }
  return journal?.reference() ?? referenceOf(file, rows, owner.client);
}

/** The candidate with an instant for every statement, on the reference's axis. */
export function withTimes(candidate: Candidate, reference: Reference | undefined): Candidate {
  const { statements, signs } = candidate;
  // Milliseconds of some run say nothing to a truth of Unix times.
  const isOfAnotherRun = candidate.timeSource === 'journal' && reference?.source === 'truth';
  const timeSource = isOfAnotherRun ? 'none' : candidate.timeSource;
  if (timeSource !== 'none') {
    const shiftMs = reference === undefined ? 0 : shiftOf(candidate, reference);
    return {
      ...candidate,
      statements: statements.map(({ fact, atMs }) => ({ fact, atMs: (atMs ?? 0) + shiftMs })),
      ...(signs === undefined ? {} : { signs: shifted(signs, shiftMs) }),
    };
  }
  if (reference === undefined) return candidate;
  if (isSameReading(statements, reference.parsed)) {
    const timed = statements.map(({ fact }, at) => ({ fact, atMs: reference.parsed[at]?.atMs }));
    return { ...candidate, statements: timed, timeSource: 'journal' };
  }
  const inOrder = timedByOrder(statements, reference.transfers, signs?.hasEnd ?? false);
  return { ...candidate, statements: inOrder, timeSource: 'order' };
}

/**
 * Truth has paths where the server saw no more: then paths and queries are compared, and whatever hosts the log names are
 * out on both sides. Where the truth has whole URLs they are compared as they are.
 */
export function withoutHosts<Truth extends Reference | undefined>(
  candidate: Candidate,
  reference: Truth,
): { readonly candidate: Candidate; readonly reference: Truth } {
  const { statements } = candidate;
  const base = originOf(statements);
  // A line that was cut off before its Host has a path only, too.
  const hasPaths = reference?.transfers.some(({ url }) => url.startsWith('/')) ?? false;
  const isKept = (url: string): boolean => (hasPaths ? isTunnelled(url, reference) : !url.startsWith('/'));
  const whole = (url: string): string => (isKept(url) ? url : `${base}${pathOf(url)}`);
  const said = statements.map(({ fact, atMs }) => ({
    atMs,
    fact: 'url' in fact && fact.url !== undefined ? { ...fact, url: whole(fact.url) } : fact,
  }));
  const requested = reference?.transfers.map((transfer) => ({ ...transfer, url: whole(transfer.url) }));
  return {
    candidate: { ...candidate, statements: said },
    reference: requested === undefined ? reference : { ...reference, transfers: requested },
  };
}

/** Of the first URL that has one; any will do where nobody names a host. */
function originOf(statements: readonly Statement[]): string {
  for (const { fact } of statements) {
    const parsed = 'url' in fact && fact.url !== undefined ? URL.parse(fact.url) : null;
    if (parsed !== null && parsed.origin !== 'null') return parsed.origin;
  }
  return 'http://origin';
}

/** Whoever saw a CONNECT saw nothing of what passed inside, whatever its path. */
function isTunnelled(url: string, reference: Reference | undefined): boolean {
  return (reference?.tunnels ?? 0) > 0 && url.startsWith('https:');
}

function pathOf(url: string): string {
  const parsed = URL.parse(url);
  return parsed === null ? url : `${parsed.pathname}${parsed.search}`;
}

function shifted({ firstAtMs, lastAtMs, ...signs }: LogSigns, shiftMs: number): LogSigns {
  return {
    ...signs,
    ...(firstAtMs === undefined ? {} : { firstAtMs: firstAtMs + shiftMs }),
    ...(lastAtMs === undefined ? {} : { lastAtMs: lastAtMs + shiftMs }),
  };
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
