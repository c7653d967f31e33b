// The section of the exit summary about the clients: what viewers would have seen, how processes lived and ended. Pure.
// It derives nothing; `speed` and drift are FFmpeg's own progress and say so, stalls are modelled from the tap's segments.
import type { Snapshot, Summary } from '../stats/summary.ts';
import { formatMs, PERCENT, secondsToMs } from '../units.ts';
import { count, fact, heading, known } from './text-layout.ts';

type Lines = readonly string[];

const LABEL = 14;
/** 255 is FFmpeg's own word for a signal that it heard, ours among them. */
const CODE_WORDS: Readonly<Record<string, string>> = { '0': 'clean', '1': 'error', '255': 'told to end' };

export function playbackSection(
  { summary, speeds, drift, uptimeQuantilesSeconds: uptime }: Snapshot,
  width: number,
): Lines {
  const { playback, averageSpeed, exits, exitCodes, starts, restarts } = summary.clients;
  const { startupMs, behindLiveMs } = playback;
  const { streams, byKind = {} } = summary.proxy ?? {};
  // Without segments that anybody sees the players' own progress stands in for them.
  const isByProgress =
    summary.proxy === undefined || ((streams?.opened ?? 0) > 0 && (byKind.segment?.transfers ?? 0) === 0);
  const ready = isByProgress ? 'the first media that FFmpeg reports' : 'first segment complete';
  const label = (name: string, text: string): Lines => fact(`  ${name}`, text, LABEL, width);
  const duration = (value: number | undefined): string => known(value, (seconds) => formatMs(secondsToMs(seconds)));
  return [
    ...heading('Playback and life of the clients', width),
    ...label(
      'startup',
      `p50 ${known(startupMs.p50, formatMs)}, p95 ${known(startupMs.p95, formatMs)} (FFmpeg set going until ${ready})`,
    ),
    ...label('stalls', stallWords(playback, isByProgress)),
    ...label('behind live', `p50 ${known(behindLiveMs.p50, formatMs)}, p95 ${known(behindLiveMs.p95, formatMs)}`),
    ...label(
      'speed',
      `${known(averageSpeed, (speed) => `${speed.toFixed(2)}x`)} (FFmpeg's mean since process start); ` +
        `${speedWords(speeds)}`,
    ),
    ...label(
      'drift',
      `mean ${duration(drift.averageSeconds)}, max ${duration(drift.maxSeconds)} (time since process start less time played)` +
        `${drift.highClients > 0 ? `; ${count(drift.highClients)} clients above 5 s` : ''}`,
    ),
    ...label(
      'uptime',
      `p50 ${duration(uptime.p50)}, p95 ${duration(uptime.p95)}, p99 ${duration(uptime.p99)} (of processes that have ended)`,
    ),
    ...label('processes', `${count(starts)} starts, ${count(restarts)} restarts`),
    ...label(
      'exits',
      `success ${exits.success}, error ${exits.error}, signal ${exits.signal}, stopped by us ${exits.stopped}, playlist lost ${exits.playlistLost}`,
    ),
    ...label('exit codes', codeWords(exitCodes)),
  ];
}

/** With shares, as the original's page has them. */
function speedWords({ above, below }: Snapshot['speeds']): string {
  const all = above + below;
  const share = (clients: number): string => (all === 0 ? '' : ` (${((clients / all) * PERCENT).toFixed(0)} %)`);
  return `${count(above)}${share(above)} at 1x or more, ${count(below)}${share(below)} below`;
}

function codeWords(codes: Summary['clients']['exitCodes']): string {
  const told = Object.entries(codes)
    .toSorted(([one], [other]) => Number(one) - Number(other) || one.localeCompare(other))
    .map(([code, processes]) => {
      const word = CODE_WORDS[code];
      return `${code}${word === undefined ? '' : ` (${word})`}: ${count(processes)}`;
    });
  return told.length === 0 ? 'none' : told.join(', ');
}

function stallWords(playback: Summary['clients']['playback'], isByProgress: boolean): string {
  const { stallCount, stallSeconds, stallRatio, stalled, outTimeStalled = 0 } = playback;
  if (stallCount === undefined) return 'not known: neither segments nor progress of the players was seen';
  const isChecked = !isByProgress && outTimeStalled > 0;
  const standing = isChecked ? `; out_time of ${count(outTimeStalled)} clients stands still now` : '';
  return (
    `${count(stallCount)} ${isByProgress ? 'by out_time' : 'modelled'}, ${known(stallSeconds, (value) => `${value.toFixed(2)} s`)}, ` +
    `${known(stallRatio, percent)} of play time; ${count(stalled)} clients stalled now${standing}`
  );
}

function percent(ratio: number): string {
  return `${(ratio * PERCENT).toFixed(2)} %`;
}
