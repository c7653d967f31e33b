// The screen "errors": how transfers ended and what was answered, by kind; what the log says failed; the last events.
// It counts nothing: a client's leaving and our own stop are endings, not faults, and only faults are coloured.
import { INJECTED, type Kind, TERMINATIONS, type Termination } from '../events.ts';
import { readFailures, readUndelivered } from '../stats/failure-ratio.ts';
import { isRead } from '../stats/log-reach.ts';
import { LOWEST_ERROR_STATUS } from '../stats/status-codes.ts';
import type { KindSummary, ProxySummary, Snapshot } from '../stats/summary.ts';
import { TERMINATION_WORDS } from '../stats/termination-words.ts';
import { formatMs } from '../units.ts';
import type { Block, Step } from './arrange.ts';
import { type Cell, cell, fit, flow, type Line, titleRule } from './cells.ts';
import { endingLevel } from './endings.ts';
import { eventLine } from './event-line.ts';
import { count, item, judged, known, type Level, levelAbove, percent, SHAPES, UNKNOWN } from './figures.ts';
import { type Column, figures, headings } from './table.ts';

type Parser = Snapshot['summary']['parser'];

/** What is counted by kind in one row. */
type Counts = (account: KindSummary) => number;
interface Row {
  readonly label: Line;
  readonly total: number;
  readonly counts: readonly number[];
}

const LABEL_WIDTH = 12;
/** Shape, code and the longest words about one. */
const START = 47;
const GROUPS: readonly (readonly [heading: string, columns: number, kinds: readonly Kind[]])[] = [
  ['segment', 9, ['segment', 'part']],
  ['playlist', 10, ['media-playlist', 'multivariant-playlist']],
  ['init', 6, ['init']],
  ['key', 6, ['key']],
  ['stream', 8, ['stream']],
  ['other', 7, ['redirect', 'other']],
];
const COLUMNS: readonly Column<Row>[] = [
  { heading: 'total', columns: 8, text: ({ total }) => count(total) },
  ...GROUPS.map(
    ([heading, columns], at): Column<Row> => ({ heading, columns, text: ({ counts }) => count(counts[at]) }),
  ),
];
/** Rows that stay where there is little room. */
const FEW_ROWS = 4;
const LEAST_EVENTS = 2;
const SOME_EVENTS = 5;
/** Share of requests that fail above which the figure is no longer a reservation. */
const MANY_FAILURES = 0.01;

export function errorsBlocks(snapshot: Snapshot, columns: number): readonly Block[] {
  const { proxy, parser } = snapshot.summary;
  const endings = proxy === undefined ? [] : endingRows(proxy);
  const statuses = proxy === undefined ? loggedStatusRows(parser) : statusRows(proxy, parser);
  const table = (title: string, rows: readonly Row[], none: string, most = rows.length): readonly Line[] => [
    headings(title, COLUMNS, START, columns),
    ...(rows.length === 0 ? [fit([cell(`  ${none}`, 'dim')], columns)] : []),
    ...rows.slice(0, most).map((row) => figures(row.label, row, COLUMNS, START, columns)),
  ];
  const blind =
    proxy === undefined ? 'nothing was tapped' : proxy.hasTunnels ? 'requests passed in tunnels' : undefined;
  const ended = (most?: number): readonly Line[] =>
    table('How transfers ended', endings, blind ?? 'no transfer has ended', most);
  const answered = (most?: number): readonly Line[] =>
    table('What was answered', statuses, blind ?? 'no transfer has ended', most);
  return [
    [
      { priority: 1, lines: sums(snapshot, columns, 1) },
      { priority: 7, lines: sums(snapshot, columns, 2) },
    ],
    [
      { priority: 2, lines: ended(FEW_ROWS) },
      { priority: 5, lines: ended() },
    ],
    [
      { priority: 3, lines: answered(FEW_ROWS) },
      { priority: 6, lines: answered() },
    ],
    eventSteps(snapshot, columns),
  ];
}

/** Faults first, then what clients and we did, what is complete last. */
function endingRows({ byKind, terminations }: ProxySummary): readonly Row[] {
  const occurred = TERMINATIONS.filter((code) => (terminations[code] ?? 0) > 0);
  return occurred
    .toSorted((one, other) => weight(other) - weight(one) || (terminations[other] ?? 0) - (terminations[one] ?? 0))
    .map((code) => ({
      label: marked(endingLevel(code), `${code} ${TERMINATION_WORDS[code]}`),
      total: terminations[code] ?? 0,
      counts: byGroup(byKind, (account) => account.terminations[code] ?? 0),
    }));
}

function weight(code: Termination): number {
  return { bad: 3, warn: 2, good: code === '--' ? 0 : 1 }[endingLevel(code)];
}

/** Errors first; the log's own count of one stands beside it. */
function statusRows({ byKind }: ProxySummary, parser: Parser): readonly Row[] {
  const found = new Set(Object.values(byKind).flatMap(({ statusCodes }) => Object.keys(statusCodes)));
  const isError = (status: string): boolean => status === 'none' || Number(status) >= LOWEST_ERROR_STATUS;
  return [...found]
    .toSorted((one, other) => Number(isError(other)) - Number(isError(one)) || one.localeCompare(other))
    .map((status) => {
      const counts = byGroup(byKind, ({ statusCodes }) => statusCodes[status] ?? 0);
      return { label: statusLabel(status, parser), total: counts.reduce((sum, one) => sum + one, 0), counts };
    })
    .filter(({ total }) => total > 0);
}

/** Where nothing was tapped: errors only, as the log names no other status, and no kinds. */
function loggedStatusRows({ httpErrors = {} }: Parser): readonly Row[] {
  return Object.entries(httpErrors).map(([status, answers]) => ({
    label: marked('warn', `${status}, in the log`),
    total: answers,
    counts: [],
  }));
}

function statusLabel(status: string, parser: Parser): Line {
  if (status === 'none') return marked('warn', 'no answer, or none that was whole');
  if (Number(status) < LOWEST_ERROR_STATUS) return marked('good', status);
  const inLog = parser.httpErrors === undefined ? '' : `, in the log ${count(parser.httpErrors[status] ?? 0)}`;
  return marked('warn', `${status}${inLog}`);
}

function byGroup(byKind: ProxySummary['byKind'], counts: Counts): readonly number[] {
  return GROUPS.map(([, , kinds]) =>
    kinds.reduce((sum, kind) => sum + (byKind[kind] === undefined ? 0 : counts(byKind[kind])), 0),
  );
}

function marked(level: Level, text: string): Line {
  return level === 'good' ? [cell(`  ${text}`)] : [cell(`${SHAPES[level]} ${text}`, level)];
}

/** What failed at all, and what FFmpeg says of requests, segments, playlists and connections. */
function sums({ summary }: Snapshot, columns: number, maxLines: number): readonly Line[] {
  const { parser, proxy } = summary;
  const line = (label: string, items: readonly Line[]): readonly Line[] =>
    flow(label, items, columns, LABEL_WIDTH, maxLines);
  return [
    ...line('failed', failureItems(summary)),
    ...purposeLine(proxy, columns),
    ...(isRead(parser)
      ? [...line('in the log', loggedItems(parser)), ...line('dials', dialItems(parser, proxy))]
      : line('in the log', [item('not read')])),
  ];
}

/** Nothing at all in a run without faults on purpose. */
function purposeLine(proxy: ProxySummary | undefined, columns: number): readonly Line[] {
  const faults = INJECTED.filter((fault) => (proxy?.injected[fault] ?? 0) > 0);
  if (faults.length === 0) return [];
  const items = faults.map((fault) => item(`${fault} ${count(proxy?.injected[fault])}`));
  return flow('on purpose', items, columns, LABEL_WIDTH);
}

/** The original's error rate stands beside: it knows nothing of connections that were refused or lost. */
function failureItems(summary: Snapshot['summary']): readonly Line[] {
  const failures = readFailures(summary);
  if (failures === undefined) return [item(UNKNOWN)];
  const { ratio, clientErrors, serverErrors, timeouts } = failures;
  const undelivered = readUndelivered(summary);
  const counted = (words: string, value: number): Line => [judged(`${words} ${count(value)}`, levelAbove(value, 0))];
  const rate = (value: number | undefined): Cell => judged(known(value, percent), levelAbove(value, 0, MANY_FAILURES));
  return [
    ...(undelivered === undefined
      ? [[rate(ratio), cell(' of requests (error rate)')]]
      : [[rate(undelivered.ratio), cell(' of requests')]]),
    counted('4xx', clientErrors),
    counted('5xx', serverErrors),
    counted('timeouts', timeouts),
    ...(undelivered === undefined
      ? []
      : [counted('refused or cut', undelivered.broken), [cell('error rate '), rate(ratio)]]),
  ];
}

function loggedItems({ events = {}, timeouts, reconnections, sequence }: Parser): readonly Line[] {
  const counted = (words: string, value: number | undefined): Line => [
    judged(`${words} ${count(value)}`, levelAbove(value, 0)),
  ];
  return [
    counted('timeouts', timeouts),
    counted('reconnections', reconnections),
    counted('segments failed', events['segment-failed'] ?? 0),
    counted('skipped', events['segment-skipped'] ?? 0),
    counted('expired', events['segments-expired'] ?? 0),
    counted('playlists failed', events['playlist-failed'] ?? 0),
    // A reload that comes late finds two new segments: nothing is lost by that.
    item(`sequence jumps ${count(sequence?.jumps)}`),
  ];
}

/** Of a tapped client these are dials to its own door; what the origin's took stands beside it. */
function dialItems({ tcp }: Parser, proxy: ProxySummary | undefined): readonly Line[] {
  const failed = Object.entries(tcp?.failed ?? {}).map(
    ([reason, dials]): Line => [judged(`${reason} ${count(dials)}`, levelAbove(dials, 0))],
  );
  const connect = proxy?.byKind.segment?.phases.connectMs ?? tcp?.connectMs;
  return [
    item(`${count(tcp?.connected)} of ${count(tcp?.started)} connected`),
    ...failed,
    item(`connect p50 ${known(connect?.p50, formatMs)}, max ${known(connect?.max, formatMs)}`),
  ];
}

/** The newest first, as many as there is room for. */
function eventSteps(snapshot: Snapshot, columns: number): Block {
  const newest = snapshot.recentEvents.toReversed();
  const title = titleRule('Last events, newest first', columns);
  if (newest.length === 0) {
    const none = 'no client has ended, no request has failed, nothing was found';
    return [{ priority: 4, lines: [title, fit([cell(`  ${none}`, 'dim')], columns)] }];
  }
  const lines = newest.map((event) => eventLine(event, snapshot, columns));
  const least = Math.min(LEAST_EVENTS, lines.length);
  return Array.from({ length: lines.length - least + 1 }, (_, more): Step => {
    const shown = least + more;
    return { priority: eventPriority(shown), lines: [title, ...lines.slice(0, shown)] };
  });
}

/** Some of them are worth more than the answers that were none of an error. */
function eventPriority(shown: number): number {
  if (shown <= LEAST_EVENTS) return 4;
  return shown <= SOME_EVENTS ? 5 + shown / (SOME_EVENTS + 1) : 7 + shown;
}
