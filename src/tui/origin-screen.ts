// The screen "origin": every source with its health, the origin's bytes as a sum that can be checked, and its throughput.
// It adds nothing up: terms and residual come ready; what no source tells is `-`, never 0.
import { type ReconciliationRow, reconciliationRows } from '../stats/reconciliation-rows.ts';
import type { OriginSourceRow, Snapshot } from '../stats/summary.ts';
import { formatBytes, msToSeconds } from '../units.ts';
import type { Block } from './arrange.ts';
import { beside, cell, fit, flow, type Line, padEnd, padStart, safeText, titleRule, wrapText } from './cells.ts';
import { count, known, type Level, mbps, percent, SHAPES, seconds, signedPercent, UNKNOWN } from './figures.ts';
import { originFacts } from './origin.ts';
import { throughputLines } from './sparklines.ts';
import { type Column, figures, headings } from './table.ts';

type Collection = Snapshot['summary']['origin']['collections'][number];

/** A source as it stands, and how often it was asked; a log that is followed is not asked, a listing has no host. */
interface Source {
  readonly name: string;
  readonly row?: OriginSourceRow;
  readonly asked?: Collection;
}

/** Shape, name and state. */
const START = 27;
const NAME_WIDTH = 18;
const MARK_WIDTH = 2;
const SOURCES: readonly Column<Source>[] = [
  { heading: 'age', columns: 7, text: ({ row }) => known(row?.ageMs, (ms) => seconds(msToSeconds(ms))) },
  {
    heading: 'every',
    columns: 7,
    text: ({ row, asked }) => known(row?.intervalSeconds ?? asked?.intervalSeconds, seconds),
  },
  { heading: 'CPU', columns: 8, text: ({ row }) => known(row?.cpuRatio, percent) },
  { heading: 'memory', columns: 9, text: ({ row }) => known(row?.memoryUsedBytes, formatBytes) },
  { heading: 'out Mbit/s', columns: 12, text: ({ row }) => known(row?.sentBytesPerSecond, mbps) },
  { heading: 'failed', columns: 8, text: ({ asked }) => count(asked?.failed) },
  { heading: 'in Mbit/s', columns: 11, text: ({ row }) => known(row?.receivedBytesPerSecond, mbps) },
  { heading: 'requests/s', columns: 12, text: ({ row }) => known(row?.requestsPerSecond, (rate) => rate.toFixed(1)) },
  { heading: 'connections', columns: 13, text: ({ row }) => count(row?.connections) },
  { heading: 'of memory', columns: 11, text: ({ row }) => known(row?.memoryTotalBytes, formatBytes) },
  { heading: 'answers', columns: 10, text: ({ asked }) => count(asked?.succeeded) },
];

const TERM_WIDTH = 24;
const BYTES_WIDTH = 15;
const SHARE_WIDTH = 9;
const SUM_WIDTH: number = TERM_WIDTH + BYTES_WIDTH + SHARE_WIDTH;
/** Room for bars beside the sum. */
const LEAST_BESIDE = 30;
const LABEL_WIDTH = 12;
const HINT =
  'Nothing of the origin is read: give --origin-metrics or --origin-metrics-host (node_exporter), --nginx-metrics or --origin-access-log.';

export function originBlocks(snapshot: Snapshot, columns: number): readonly Block[] {
  const rows = reconciliationRows(snapshot.summary);
  const isTelling = ({ key, bytes }: ReconciliationRow): boolean => key === 'residual' || bytes !== 0;
  const [sum, brief] = [rows, rows.filter(isTelling)].map((shown) => sumLines(shown, snapshot));
  const bars = (width: number): readonly Line[] => throughputLines(snapshot.throughputHistory, width);
  const facts = (width: number): readonly Line[] => factLines(snapshot, width);
  const right = columns - SUM_WIDTH - 2;
  const sources = steps(1, 7, sourceLines(snapshot, columns, false), sourceLines(snapshot, columns, true));
  if (right < LEAST_BESIDE) {
    return [
      sources,
      steps(2, 6, brief, sum),
      [{ priority: 4, lines: bars(columns) }],
      [{ priority: 5, lines: facts(columns) }],
    ];
  }
  const more = [...bars(right), ...facts(right)];
  const both = (left: readonly Line[] = []): readonly Line[] => beside(left, more, SUM_WIDTH, columns);
  // Where the facts are longer anyway, no term gives way.
  const isRoomy = (sum?.length ?? 0) <= more.length;
  return [sources, steps(2, 3, both(isRoomy ? sum : brief), both(sum))];
}

function steps(first: number, second: number, brief: readonly Line[] = [], whole: readonly Line[] = []): Block {
  return [
    { priority: first, lines: brief },
    { priority: second, lines: whole },
  ];
}

/** `hasDetails`: with what the answers were made of, where there is room. */
function sourceLines({ originSources, summary }: Snapshot, columns: number, hasDetails: boolean): readonly Line[] {
  const { available, reason, collections } = summary.origin;
  const note = (text: string): readonly Line[] =>
    wrapText(text, columns - 2).map((line) => fit([cell(`  ${line}`, 'dim')], columns));
  const sources = sourcesOf(originSources, collections);
  return [
    headings('Sources of the origin', SOURCES, START, columns),
    ...sources.flatMap((source) => [
      figures(sourceLabel(source), source, SOURCES, START, columns),
      ...[source.row?.reason ?? source.asked?.reason].flatMap((text) =>
        text === undefined ? [] : note(safeText(text)),
      ),
      ...(hasDetails ? details(source.asked).flatMap(note) : []),
    ]),
    ...(sources.length > 0 || available ? [] : note(reason === undefined ? HINT : `${safeText(reason)}. ${HINT}`)),
  ];
}

function sourcesOf(rows: readonly OriginSourceRow[], collections: readonly Collection[]): readonly Source[] {
  const asked = new Map(collections.map((collection) => [collection.source, collection]));
  const others = collections.filter(({ source }) => !rows.some((row) => row.source === source));
  return [
    ...rows.map((row): Source => {
      const collection = asked.get(row.source);
      return { name: row.source, row, ...(collection === undefined ? {} : { asked: collection }) };
    }),
    ...others.map((collection): Source => ({ name: collection.source, asked: collection })),
  ];
}

function sourceLabel({ name, row, asked }: Source): Line {
  const [level, word] = sourceState(row, asked);
  const style = level === 'good' ? 'plain' : level;
  return [
    cell(padEnd(SHAPES[level], MARK_WIDTH), level),
    cell(padEnd(safeText(name), NAME_WIDTH - MARK_WIDTH), style),
    cell(` ${word}`, style),
  ];
}

function sourceState(row: OriginSourceRow | undefined, asked: Collection | undefined): [Level, string] {
  if (row?.isStale === true) return ['bad', 'stale'];
  if (row?.ok === false || asked?.reason !== undefined) return ['warn', 'failing'];
  return ['good', 'ok'];
}

/** What was added up, what a server says of its connections, and a log of its lines. */
function details(asked: Collection | undefined): readonly string[] {
  const { devices = [], connectionStates: states, logLines, unusableLogLines = 0 } = asked ?? {};
  return [
    ...devices.map(({ name, sentBytes, receivedBytes }) => {
      const received = receivedBytes === undefined ? '' : `, in ${formatBytes(receivedBytes)}`;
      return `device ${safeText(name)}, all its traffic: out ${formatBytes(sentBytes)}${received}`;
    }),
    ...(states === undefined
      ? []
      : [
          `connections: reading ${count(states.reading)}, writing ${count(states.writing)}, waiting ${count(states.waiting)}`,
        ]),
    ...(logLines === undefined ? [] : [`${count(logLines)} lines, ${count(unusableLogLines)} of no use`]),
  ];
}

/** The origin's bytes less each term is the residual; each with its share of the origin's bytes. */
function sumLines(rows: readonly ReconciliationRow[], { summary }: Snapshot): readonly Line[] {
  const { source } = summary.reconciliation;
  const title = `Reconciliation: bytes sent${source === undefined ? '' : `, by ${safeText(source)}`}`;
  if (rows.length === 0) return [titleRule(title, SUM_WIDTH), fit([cell('  nothing to add up', 'dim')], SUM_WIDTH)];
  return [
    titleRule(title, SUM_WIDTH),
    ...rows.map(({ key, label, bytes, ratio, isEstimate }) => {
      const sign = key === 'origin' ? '  ' : key === 'residual' ? '= ' : '- ';
      const style = key === 'origin' || key === 'residual' ? 'strong' : 'plain';
      const share = key === 'residual' ? known(ratio, signedPercent) : known(ratio, percent);
      return fit(
        [
          cell(padEnd(`${sign}${label}${isEstimate ? ' (est.)' : ''}`, TERM_WIDTH), style),
          cell(padStart(known(bytes, whole), BYTES_WIDTH), bytes === undefined ? 'dim' : style),
          cell(padStart(share, SHARE_WIDTH), share === UNKNOWN ? 'dim' : style),
        ],
        SUM_WIDTH,
      );
    }),
  ];
}

/** To the byte: a person adds these up. */
function whole(bytes: number): string {
  return Math.round(bytes).toLocaleString('en-US');
}

function factLines(snapshot: Snapshot, columns: number): readonly Line[] {
  return originFacts(snapshot).flatMap(({ label, items }) => flow(label, items, columns, LABEL_WIDTH, items.length));
}
