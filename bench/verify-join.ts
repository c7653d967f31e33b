// `npm run verify:join`: the issue's own command, 10 clients for 30 s, against the embedded origin and then against nginx.
// Every completed transfer is joined with the origin's access log by port and request index. Exit 1 if anything is off.
import {
  joinByPort,
  type LoggedRequest,
  nginxRequest,
  type ReadJournal,
  requestDifferences,
} from '../test/support/journal.ts';
import { broken } from '../test/support/laws.ts';
import { liveFolder } from '../test/support/live-folder.ts';
import { startNginx } from '../test/support/nginx.ts';
import { requirement } from '../test/support/require.ts';
import { journalOf } from './support/journalled-run.ts';
import { markdownTable } from './support/table.ts';

interface Verified {
  readonly origin: string;
  readonly cells: readonly string[];
  readonly problems: readonly string[];
}

const LOAD = ['--clients', '10', '--duration', '30s', '--no-tui', '--metrics', '127.0.0.1:0'];
const LIMIT_MS = 90_000;
const HEADING = [
  ...['origin', 'transfers', 'joined', 'equal', 'different', 'missing at origin', 'missing at proxy'],
  ...['segments: precision', 'recall', 'playlists: precision', 'recall', 'imbalance', 'lost', 'bypassed', 'verdict'],
];

const verified = [await againstEmbedded(), await againstNginx()].filter((one) => one !== undefined);
console.log(markdownTable([HEADING, ...verified.map(({ origin, cells }) => [origin, ...cells])]));
for (const { origin, problems } of verified) for (const problem of problems) console.error(`${origin}: ${problem}`);
process.exitCode = verified.some(({ problems }) => problems.length > 0) ? 1 : 0;

async function againstEmbedded(): Promise<Verified> {
  const journal = await journalOf(['demo', ...LOAD], LIMIT_MS);
  const logged = journal.events.filter((event) => event.type === 'origin-request');
  return verify(
    'embedded',
    journal,
    logged.filter(({ userAgent }) => userAgent?.startsWith('hls-swarm-') !== true),
  );
}

async function againstNginx(): Promise<Verified | undefined> {
  const missing = requirement('nginx');
  if (missing !== false) {
    console.error(`${missing}: not verified against it`);
    return undefined;
  }
  await using live = await liveFolder({ segmentSeconds: 2, bitsPerSecond: 2_000_000 });
  await using nginx = await startNginx({ folder: live.folder });
  const args = [nginx.url('/live.m3u8'), ...LOAD, '--segment-sizes-url', nginx.url('/files/json/')];
  const journal = await journalOf(args, LIMIT_MS);
  const lines = (await nginx.accessLog()).filter(({ user_agent }) => user_agent.startsWith('hls-swarm/'));
  return verify('nginx', journal, lines.map(nginxRequest));
}

function verify(origin: string, journal: ReadJournal, logged: readonly LoggedRequest[]): Verified {
  const { transfers, summary } = journal;
  const unlike = requestDifferences(journal);
  const joined = joinByPort(transfers, logged);
  const { segment, playlist } = summary.agreement;
  const { ledgerImbalanceBytes, lostRecords, bypassedRequests, verdict, reasons } = summary.instrument;
  const isOne = (value: number | undefined): boolean => value === 1;
  const problems = broken([
    [joined.joined > 0, 'nothing was joined'],
    [joined.different.length === 0, `different: ${joined.different.join('; ')}`],
    [joined.missingAtOrigin.length === 0, `missing at the origin: ${joined.missingAtOrigin.join('; ')}`],
    [joined.missingAtProxy.length === 0, `missing at the proxy: ${joined.missingAtProxy.join('; ')}`],
    [unlike.length === 0, `FFmpeg's log and the transfers differ: ${unlike.join('; ')}`],
    [isOne(segment.precision) && isOne(segment.recall), 'segments: precision or recall is not 1'],
    [isOne(playlist.precision) && isOne(playlist.recall), 'playlists: precision or recall is not 1'],
    [ledgerImbalanceBytes === 0, `the ledger is out of balance by ${ledgerImbalanceBytes} bytes`],
    [
      lostRecords + bypassedRequests === 0,
      `${lostRecords} records lost, ${bypassedRequests} requests bypassed the tap`,
    ],
    [verdict === 'valid', `the verdict is ${verdict}: ${reasons.join('; ')}`],
  ]);
  const { different, missingAtOrigin, missingAtProxy } = joined;
  const counts = [
    joined.transfers,
    joined.joined,
    joined.equal,
    different.length,
    missingAtOrigin.length,
    missingAtProxy.length,
  ];
  const agreement = [segment.precision, segment.recall, playlist.precision, playlist.recall];
  return {
    origin,
    cells: [
      ...counts.map(String),
      ...agreement.map((share) => share?.toFixed(4) ?? '-'),
      ...[ledgerImbalanceBytes, lostRecords, bypassedRequests].map(String),
      verdict,
    ],
    problems,
  };
}
