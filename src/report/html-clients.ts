// The HTML report's section about the players: how they fared, who played when, and where each one stands in the end. Pure.
import type { ClientRow, Snapshot } from '../stats/summary.ts';
import type { TimelineReading } from '../stats/timeline.ts';
import { formatBytes, formatMs, msToSeconds } from '../units.ts';
import { lanes, MAX_LANES } from './html-lanes.ts';
import { html, type Markup, type Piece } from './html-markup.ts';
import { details, facts, note, numbers, section, table } from './html-parts.ts';
import { percent } from './html-traffic.ts';
import { count, known, UNKNOWN } from './text-layout.ts';

/** Rows of the table; those that had trouble come first. */
const MAX_CLIENT_ROWS = 200;

/** Undefined for the tap alone: its players are not ours. */
export function clientsSection(
  { summary, clients, elapsedSeconds }: Snapshot,
  timeline: TimelineReading,
  chart: Markup | undefined,
): Markup | undefined {
  const { starts, restarts, playback, averageSpeed, peakActive, target, exits } = summary.clients;
  if (timeline.processes === 0 && starts === 0) return undefined;
  const drawing = lanes(timeline.lives, Math.max(elapsedSeconds, timeline.seconds.at(-1) ?? 0));
  const shown = new Set(timeline.lives.map(({ client }) => client)).size;
  const ended = Object.entries(exits).filter(([, processes]) => processes > 0);
  return section(
    'clients',
    'Clients',
    facts([
      ['Asked for, at once at most', `${count(target)}, ${count(peakActive)}`],
      ['Processes', `${count(starts)} starts, ${count(restarts)} restarts`],
      ['Exits', ended.map(([category, processes]) => `${category} ${count(processes)}`).join(', ') || 'none'],
      ['Startup', `p50 ${known(playback.startupMs.p50, formatMs)}, p95 ${known(playback.startupMs.p95, formatMs)}`],
      ['Stalls', `${count(playback.stallCount)}, ${known(playback.stallRatio, percent)} of play time`],
      ['Behind live, p95', known(playback.behindLiveMs.p95, formatMs)],
      ['Speed, mean', known(averageSpeed, (speed) => `${speed.toFixed(2)}×`)],
    ]),
    chart,
    drawing === undefined
      ? undefined
      : html`<h3>Who played when</h3>${note(
          `A lane per client, a bar per process; red with a mark at its end is a process that failed.${shown > MAX_LANES ? ` ${MAX_LANES} of ${count(shown)} clients, those with most processes first.` : ''}`,
        )}${drawing}`,
    details(
      `Each client in the end (${count(Math.min(clients.length, MAX_CLIENT_ROWS))} of ${count(clients.length)})`,
      rowsTable(clients),
    ),
  );
}

function rowsTable(clients: readonly ClientRow[]): Markup | undefined {
  const chosen = clients.toSorted((one, other) => trouble(other) - trouble(one) || one.client - other.client);
  return table(
    'Clients, those with restarts and stalls first',
    [
      { label: 'client' },
      { label: 'last exit' },
      ...numbers('restarts', 'segments', 'content', 'wait p95', 'startup', 'stalls', 'stalled for', 'behind live'),
    ],
    chosen.slice(0, MAX_CLIENT_ROWS).map(clientRow),
  );
}

function clientRow(row: ClientRow): readonly Piece[] {
  const { client, state, exitCategory, exitReason, restarts, segments, contentBytes, waitMs } = row;
  const exit = exitReason === undefined ? exitCategory : `${exitCategory ?? ''}: ${exitReason}`;
  return [
    client,
    exit ?? state,
    count(restarts),
    count(segments),
    known(contentBytes, formatBytes),
    waitMs.n === 0 ? UNKNOWN : known(waitMs.p95, formatMs),
    known(row.startupMs, formatMs),
    count(row.stallCount),
    known(row.stallMs, (ms) => `${msToSeconds(ms).toFixed(1)} s`),
    known(row.behindLiveMs, formatMs),
  ];
}

function trouble({ restarts, stallCount = 0 }: ClientRow): number {
  return restarts + stallCount;
}
