// Reads a journal back, record by record in the order in which they were written.
// It checks that a file is a journal, not every field of every record: they are our own.
import type { Event, RunEvent } from '../events.ts';
import type { Summary } from '../stats/summary.ts';
import { type InputFile, type JsonRecord, type Reading, readJsonLines, refusal, type Stdin } from './input-file.ts';

export type JournalRecord = Event | ({ readonly type: 'summary' } & Summary);

/** Records with the run first; a journal that ends early ends here too. @throws CannotMeasure when it is no journal */
export async function* readJournal(file: InputFile, stdin: Stdin): AsyncGenerator<JournalRecord> {
  let isFirst = true;
  for await (const record of readJsonLines(file, stdin, readJournalRecord, { mayEndEarly: true })) {
    if (isFirst && !isRunRecord(record)) throw notAJournal(file);
    isFirst = false;
    yield record;
  }
  if (isFirst) throw notAJournal(file);
}

/** Whether this is a journal's first record. */
export function isRunRecord(record: object): record is RunEvent {
  const { type, startedAtWallMs, url } = record as Partial<RunEvent>;
  return type === 'run' && typeof startedAtWallMs === 'number' && typeof url === 'string';
}

/** A record that is not known here is one of a later release: without it the numbers would silently be others. */
const RECORD_TYPES: Readonly<Record<JournalRecord['type'], true>> = {
  run: true,
  transfer: true,
  connection: true,
  playlist: true,
  variants: true,
  'segment-listed': true,
  stream: true,
  calibration: true,
  client: true,
  parsed: true,
  progress: true,
  lines: true,
  listing: true,
  'origin-sample': true,
  'origin-request': true,
  sample: true,
  batch: true,
  lost: true,
  finding: true,
  end: true,
  summary: true,
};

/** One line; a type that no journal has is a problem. */
export function readJournalRecord(record: JsonRecord): Reading<JournalRecord> {
  const { type } = record;
  if (typeof type === 'string' && Object.hasOwn(RECORD_TYPES, type))
    return { value: record as unknown as JournalRecord };
  return { problem: `is no record of a journal; allowed "type": ${Object.keys(RECORD_TYPES).join(', ')}` };
}

function notAJournal(file: InputFile): Error {
  return refusal(file, 'is no journal: its first line is not a "run" record, as --journal writes it');
}
