// `npm run verify:agreement`: how far the parser agrees with the tap where it must. Live, 20 clients for 60 s without a fault;
// finished streams to the byte; stopped clients; every fault of a scripted origin. Exit 1 when a law does not hold.
import { loadavg } from 'node:os';
import {
  faultProblems,
  finishedProblems,
  liveProblems,
  paddingOf,
  pairingProblems,
  stoppedProblems,
} from '../test/support/agreement-laws.ts';
import { AGREEMENT_STREAMS, type AgreementStream, agreementMedia } from '../test/support/agreement-media.ts';
import { FAULTY_SEGMENTS, faultyLive, finishedStream } from '../test/support/agreement-runs.ts';
import { vodMedia } from '../test/support/ffmpeg-media.ts';
import type { ReadJournal } from '../test/support/journal.ts';
import { ScriptedOrigin } from '../test/support/scripted-origin.ts';
import { journalOf } from './support/journalled-run.ts';
import { markdownTable, writeResult } from './support/table.ts';

interface Verified {
  readonly what: string;
  readonly journal: ReadJournal;
  readonly problems: readonly string[];
}

const CLIENTS = 20;
const FEW_CLIENTS = 5;
const LIMIT_MS = 120_000;
const COMMON = ['--no-tui', '--metrics', '127.0.0.1:0', '--ramp-rate', '10', '--seed', '7'];
const HEADING = ['run', 'matched', 'precision', 'recall', 'start error p95', 'lookup', 'statistics', 'errors', 'holds'];

const verified = [
  await againstLive(),
  ...(await inTurn(AGREEMENT_STREAMS, againstFinished)),
  await againstStopped(),
  await againstFaults(),
];
const load = loadavg().map((value) => value.toFixed(1));
const text = `Load of the machine at the end: ${load.join(', ')} (1, 5, 15 min).\n\n${markdownTable([HEADING, ...verified.map(cellsOf)])}`;
console.log(text);
for (const { what, problems } of verified) for (const problem of problems) console.error(`${what}: ${problem}`);
await writeResult('verify:agreement', text);
process.exitCode = verified.some(({ problems }) => problems.length > 0) ? 1 : 0;

async function againstLive(): Promise<Verified> {
  const journal = await runSwarm(['demo', '--clients', String(CLIENTS), '--duration', '60s']);
  return { what: `live, ${CLIENTS} clients, 60 s`, journal, problems: liveProblems(journal.summary) };
}

async function againstFinished(stream: AgreementStream): Promise<Verified> {
  const { origin, url } = await finishedStream(stream);
  await using _ = origin;
  const journal = await runSwarm([url, '--clients', String(FEW_CLIENTS), '--pace', 'max', '--max-restarts', '0']);
  const padding = paddingOf(await agreementMedia(stream));
  return { what: `to ENDLIST: ${stream}`, journal, problems: finishedProblems(journal.summary, FEW_CLIENTS, padding) };
}

async function againstStopped(): Promise<Verified> {
  const { origin, url } = await finishedStream('ts');
  await using _ = origin;
  const shape = ['--clients', String(FEW_CLIENTS), '--pace', 'realtime', '--duration', '3s'];
  const journal = await runSwarm([url, ...shape]);
  return { what: 'stopped clients', journal, problems: stoppedProblems(journal.summary) };
}

async function againstFaults(): Promise<Verified> {
  const media = await vodMedia({ segments: FAULTY_SEGMENTS.slow + 2, segmentSeconds: 1 });
  await using origin = await ScriptedOrigin.start(faultyLive({ segments: media.segments, seconds: 1, window: 3 }));
  const shape = ['--clients', String(FEW_CLIENTS), '--duration', '20s', '--max-restarts', '0'];
  const journal = await runSwarm([origin.url('/live.m3u8'), ...shape]);
  const { summary, transfers } = journal;
  const problems = [...pairingProblems(summary), ...faultProblems(summary, transfers, FEW_CLIENTS)];
  return { what: 'live, faults', journal, problems };
}

function runSwarm(args: readonly string[]): Promise<ReadJournal> {
  return journalOf([...args, ...COMMON], LIMIT_MS);
}

function cellsOf({ what, journal, problems }: Verified): readonly string[] {
  const { agreement, parser } = journal.summary;
  const { matched, precision, recall, startErrorMs } = agreement.segment;
  const statistics = agreement.estimators.find(({ name }) => name === 'statistics');
  const difference = (statistics?.bytes ?? 0) - (statistics?.referenceBytes ?? 0);
  const { attempts = 0, successes = 0 } = parser.lookup ?? {};
  const errors = Object.entries(agreement.httpErrors ?? {}).map(
    ([code, both]) => `${code}: ${both.parser}/${both.proxy}`,
  );
  return [
    what,
    String(matched),
    precision?.toFixed(4) ?? '-',
    recall?.toFixed(4) ?? '-',
    startErrorMs.absP95 === undefined ? '-' : `${startErrorMs.absP95.toFixed(2)} ms`,
    attempts === 0 ? '-' : `${successes} of ${attempts}`,
    statistics?.bytes === undefined ? '-' : `${difference} bytes`,
    errors.length === 0 ? '-' : errors.join(', '),
    problems.length === 0 ? 'yes' : 'NO',
  ];
}

/** One after the other: two runs at once would measure each other. */
async function inTurn<Item, Result>(items: readonly Item[], act: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(await act(item));
  return results;
}
