// What every screen begins and ends with: name, URL, time, verdict, ramp; and the keys.
// It judges nothing: the verdict and its reasons come ready in the snapshot.
import type { Snapshot, Verdict } from '../stats/summary.ts';
import { formatElapsed, secondsToMs } from '../units.ts';
import { type Cell, cell, cutEnd, cutMiddle, ends, fit, type Line, lineWidth, safeText, textWidth } from './cells.ts';
import { count, type Level, SHAPES } from './figures.ts';
import { SCREENS } from './screens.ts';

const VERDICTS: Readonly<Record<Verdict, { readonly level: Level; readonly word: string; readonly sentence: string }>> =
  {
    valid: { level: 'good', word: 'VALID', sentence: 'the numbers can be trusted' },
    degraded: { level: 'warn', word: 'DEGRADED', sentence: 'the numbers stand with a reservation' },
    invalid: { level: 'bad', word: 'INVALID', sentence: 'do not use the numbers' },
  };

/** The last ones give way where there is no room. */
const KEYS: readonly (readonly [string, string])[] = [
  ['q', 'quit'],
  ['?', 'help'],
  ['p', 'pause'],
  ...SCREENS.map(({ keys, name }) => [keys[0], name] as const),
  ['l', 'log'],
  ['r', 'redraw'],
];

export const HEADER_LINES = 3;
export const FOOTER_LINES = 1;

const GAP = '   ';
const PROGRAM = 'hls-swarm';
const BAR_WIDTH = 24;

/** `HEADER_LINES` of them. */
export function header(snapshot: Snapshot | undefined, columns: number): readonly Line[] {
  if (snapshot === undefined) {
    return [fit([cell(PROGRAM, 'strong')], columns), fit([cell('starting')], columns), fit([], columns)];
  }
  return [nameLine(snapshot, columns), verdictLine(snapshot, columns), rampLine(snapshot, columns)];
}

/** `FOOTER_LINES` of them. */
export function footer(isPaused: boolean, columns: number): readonly Line[] {
  if (!isPaused) return [fit(keysWithin(columns), columns)];
  const [long, short] = [`${SHAPES.warn} PAUSED, the run goes on`, `${SHAPES.warn} PAUSED`];
  const keys = keysWithin(columns - textWidth(short) - GAP.length);
  const words = lineWidth(keys) + GAP.length + textWidth(long) <= columns ? long : short;
  return [ends(keys, [cell(words, 'warn')], columns)];
}

function keysWithin(columns: number): Line {
  const cells: Cell[] = [];
  for (const [key, word] of KEYS) {
    const item = [cell(cells.length === 0 ? '' : GAP), cell(key, 'strong'), cell(` ${word}`)];
    if (lineWidth(cells) + lineWidth(item) > columns) break;
    cells.push(...item);
  }
  return cells;
}

/** The version makes room for a long URL. */
function nameLine(snapshot: Snapshot, columns: number): Line {
  const { url, version } = snapshot.summary.run;
  const time: Line = [cell(`  ${elapsed(snapshot)}`, 'strong')];
  const address = safeText(url);
  const name = `${PROGRAM} ${safeText(version)}  `;
  const room = columns - lineWidth(time);
  const start = textWidth(name) + textWidth(address) <= room ? name : `${PROGRAM}  `;
  return ends([cell(start, 'strong'), cell(cutMiddle(address, room - textWidth(start)))], time, columns);
}

function elapsed({ elapsedSeconds, remainingSeconds }: Snapshot): string {
  const left = remainingSeconds === undefined ? '' : `, ${formatElapsed(secondsToMs(remainingSeconds))} left`;
  return `${formatElapsed(secondsToMs(elapsedSeconds))}${left}`;
}

/** The first reason as far as it fits, and how many more there are. */
function verdictLine({ summary }: Snapshot, columns: number): Line {
  const { verdict, reasons } = summary.instrument;
  const { level, word, sentence } = VERDICTS[verdict];
  const start = `${SHAPES[level]} ${word} - `;
  const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : '';
  const text = cutEnd(safeText(reasons[0] ?? sentence), columns - textWidth(start) - textWidth(more));
  return fit([cell(`${start}${text}${more}`, level)], columns);
}

/** The clients, and beside them the rates in as many words as there is room for. */
function rampLine({ summary, isRamping, requestRates }: Snapshot, columns: number): Line {
  const { active, target } = summary.clients;
  const clients = clientsWords(active, target, isRamping);
  const [segments, playlists] = [requestRates.segment.toFixed(1), requestRates.playlist.toFixed(1)];
  const room = columns - lineWidth(clients);
  const rates = [`  ${segments} segments/s, ${playlists} playlists/s`, `  ${segments} segments/s`].find(
    (text) => text.length <= room,
  );
  return ends(clients, [cell(rates ?? '')], columns);
}

function clientsWords(active: number, target: number, isRamping: boolean): Line {
  const figures = `(${count(active)} / ${count(target)})`;
  if (!isRamping) {
    return active < target
      ? [cell(`▲ not all clients running ${figures}`, 'warn')]
      : [cell(`all clients running ${figures}`)];
  }
  const filled = target > 0 ? Math.min(BAR_WIDTH, Math.floor((active / target) * BAR_WIDTH)) : 0;
  return [cell('█'.repeat(filled)), cell('░'.repeat(BAR_WIDTH - filled), 'dim'), cell(` starting ${figures}`)];
}
