// `hls-swarm replay JOURNAL`: the statistics of a run again, from its records. The same ledger, fed from a file.
// It measures nothing, starts nothing and writes no file but the page that `--html` asks for. What a journal does not keep (the batches by which each worker's
// ledger is balanced as it goes) it cannot judge again: the verdict of the run stands in the run's own summary.
import { isDeepStrictEqual } from 'node:util';
import type { Options } from '../config/options.ts';
import type { Event, RunEvent } from '../events.ts';
import { renderSummary } from '../report/exit-summary.ts';
import { Ledger } from '../stats/ledger.ts';
import type { Snapshot, Summary } from '../stats/summary.ts';
import { exitCode } from './closing.ts';
import { CannotMeasure, EXIT, type ExitCode } from './exit-codes.ts';
import type { House } from './house.ts';
import { HtmlReport } from './html-report.ts';
import type { InputFile, Stdin } from './input-file.ts';
import { readJournal } from './journal-file.ts';
import { noMediaCause } from './no-media.ts';
import { checkOutputPlaces } from './output-places.ts';
import { redactDeep } from './redact.ts';
import { ledgerOptions } from './run-facts.ts';

export interface Replay {
  readonly snapshot: Snapshot;
  /** Absent when the journal ends early. */
  readonly recorded?: Summary;
}

/** What a replay must give again, figure by figure. */
const REPLAYED = ['proxy', 'parser', 'agreement', 'reconciliation'] as const;
const PAGE_WIDTH = 80;
/** How `hls-swarm proxy` names the FFmpeg that it does not start. */
const NO_FFMPEG = 'none';

/** Prints the summary again; resolves to the exit code of its verdict. @throws CannotMeasure when the file is no journal */
export async function runReplay(
  path: string,
  { json, html }: Options,
  { terminal, redact }: House,
  command = '',
): Promise<ExitCode> {
  const page = html === undefined ? undefined : await openPage(html, command);
  const { snapshot, recorded } = await replay({ option: 'JOURNAL', path }, terminal.stdin, page);
  const shown = redactDeep(snapshot, redact);
  if (json) terminal.stdout.write(`${JSON.stringify(shown.summary, null, 2)}\n`);
  else terminal.stdout.write(renderSummary(shown, { width: PAGE_WIDTH }));
  terminal.stderr.write(`hls-swarm: ${verification(snapshot.summary, recorded)}\n`);
  if (page !== undefined) await writePage(page, shown, redactDeep(recorded, redact));
  const hasClients = snapshot.summary.run.ffmpeg !== NO_FFMPEG;
  const code = exitCode(snapshot, hasClients);
  if (code === EXIT.notMeasured) {
    terminal.stderr.write(`hls-swarm: not one media byte was received in that run${noMediaCause(snapshot)}\n`);
  }
  return code;
}

/** @throws CannotMeasure when it could not be written in the end */
async function openPage(path: string, command: string): Promise<HtmlReport> {
  await checkOutputPlaces({ html: path }).catch(refuse);
  return new HtmlReport({ path, command, note: 'Figures of a journal that was replayed.' });
}

/** The verdict is the run's own, where its journal has it. */
async function writePage(page: HtmlReport, shown: Snapshot, recorded: Summary | undefined): Promise<void> {
  const { summary } = shown;
  const judged = { ...shown, summary: { ...summary, instrument: recorded?.instrument ?? summary.instrument } };
  page.add(judged);
  await page.write(judged).catch(refuse);
}

function refuse(error: Error): never {
  throw new CannotMeasure(error.message);
}

/** `page`: follows what happened. @throws CannotMeasure when the file is no journal */
export async function replay(file: InputFile, stdin: Stdin, page?: HtmlReport): Promise<Replay> {
  let run: RunEvent | undefined;
  let ledger: Ledger | undefined;
  let recorded: Summary | undefined;
  let lastAtMs = 0;
  let endedAtMs: number | undefined;
  for await (const record of readJournal(file, stdin)) {
    if (record.type === 'summary') {
      const { type: _type, ...summary } = record;
      recorded = summary;
      continue;
    }
    // Findings are what the ledger found; it finds them again.
    if (record.type === 'finding') continue;
    if (record.type === 'run') {
      run = record;
      ledger = new Ledger(ledgerOptions(run));
    }
    ledger?.record(record);
    page?.observe(record);
    if (page !== undefined && record.type === 'sample' && ledger !== undefined)
      page.add(ledger.snapshot(record.atMs, record.wallMs));
    lastAtMs = Math.max(lastAtMs, instantOf(record) ?? 0);
    if (record.type === 'end') endedAtMs = record.atMs;
  }
  if (run === undefined || ledger === undefined) throw new Error('a journal without its run got past the reader');
  const atMs = endedAtMs ?? lastAtMs;
  if (endedAtMs === undefined) ledger.finish(atMs);
  const snapshot = ledger.snapshot(atMs, run.startedAtWallMs + atMs);
  return { snapshot, ...(recorded === undefined ? {} : { recorded }) };
}

/** When a record came to be, where it says so by the field that most have. */
function instantOf(event: Event): number | undefined {
  return 'atMs' in event ? event.atMs : undefined;
}

/** Whether the journal's own summary says the same, in a sentence. */
function verification(replayed: Summary, recorded: Summary | undefined): string {
  if (recorded === undefined)
    return 'the journal ends without a summary: its run was cut off, and these are the numbers until then';
  const different = REPLAYED.filter((part) => !isDeepStrictEqual(plain(replayed[part]), recorded[part]));
  if (different.length === 0) return `${REPLAYED.join(', ')} equal the run's own summary`;
  const { lostRecords } = recorded.instrument;
  const why = lostRecords > 0 ? `; the run lost ${lostRecords} records` : '';
  return `${different.join(', ')} differ from the run's own summary${why}`;
}

/** As it would be in a file. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
