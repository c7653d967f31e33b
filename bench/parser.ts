// `npm run bench:parser`: what reading the logs of 300 clients costs, and what is kept of each. A recorded live client at level
// debug is fed as it came, chunk by chunk, into what a client process has (splitters, budgets, parsers) and into the account; once
// more with signed URLs. What waits for the tap's side (pairing, agreement of errors) is not in it: a few attempts per client.
// CPU is the process's own, garbage collection included; state is the heap after a collection. Exit 1 = a bound is missed.
import type { ParsedEvent } from '../src/events.ts';
import { InferredDurations } from '../src/stats/inferred-durations.ts';
import { ParserAccount } from '../src/stats/parser-account.ts';
import { FigureBook } from '../src/stats/process-figures.ts';
import { LineBudget } from '../src/swarm/line-budget.ts';
import { LineSplitter } from '../src/swarm/line-splitter.ts';
import { ProgressParser } from '../src/swarm/progress-parser.ts';
import { StderrParser } from '../src/swarm/stderr-parser.ts';
import { collectGarbage } from '../test/support/collect-garbage.ts';
import { type RecordedChunk, readRecording, steadyTurn } from './parser/recorded-client.ts';
import { machineAndDate } from './support/machine.ts';
import { markdownTable, writeResult } from './support/table.ts';

const CLIENTS = 300;
/** The default of --stats-buffer. */
const LINES_PER_100_MS = 1000;
/** About an hour of a 2 s stream. */
const LONG_TURNS = 100;
const SHORT_TURNS = 10;
const ROUNDS = 5;
const MOST_SHARE = 0.03;
const MOST_STATE_BYTES = 64 * 1024;
const URL = 'http://127.0.0.1:8080/live/ts/stream.m3u8';
/** A long signature, such as those of content delivery networks. */
const TOKEN_CHARS = 1_000;

interface Client {
  readonly stderr: LineSplitter;
  readonly progress: LineSplitter;
  readonly parser: StderrParser;
  readonly progressParser: ProgressParser;
  readonly budget: LineBudget;
}

type Listen = (event: ParsedEvent) => void;

function newClient(client: number, listen: Listen): Client {
  const budget = new LineBudget(LINES_PER_100_MS);
  const parser = new StderrParser((fact, atMs) => listen({ type: 'parsed', client, process: 1, atMs, ...fact }));
  const progressParser = new ProgressParser(() => {});
  return {
    stderr: new LineSplitter({ onLine: (text, atMs) => budget.take(atMs) && parser.line(text, atMs) }),
    progress: new LineSplitter({ onLine: (text, atMs) => progressParser.line(text, atMs) }),
    parser,
    progressParser,
    budget,
  };
}

/** Every client gets each chunk in turn, as a swarm's pipes bring them. */
function feed(clients: readonly Client[], chunks: readonly RecordedChunk[]): void {
  for (const { atMs, stream, octets } of chunks) for (const client of clients) client[stream].push(octets, atMs);
}

function newAccount(): ParserAccount {
  const doorPorts = new Map(Array.from({ length: CLIENTS }, (_, index) => [index + 1, 8080]));
  return new ParserAccount({
    streamUrl: URL,
    segmentCacheWindow: 300,
    doorPorts,
    figures: new FigureBook(),
    durations: new InferredDurations(),
  });
}

interface Cost {
  readonly cpuSeconds: number;
  readonly lines: number;
  readonly bytes: number;
  readonly mediaSeconds: number;
  readonly droppedLines: number;
  readonly unparsedLines: number;
}

/** A minute and a quarter of 300 clients, starts included. */
function measureCost(withAccount: boolean): Cost {
  const recording = readRecording();
  const chunks = [...recording.start, ...steadyTurn(recording, 0), ...steadyTurn(recording, 1)];
  const account = newAccount();
  const listen: Listen = withAccount ? (event) => void account.record(event) : () => {};
  const clients = Array.from({ length: CLIENTS }, (_, index) => newClient(index + 1, listen));
  collectGarbage();
  const before = process.cpuUsage();
  feed(clients, chunks);
  const { user, system } = process.cpuUsage(before);
  const sum = (pick: (client: Client) => number): number => clients.reduce((total, client) => total + pick(client), 0);
  return {
    cpuSeconds: (user + system) / 1e6,
    lines: sum(({ stderr, progress }) => stderr.counters.lines + progress.counters.lines),
    bytes: CLIENTS * chunks.reduce((total, { octets }) => total + octets.length, 0),
    mediaSeconds: (recording.start.at(-1)?.atMs ?? 0) / 1000 + (2 * recording.steadyMs) / 1000,
    droppedLines: sum(({ budget }) => budget.dropped),
    unparsedLines: sum(({ parser }) => parser.counters.unparsed),
  };
}

/** Heap per client after `turns` of the steady part. */
function measureState(turns: number, hasSignedUrls = false): number {
  const recording = readRecording();
  const sign = hasSignedUrls ? signed : (chunks: readonly RecordedChunk[]) => chunks;
  collectGarbage();
  const beforeBytes = heldBytes();
  const account = newAccount();
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    newClient(index + 1, (event) => void account.record(event)),
  );
  feed(clients, sign(recording.start));
  for (let turn = 0; turn < turns; turn += 1) feed(clients, sign(steadyTurn(recording, turn)));
  // In the middle of a line, where most is held.
  for (const { stderr } of clients) stderr.push(Buffer.from(`[http @ 0x1] [info] Opening '${URL}`), 0);
  collectGarbage();
  const stateBytes = (heldBytes() - beforeBytes) / CLIENTS;
  if (account.events === 0 || clients.length === 0) throw new Error('nothing was parsed');
  return stateBytes;
}

/** Every URL of a segment with a query of its own. */
function signed(chunks: readonly RecordedChunk[]): readonly RecordedChunk[] {
  const token = 'a'.repeat(TOKEN_CHARS);
  return chunks.map(({ atMs, stream, octets }) => {
    const text = octets.toString('latin1').replace(/(seg\d{5}\.ts)/g, `$1?token=${token}$1`);
    return { atMs, stream, octets: Buffer.from(text, 'latin1') };
  });
}

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function median(costs: readonly Cost[]): Cost {
  const sorted = costs.toSorted((one, other) => one.cpuSeconds - other.cpuSeconds);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('no round');
  return middle;
}

async function main(): Promise<void> {
  measureCost(true);
  const rounds = (withAccount: boolean): Cost => median(Array.from({ length: ROUNDS }, () => measureCost(withAccount)));
  const alone = rounds(false);
  const counted = rounds(true);
  const share = ({ cpuSeconds, mediaSeconds }: Cost): number => cpuSeconds / mediaSeconds;
  const shortBytes = measureState(SHORT_TURNS);
  const longBytes = measureState(LONG_TURNS);
  const signedBytes = measureState(SHORT_TURNS, true);
  const isKept =
    share(alone) <= MOST_SHARE &&
    Math.max(shortBytes, longBytes, signedBytes) <= MOST_STATE_BYTES &&
    counted.droppedLines + counted.unparsedLines === 0;
  const percent = (ratio: number): string => `${(100 * ratio).toFixed(2)} %`;
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
  const rate = (count: number, { cpuSeconds }: Cost): string => Math.round(count / cpuSeconds).toLocaleString('en');
  const table = markdownTable([
    ['what', 'measured', 'must be'],
    ['lines per CPU second', rate(alone.lines, alone), ''],
    ['MB per CPU second', (alone.bytes / alone.cpuSeconds / 1e6).toFixed(1), ''],
    [
      `share of one core, ${CLIENTS} clients at level debug, starts included`,
      percent(share(alone)),
      percent(MOST_SHARE),
    ],
    ['the same with the parser account (kinds, lookups, intervals)', percent(share(counted)), ''],
    [`state per client after ${SHORT_TURNS} turns, account included`, kib(shortBytes), kib(MOST_STATE_BYTES)],
    [`state per client after ${LONG_TURNS} turns`, kib(longBytes), kib(MOST_STATE_BYTES)],
    [
      `the same after ${SHORT_TURNS}, URLs with ${TOKEN_CHARS} more characters`,
      kib(signedBytes),
      kib(MOST_STATE_BYTES),
    ],
    ['lines, dropped, not understood', `${counted.lines}, ${counted.droppedLines}, ${counted.unparsedLines}`, '0, 0'],
  ]);
  const { mediaSeconds } = alone;
  const head = `${CLIENTS} recorded live clients (2 s segments, level debug), ${mediaSeconds.toFixed(0)} s each, median of ${ROUNDS}`;
  const text = `${head}; ${machineAndDate()} (\`npm run bench:parser\`).\n\n${table}`;
  console.log(text);
  await writeResult('bench:parser', text);
  if (!isKept) console.error('a bound is missed');
  process.exitCode = isKept ? 0 : 1;
}

await main();
