// The sections of the exit summary about traffic: the three accounts, requests, phases, endings, HTTP errors. Pure.
// It derives nothing but sums over kinds and differences that are rates already; unknown stays `-`.
import { INJECTED, type Injected, KINDS, type Kind, type ParsedRule, TERMINATIONS } from '../events.ts';
import { errorStatuses } from '../stats/error-statuses.ts';
import { readFailures, readUndelivered } from '../stats/failure-ratio.ts';
import { knowsNoBytes, NO_BYTES } from '../stats/no-bytes.ts';
import type { KindSummary, Quantiles, Snapshot, Throughput } from '../stats/summary.ts';
import { TERMINATION_WORDS } from '../stats/termination-words.ts';
import { unlessUnseen } from '../stats/tunnels.ts';
import { bytesPerSecondToMbps, formatBytes, formatMs, PERCENT } from '../units.ts';
import { count, fact, heading, known, row, UNKNOWN, wrapped } from './text-layout.ts';

type Lines = readonly string[];

const ACCOUNT_WIDTHS = [9, 9, 9, 9, 9, 16];
const REQUEST_WIDTHS = [9, 8, 11, 9, 8, 10];
const PHASE_WIDTHS = [9, 11, 11, 11, 11];
const LABEL = 14;

/** MEASURING section 6: rates by window and totals, reference first, each candidate with its difference. */
export function accountsSection({ summary, differences }: Snapshot, width: number): Lines {
  const { proxy, parser, origin } = summary;
  const title = 'Three accounts, Mbit/s (difference = candidate - proxy)';
  if (knowsNoBytes(summary)) return [...heading(title, width), ...fact('  unknown', NO_BYTES, LABEL, width)];
  const line = (label: string, throughput: Throughput | undefined): string =>
    row(label, [...rates(throughput), count(throughput?.totalBytes)], ACCOUNT_WIDTHS, width);
  const difference = (throughput: Throughput | undefined): string =>
    row(
      '    difference',
      [...rates(throughput, signed), known(throughput?.totalBytes, signedBytes)],
      ACCOUNT_WIDTHS,
      width,
    );
  return [
    ...heading(title, width),
    row('', ['1 s', '30 s', '60 s', '5 min', 'overall', 'bytes'], ACCOUNT_WIDTHS, width),
    'Segment content',
    line('  proxy', proxy?.throughput),
    line('  parser', parser.throughput),
    difference(differences.parser),
    line('  origin', origin.segmentThroughput),
    difference(differences.origin),
    'All bytes sent',
    line('  proxy', proxy?.allBytesThroughput),
    line('  origin', origin.throughput),
    difference(differences.originAll),
  ];
}

export function requestsSection(snapshot: Snapshot, width: number): Lines {
  const { summary, elapsedSeconds } = snapshot;
  const { proxy } = summary;
  if (proxy === undefined) return loggedRequests(snapshot, width);
  const clients = Math.max(1, summary.clients.target);
  const lines = KINDS.flatMap((kind) => {
    const account = proxy.byKind[kind];
    if (account === undefined || account.transfers === 0) return [];
    return [
      row(
        `  ${kind}`,
        [
          count(account.transfers),
          perSecond(account.transfers, elapsedSeconds),
          (account.transfers / clients).toFixed(1),
          count(account.complete),
          count(account.ok),
          formatBytes(account.contentBytes),
        ],
        REQUEST_WIDTHS,
        width,
      ),
    ];
  });
  return [
    ...heading('Requests (proxy)', width),
    row('', ['total', '/s', 'per client', 'complete', 'ok', 'content'], REQUEST_WIDTHS, width),
    ...(lines.length === 0 ? [noneOf(summary)] : lines),
  ];
}

/** Without a tap there is nothing but what the log names. */
function loggedRequests({ summary, elapsedSeconds }: Snapshot, width: number): Lines {
  const clients = Math.max(1, summary.clients.target);
  const lines = Object.entries(summary.parser.requests ?? {}).flatMap(([kind, requests]) =>
    requests === 0
      ? []
      : [
          row(
            `  ${kind}`,
            [count(requests), perSecond(requests, elapsedSeconds), (requests / clients).toFixed(1)],
            REQUEST_WIDTHS.slice(0, 3),
            width,
          ),
        ],
  );
  return [
    ...heading('Requests (in the log; nothing was tapped)', width),
    row('', ['total', '/s', 'per client'], REQUEST_WIDTHS.slice(0, 3), width),
    ...(lines.length === 0 ? [noneOf(summary)] : lines),
  ];
}

/** Nothing without a tap: a log has no times of octets. */
export function phasesSection({ summary }: Snapshot, width: number): Lines {
  if (summary.proxy === undefined) return [];
  const { segment, 'media-playlist': playlist, stream } = summary.proxy.byKind;
  const ofRequests = [
    phaseLine('  segment wait', segment?.phases.waitMs, width),
    phaseLine('  segment receive', segment?.phases.receiveMs, width),
    phaseLine('  playlist wait', playlist?.phases.waitMs, width),
    phaseLine('  playlist receive', playlist?.phases.receiveMs, width),
  ];
  const hasRequests = (segment?.transfers ?? 0) + (playlist?.transfers ?? 0) > 0;
  const hasStreams = summary.proxy.streams.opened > 0 || (stream?.transfers ?? 0) > 0;
  const lines = [
    ...(hasRequests || !hasStreams ? ofRequests : []),
    // How long a stream is received is its player's doing.
    ...(hasStreams ? [phaseLine('  stream wait', stream?.phases.waitMs, width)] : []),
  ];
  return [
    ...heading('Request phases (proxy, whole run)', width),
    row('', ['n', 'p50', 'p95', 'p99', 'max'], PHASE_WIDTHS, width),
    ...lines,
    `  client-limited transfers kept out of receive: ${count(total(summary.proxy.byKind, 'clientLimited'))}`,
  ];
}

/** Every code that occurred; `--` first, the rest in the order of the vocabulary. */
export function endingsSection({ summary: { proxy } }: Snapshot, width: number): Lines {
  if (proxy === undefined) return [];
  const lines = TERMINATIONS.flatMap((code) => {
    const transfers = proxy.terminations[code] ?? 0;
    return transfers === 0 ? [] : [`  ${code} ${count(transfers).padStart(9)}  ${TERMINATION_WORDS[code]}`];
  });
  return [
    ...heading('How transfers ended (proxy)', width),
    ...(lines.length === 0 ? ['  none ended'] : lines),
    ...injectedLines(proxy.injected, width),
  ];
}

/** Nothing at all in a run without faults on purpose. */
function injectedLines(injected: Readonly<Record<Injected, number>>, width: number): Lines {
  const faults = INJECTED.filter((fault) => injected[fault] > 0).map((fault) => `${fault} ${count(injected[fault])}`);
  if (faults.length === 0) return [];
  return wrapped(`of these, faults on purpose: ${faults.join(', ')}`, width - 2, '  ').map((line) => `  ${line}`);
}

export function errorsSection({ summary }: Snapshot, width: number): Lines {
  const seen = errorStatuses(summary.proxy?.byKind ?? {});
  const logged = summary.parser.httpErrors;
  const codes = [...new Set([...seen.keys(), ...Object.keys(logged ?? {})])].toSorted();
  return [
    ...heading('HTTP errors', width),
    ...(codes.length === 0
      ? [noneOf(summary)]
      : codes.map(
          (code) =>
            `  ${code}   proxy ${count(unlessUnseen(summary.proxy, seen.get(code) ?? 0))}, in the log ${count(logged && (logged[code] ?? 0))}`,
        )),
    ...undeliveredLines(summary, width),
    ...fact('  error rate', errorRateWords(summary), LABEL, width),
    ...fact('  in the log', loggedWords(summary.parser), LABEL, width),
    ...dialLines(summary.parser, width),
  ];
}

/** Whatever the origin did not deliver, by how; nothing where the tap did not see requests. */
function undeliveredLines(summary: Snapshot['summary'], width: number): Lines {
  const undelivered = readUndelivered(summary);
  const failures = readFailures(summary);
  if (undelivered === undefined || failures === undefined) return [];
  const { failed, requests, ratio, broken } = undelivered;
  const share = ratio === undefined ? '' : ` (${(ratio * PERCENT).toFixed(2)} %)`;
  const how =
    `4xx ${count(failures.clientErrors)}, 5xx ${count(failures.serverErrors)}, timeouts ${count(failures.timeouts)}, ` +
    `refused or cut short ${count(broken)}`;
  return fact('  failed', `${count(failed)} of ${count(requests)} requests${share}: ${how}`, LABEL, width);
}

/** As the original counts it. */
function errorRateWords(summary: Snapshot['summary']): string {
  const share = known(readFailures(summary)?.ratio, (ratio) => `${(ratio * PERCENT).toFixed(4)} %`);
  return `${share} (4xx, 5xx and timeouts, of playlists, segments and initialization sections)`;
}

function loggedWords({ timeouts, reconnections, events }: Snapshot['summary']['parser']): string {
  const requests = `timeouts ${count(timeouts)}, reconnections ${count(reconnections)}`;
  if (events === undefined) return requests;
  const told = (rule: ParsedRule): string => count(events[rule] ?? 0);
  return (
    `${requests}; segments failed ${told('segment-failed')}, skipped ${told('segment-skipped')}, ` +
    `expired ${told('segments-expired')}; playlists failed ${told('playlist-failed')}`
  );
}

/** Of a tapped client these are dials to its own door. */
function dialLines({ tcp }: Snapshot['summary']['parser'], width: number): Lines {
  if (tcp === undefined) return [];
  const failed = Object.entries(tcp.failed).map(([reason, dials]) => `, ${reason} ${count(dials)}`);
  const { p50, max } = tcp.connectMs;
  const words = `${count(tcp.connected)} of ${count(tcp.started)} connected${failed.join('')}`;
  return fact(
    '  dials',
    `${words}; p50 ${known(p50, formatMs)}, max ${known(max, formatMs)} (in the log)`,
    LABEL,
    width,
  );
}

function noneOf({ proxy, parser }: Snapshot['summary']): string {
  if (proxy === undefined)
    return parser.level === 'none'
      ? '  nothing was tapped, and no log is read'
      : '  none in the log; nothing was tapped';
  return proxy.hasTunnels ? '  none seen; requests passed in tunnels' : '  none';
}

function rates(throughput: Throughput | undefined, format: (value: number) => string = plain): readonly string[] {
  return [
    throughput?.bytesPerSecond1s,
    throughput?.bytesPerSecond30s,
    throughput?.bytesPerSecond60s,
    throughput?.bytesPerSecond300s,
    throughput?.bytesPerSecondOverall,
  ].map((rate) => known(rate, (value) => format(bytesPerSecondToMbps(value))));
}

function plain(mbps: number): string {
  return mbps.toFixed(Math.abs(mbps) >= 100 ? 0 : Math.abs(mbps) >= 10 ? 1 : 2);
}

function signed(mbps: number): string {
  return `${mbps >= 0 ? '+' : ''}${plain(mbps)}`;
}

function signedBytes(bytes: number): string {
  return `${bytes >= 0 ? '+' : ''}${count(bytes)}`;
}

function perSecond(events: number, seconds: number): string {
  return seconds > 0 ? (events / seconds).toFixed(2) : UNKNOWN;
}

function phaseLine(label: string, quantiles: Quantiles | undefined, width: number): string {
  const { n = 0, p50, p95, p99, max } = quantiles ?? {};
  return row(label, [count(n), ...[p50, p95, p99, max].map((ms) => known(ms, formatMs))], PHASE_WIDTHS, width);
}

function total(byKind: Readonly<Partial<Record<Kind, KindSummary>>>, field: 'clientLimited'): number {
  return Object.values(byKind).reduce((sum, account) => sum + account[field], 0);
}
