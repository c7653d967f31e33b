// The origin's account as a column that a person can add up, and what its access log says request by request. Pure.
// The sum is reconciliation-rows.ts's; this file lays it out and says in words what it rests on.
import { type ReconciliationRow, reconciliationRows } from '../stats/reconciliation-rows.ts';
import type { Snapshot, Summary } from '../stats/summary.ts';
import { formatBytes, formatMbps, msToSeconds, PERCENT } from '../units.ts';
import { count, fact, heading, known, row } from './text-layout.ts';

type Lines = readonly string[];

const LABEL = 14;
/** Octets, share of the origin's. */
const SUM_WIDTHS = [18, 11];

export function originSection({ summary }: Snapshot, width: number): Lines {
  const { origin, reconciliation } = summary;
  const label = (name: string, text: string): Lines => fact(`  ${name}`, text, LABEL, width);
  return [
    ...heading('Origin and reconciliation', width),
    ...label('source', sourceWords(origin)),
    ...(origin.available ? label('host', hostWords(origin)) : []),
    ...(origin.rateWindow === undefined ? [] : label('sends', rateWords(origin.rateWindow))),
    ...sumLines(summary, width),
    ...(reconciliation.window === undefined ? [] : label('window', windowWords(reconciliation.window))),
    ...(reconciliation.joined === undefined ? [] : label('access log', joinWords(reconciliation.joined))),
  ];
}

/** The origin above the line, what explains it, and what is left: `=`, `-` down to the residual. */
function sumLines(summary: Summary, width: number): Lines {
  if (summary.reconciliation.residualBytes === undefined) return [];
  const shown = reconciliationRows(summary).filter(({ key, bytes }) => bytes !== 0 || key === 'residual');
  const line = ({ label, bytes, ratio, isEstimate }: ReconciliationRow, sign: string): string =>
    row(
      `  ${sign} ${label}${isEstimate ? ' (estimate)' : ''}`,
      [count(bytes), known(ratio, percent)],
      SUM_WIDTHS,
      width,
    );
  return [
    row('', ['bytes', 'of origin'], SUM_WIDTHS, width),
    ...shown.map((one) => line(one, one.key === 'origin' ? ' ' : one.key === 'residual' ? '=' : '-')),
  ];
}

function sourceWords({ available, sources, reason, requests, bytesSent, bytesSource }: Summary['origin']): string {
  if (!available) return `not available${reason === undefined ? '' : `: ${reason}`}`;
  // One source's count, where there are several.
  const by = bytesSource === undefined || sources.length === 1 ? '' : ` (by ${bytesSource})`;
  return `${sources.join(', ')}; ${count(requests)} requests, ${known(bytesSent, formatBytes)} sent${by}`;
}

function hostWords({ cpuRatio, memoryUsedBytes, connections }: Summary['origin']): string {
  return `CPU ${known(cpuRatio, percent)}, memory ${known(memoryUsedBytes, formatBytes)}, ${count(connections)} connections`;
}

function rateWords({
  windowSeconds,
  n,
  bytesPerSecondP50,
  bytesPerSecondMax,
}: NonNullable<Summary['origin']['rateWindow']>): string {
  return `p50 ${formatMbps(bytesPerSecondP50)}, at most ${formatMbps(bytesPerSecondMax)} between scrapes (last ${windowSeconds} s, ${count(n)} intervals)`;
}

function windowWords({ fromMs, toMs, uncertaintyBytes }: NonNullable<Summary['reconciliation']['window']>): string {
  const seconds = msToSeconds(toMs - fromMs).toFixed(1);
  const exact =
    uncertaintyBytes === 0
      ? 'nothing passed during the last one'
      : `the last one is off by up to ${formatBytes(uncertaintyBytes)}`;
  return `${seconds} s between the first scrape and the last, both sides read together; ${exact}`;
}

function joinWords(joined: NonNullable<Summary['reconciliation']['joined']>): string {
  const { transfers, equal, different, missingAtOrigin, missingAtProxy, aborted, outOfBounds } = joined;
  const bounds = outOfBounds === 0 ? '' : `, of which ${count(outOfBounds)} break delivered <= read <= sent`;
  return (
    `${count(transfers)} completed transfers: ${count(equal)} equal to the byte, ${count(different)} different, ` +
    `${count(missingAtOrigin)} missing at the origin, ${count(missingAtProxy)} missing at the proxy` +
    `${aborted === 0 ? '' : `; ${count(aborted)} broken off${bounds}`}`
  );
}

function percent(ratio: number): string {
  return `${(ratio * PERCENT).toFixed(2)} %`;
}
