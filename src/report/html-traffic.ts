// The HTML report's sections about traffic: tiles, the three accounts, phases, endings. Pure; figures come ready in the snapshot.
import { KINDS, TERMINATIONS } from '../events.ts';
import { errorStatuses } from '../stats/error-statuses.ts';
import { readUndelivered } from '../stats/failure-ratio.ts';
import type { Quantiles, Snapshot, Throughput } from '../stats/summary.ts';
import { TERMINATION_WORDS } from '../stats/termination-words.ts';
import { bytesPerSecondToMbps, formatBytes, formatMbps, formatMs, PERCENT } from '../units.ts';
import type { LineStyle } from './html-charts.ts';
import { html, type Markup, type Piece } from './html-markup.ts';
import { note, numbers, section, table } from './html-parts.ts';
import { count, known, UNKNOWN } from './text-layout.ts';

/** The figures that are asked for first. */
export function tiles({ summary }: Snapshot): Markup {
  const { proxy, parser, clients, agreement } = summary;
  const undelivered = readUndelivered(summary);
  const segments = proxy?.byKind.segment;
  const { playback } = clients;
  const told = proxy === undefined ? Object.values(parser.httpErrors ?? {}) : errorStatuses(proxy.byKind).values();
  const errors = [...told].reduce((sum, one) => sum + one, 0);
  const content = proxy?.throughput ?? parser.throughput;
  return html`<ul class="tiles">${[
    tile('Segment content', known(content?.bytesPerSecondOverall, formatMbps), known(content?.totalBytes, formatBytes)),
    tile('Segments', count(segments?.transfers ?? parser.requests?.segment), `${count(segments?.ok)} ok`),
    tile(
      'Wait, p95',
      known(segments?.phases.waitMs.p95, formatMs),
      `p50 ${known(segments?.phases.waitMs.p50, formatMs)}`,
    ),
    tile('Startup, p95', known(playback.startupMs.p95, formatMs), `p50 ${known(playback.startupMs.p50, formatMs)}`),
    tile('Stalls', count(playback.stallCount), `${known(playback.stallRatio, percent)} of play time`),
    undelivered === undefined
      ? tile('HTTP errors', count(errors), `${count(clients.restarts)} client restarts`)
      : tile(
          'Failed requests',
          count(undelivered.failed),
          `${count(errors)} HTTP errors, ${count(clients.restarts)} client restarts`,
        ),
    tile(
      'Parser',
      known(agreement.segment.precision, percent),
      `precision; recall ${known(agreement.segment.recall, percent)}`,
    ),
  ]}</ul>`;
}

/** Segment content and all bytes, by each account, with the difference to the reference. */
export function accountsSection({ summary, differences }: Snapshot, chart: Markup | undefined): Markup {
  const { proxy, parser, origin } = summary;
  const rows = [
    ...account('proxy', 'segment content', proxy?.throughput, undefined, 'reference'),
    ...account('parser', 'segment content', parser.throughput, differences.parser),
    ...account('origin', 'segment content', origin.segmentThroughput, differences.origin),
    ...account('proxy', 'all bytes sent', proxy?.allBytesThroughput, undefined, 'reference'),
    ...account('origin', 'all bytes sent', origin.throughput, differences.originAll),
  ];
  return section(
    'accounts',
    'Three accounts of the same traffic',
    table(
      'Each account, Mbit/s by window, with its difference to the proxy (candidate − proxy)',
      [
        { label: 'account' },
        { label: 'of' },
        ...numbers('last 60 s', 'overall', 'bytes', 'difference', 'of the proxy'),
      ],
      rows,
    ),
    proxy === undefined ? note('Nothing was tapped, so there is no reference to hold the others against.') : undefined,
    origin.available ? undefined : note(`No origin numbers${origin.reason === undefined ? '' : `: ${origin.reason}`}.`),
    chart,
  );
}

export function phasesSection({ summary }: Snapshot, chart: Markup | undefined): Markup | undefined {
  const { proxy } = summary;
  if (proxy === undefined) return undefined;
  const rows = KINDS.flatMap((kind) => {
    const account = proxy.byKind[kind];
    if (account === undefined || account.transfers === 0) return [];
    const { waitMs, receiveMs, totalMs, connectMs } = account.phases;
    const phases = { connect: connectMs, wait: waitMs, receive: receiveMs, total: totalMs };
    return Object.entries(phases).flatMap(([phase, quantiles]) => phaseRow(kind, phase, quantiles));
  });
  return section(
    'phases',
    'Phases of requests',
    table(
      'Time by kind and phase over the whole run, seen by the proxy',
      [{ label: 'kind' }, { label: 'phase' }, ...numbers('n', 'p50', 'p95', 'p99', 'max')],
      rows,
    ),
    note(
      'Wait is from the request written to the first octet of the answer. Transfers that a slow client held up are in wait and in no other phase.',
    ),
    chart,
  );
}

export function endingsSection({ summary }: Snapshot, chart: Markup | undefined): Markup | undefined {
  const { proxy } = summary;
  if (proxy === undefined) return undefined;
  const ended = TERMINATIONS.flatMap((code) => {
    const transfers = proxy.terminations[code] ?? 0;
    return transfers === 0
      ? []
      : [[html`<code>${code}</code>`, TERMINATION_WORDS[code], count(transfers), share(transfers, proxy.transfers)]];
  });
  const statuses = KINDS.flatMap((kind) =>
    Object.entries(proxy.byKind[kind]?.statusCodes ?? {}).map(([status, transfers]) => [
      kind,
      status === 'none' ? 'none: no answer came' : status,
      count(transfers),
    ]),
  );
  return section(
    'endings',
    'How transfers ended',
    table(
      'Termination codes: who ended a transfer (first letter), in which phase (second); lower case is a timeout',
      [{ label: 'code' }, { label: 'meaning' }, ...numbers('transfers', 'share')],
      ended,
    ),
    html`<h3>Statuses</h3>`,
    table('Final status by kind', [{ label: 'kind' }, { label: 'status' }, ...numbers('transfers')], statuses),
    chart,
  );
}

export function percent(ratio: number): string {
  return `${(PERCENT * ratio).toFixed(2)} %`;
}

function tile(name: string, value: string, beside: string): Markup {
  return html`<li><span class="name">${name}</span><span class="value">${value}</span><span class="beside">${beside}</span></li>`;
}

function account(
  style: LineStyle,
  of: string,
  throughput: Throughput | undefined,
  difference: Throughput | undefined,
  word: string = UNKNOWN,
): readonly (readonly Piece[])[] {
  if (throughput === undefined) return [];
  const reference = difference === undefined ? 0 : throughput.totalBytes - difference.totalBytes;
  const mbps = (rate: number | undefined): string => known(rate, (value) => bytesPerSecondToMbps(value).toFixed(2));
  return [
    [
      html`<span class="key ${style}"></span>${style}`,
      of,
      mbps(throughput.bytesPerSecond60s),
      mbps(throughput.bytesPerSecondOverall),
      count(throughput.totalBytes),
      difference === undefined ? word : signed(difference.totalBytes),
      difference === undefined || reference <= 0 ? '' : signedPercent(difference.totalBytes / reference),
    ],
  ];
}

function phaseRow(kind: string, phase: string, { n, p50, p95, p99, max }: Quantiles): readonly (readonly Piece[])[] {
  if (n === 0) return [];
  return [[kind, phase, count(n), ...[p50, p95, p99, max].map((value) => known(value, formatMs))]];
}

function share(part: number, whole: number): string {
  return whole === 0 ? UNKNOWN : percent(part / whole);
}

/** With a sign that is as wide as a plus. */
function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${count(Math.abs(value))}`;
}

function signedPercent(ratio: number): string {
  return `${ratio < 0 ? '−' : '+'}${percent(Math.abs(ratio))}`;
}
