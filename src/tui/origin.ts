// The origin's panel: its host, its own counters, and how much of its bytes the proxy's account explains.
// Whole host or server, other traffic included: the residual says how much of that there is.
import type { Snapshot } from '../stats/summary.ts';
import { formatBytes, formatMbps, formatMs, msToSeconds } from '../units.ts';
import { cell, type Line, safeText } from './cells.ts';
import { count, item, judged, known, percent, seconds, signedPercent, UNKNOWN } from './figures.ts';
import type { Panel, Row } from './panel.ts';

type Summary = Snapshot['summary'];

export function originPanel(snapshot: Snapshot): Panel {
  const { origin, reconciliation } = snapshot.summary;
  const host = hostItems(origin);
  const residual = residualItems(reconciliation);
  const joined = joinedItems(reconciliation.joined);
  const unavailable = item(`not available${origin.reason === undefined ? '' : `: ${safeText(origin.reason)}`}`);
  return {
    title: 'Origin',
    heading: 'Origin and reconciliation',
    rows: [
      ...sharedRows(snapshot.summary),
      ...(origin.available
        ? [
            { label: 'host', items: host },
            { label: 'source', items: sourceItems(origin) },
            ...rateRows(origin.rateWindow),
          ]
        : [{ label: 'source', items: [item('not available')] }, ...reasonRows(origin.reason)]),
      { label: 'residual', items: residual },
      { label: 'access log', items: joined },
      ...listingRows(snapshot),
    ],
    brief: [
      ...sharedRows(snapshot.summary).flatMap(({ items }) => items),
      ...(origin.available ? host.slice(0, 1).map((line): Line => [cell('host '), ...line]) : [unavailable]),
      ...(reconciliation.joined === undefined ? [] : [[cell('log '), ...(joined[0] ?? [])]]),
      ...(reconciliation.residualBytes === undefined ? [] : [[cell('residual '), ...(residual[0] ?? [])]]),
      ...(origin.available ? host.slice(1) : []),
    ],
    priorities: { line: 33, lines: 57, panel: 65 },
  };
}

/** What stands beside the table of sources and the sum: nothing that these say. */
export function originFacts(snapshot: Snapshot): readonly Row[] {
  const { origin, reconciliation, proxy } = snapshot.summary;
  const wait = proxy?.byKind.segment?.phases.waitMs;
  return [
    ...sharedRows(snapshot.summary),
    ...rateRows(origin.rateWindow),
    ...(origin.requests === undefined ? [] : [{ label: 'requests', items: [item(count(origin.requests))] }]),
    {
      label: 'answers',
      items: [item(`wait p50 ${known(wait?.p50, formatMs)}`), item(`p99 ${known(wait?.p99, formatMs)}`)],
    },
    ...(reconciliation.joined === undefined
      ? []
      : [{ label: 'access log', items: joinedItems(reconciliation.joined) }]),
    ...listingRows(snapshot),
  ];
}

/** Only where clients share connections: else origins see what they would see without us. */
function sharedRows({ run, proxy }: Summary): readonly Row[] {
  if (run.upstream !== 'shared') return [];
  const seen = `sees ${count(proxy?.upstreamConnections)} connections instead of ${count(proxy?.connections)}`;
  return [{ label: 'shared', items: [item(seen)] }];
}

function reasonRows(reason: string | undefined): readonly Row[] {
  return reason === undefined ? [] : [{ label: 'reason', items: [item(safeText(reason))] }];
}

function hostItems({ cpuRatio, memoryUsedBytes, memoryTotalBytes, connections }: Summary['origin']): readonly Line[] {
  const total = memoryTotalBytes === undefined ? '' : ` of ${formatBytes(memoryTotalBytes)}`;
  return [
    item(`CPU ${known(cpuRatio, percent)}`),
    item(`${count(connections)} connections`),
    item(`memory ${known(memoryUsedBytes, formatBytes)}${total}`),
  ];
}

/** Between scrapes, over `--origin-metrics-window`. */
function rateRows(rates: Summary['origin']['rateWindow']): readonly Row[] {
  if (rates === undefined) return [];
  const { windowSeconds, bytesPerSecondP50, bytesPerSecondMax } = rates;
  const items = [item(`p50 ${formatMbps(bytesPerSecondP50)}`), item(`max ${formatMbps(bytesPerSecondMax)}`)];
  return [{ label: 'sends', items: [...items, item(`last ${windowSeconds} s`)] }];
}

function sourceItems({ sources, scrapeIntervalSeconds, requests, bytesSource }: Summary['origin']): readonly Line[] {
  return [
    // One source's count, where there are several.
    item(
      sources
        .map((name) => `${safeText(name)}${name === bytesSource && sources.length > 1 ? ' (bytes)' : ''}`)
        .join(', '),
    ),
    ...(scrapeIntervalSeconds === undefined ? [] : [item(`every ${scrapeIntervalSeconds} s`)]),
    item(`${count(requests)} requests`),
  ];
}

function residualItems({ residualBytes, residualRatio, originBytes }: Summary['reconciliation']): readonly Line[] {
  if (residualBytes === undefined) return [item(UNKNOWN)];
  const ratio = residualRatio === undefined ? '' : ` (${signedPercent(residualRatio)})`;
  return [
    item(`${residualBytes > 0 ? '+' : ''}${formatBytes(residualBytes)}${ratio}`),
    item(`of ${known(originBytes, formatBytes)}`),
  ];
}

function joinedItems(joined: Summary['reconciliation']['joined']): readonly Line[] {
  if (joined === undefined) return [item(UNKNOWN)];
  const { matched, equal, different, missingAtOrigin, missingAtProxy } = joined;
  const missing = missingAtOrigin + missingAtProxy;
  return [
    item(`${count(equal)} of ${count(matched)} equal`),
    [judged(`${count(different)} different`, different > 0 ? 'warn' : 'good')],
    item(`${count(missing)} missing`),
  ];
}

function listingRows({ atMs, lastListing }: Snapshot): readonly Row[] {
  if (lastListing === undefined) return [];
  const age = item(`${seconds(msToSeconds(Math.max(0, atMs - lastListing.atMs)))} ago`);
  const said: Line = lastListing.ok
    ? item(`${count(lastListing.entries)} sizes`)
    : [judged(`failed: ${safeText(lastListing.reason ?? 'unknown reason')}`, 'warn')];
  return [{ label: 'listing', items: [said, age] }];
}
