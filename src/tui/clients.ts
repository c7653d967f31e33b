// The clients' panel: how many run, how they ended, and what their viewers would have seen.
// FFmpeg's `speed` is a mean since its start and says so; stalls are modelled from the tap's segments.
import type { Snapshot } from '../stats/summary.ts';
import { formatMs } from '../units.ts';
import { cell, type Line } from './cells.ts';
import { count, item, judged, known, percent, seconds, UNKNOWN } from './figures.ts';
import type { Panel } from './panel.ts';

type Clients = Snapshot['summary']['clients'];

export const EXIT_WORDS: Readonly<Record<keyof Clients['exits'], string>> = {
  playlistLost: 'playlist lost',
  error: 'error',
  signal: 'signal',
  success: 'ok',
  stopped: 'stopped by us',
};

export function clientsPanel({ summary, speeds, drift }: Snapshot): Panel {
  const { clients } = summary;
  const { startupMs, behindLiveMs } = clients.playback;
  const running = item(`${count(clients.active)} of ${count(clients.target)} running`);
  const restarts: Line = [cell('restarts '), judged(count(clients.restarts), clients.restarts > 0 ? 'warn' : 'good')];
  const speed = item(`${known(clients.averageSpeed, (value) => `${value.toFixed(2)}x`)} since start`);
  const startup = `p50 ${known(startupMs.p50, formatMs)}`;
  const behind = `p50 ${known(behindLiveMs.p50, formatMs)}`;
  return {
    title: 'Clients',
    heading: 'Clients',
    rows: [
      { label: 'active', items: [running, restarts, item(`${count(clients.starts)} starts`)] },
      { label: 'exits', items: exits(clients.exits) },
      { label: 'speed', items: [speed, item(`${count(speeds.above)} at 1x or more, ${count(speeds.below)} below`)] },
      { label: 'stalls', items: stalls(clients.playback) },
      { label: 'startup', items: [item(startup), item(`p95 ${known(startupMs.p95, formatMs)}`)] },
      {
        label: 'behind live',
        items: [
          item(behind),
          item(`p95 ${known(behindLiveMs.p95, formatMs)}`),
          item(`drift max ${known(drift.maxSeconds, seconds)}`),
          item(`mean ${known(drift.averageSeconds, seconds)}`),
        ],
      },
    ],
    brief: [
      running,
      [cell('stalls '), ...(stalls(clients.playback)[0] ?? [])],
      restarts,
      item(`startup ${startup}`),
      item(`behind live ${behind}`),
      [cell('speed '), ...speed],
    ],
    priorities: { line: 30, lines: 52, panel: 62 },
  };
}

function stalls({ stallCount, stalled = 0, stallSeconds, stallRatio }: Clients['playback']): readonly Line[] {
  if (stallCount === undefined) return [item(UNKNOWN)];
  const now: Line = stalled > 0 ? [cell(', '), judged(`${count(stalled)} stalled now`, 'bad')] : [];
  return [
    [judged(count(stallCount), stallCount > 0 ? 'warn' : 'good'), ...now],
    item(`${known(stallSeconds, seconds)}, ${known(stallRatio, percent)} of play`),
  ];
}

function exits(counts: Clients['exits']): readonly Line[] {
  const items = (Object.keys(EXIT_WORDS) as (keyof typeof EXIT_WORDS)[]).flatMap((category) =>
    counts[category] > 0 ? [item(`${EXIT_WORDS[category]} ${count(counts[category])}`)] : [],
  );
  return items.length === 0 ? [item('none')] : items;
}
