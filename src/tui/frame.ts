// What every screen begins and ends with: name, URL, time, verdict, ramp; and the keys.
// It judges nothing: the verdict and its reasons come ready in the snapshot.
import type { Snapshot, Verdict } from '../stats/summary.ts';
import { formatElapsed, secondsToMs } from '../units.ts';
import { cell, cutEnd, cutMiddle, ends, fit, type Line, lineWidth, safeText, textWidth } from './cells.ts';
import { count, type Level, SHAPES } from './figures.ts';
import { SCREENS } from './screens.ts';
import type { ScreenName, ViewState } from './view-state.ts';

const VERDICTS: Readonly<Record<Verdict, { readonly level: Level; readonly word: string; readonly sentence: string }>> =
  {
    valid: { level: 'good', word: 'VALID', sentence: 'the numbers can be trusted' },
    degraded: { level: 'warn', word: 'DEGRADED', sentence: 'the numbers stand with a reservation' },
    invalid: { level: 'bad', word: 'INVALID', sentence: 'do not use the numbers' },
  };

type KeyWord = readonly [key: string, word: string];
const FIRST_KEYS: readonly KeyWord[] = [
  ['q', 'quit'],
  ['?', 'help'],
  ['p', 'pause'],
];
/** They give way where there is no room. */
const LAST_KEYS: readonly KeyWord[] = [
  ['e', 'report'],
  ['l', 'log'],
];

export const HEADER_LINES = 3;
export const FOOTER_LINES = 1;

const GAP = '  ';
const PROGRAM = 'hls-swarm';
const BAR_WIDTH = 24;
/** Beside a notice the first key stays. */
const NOTICE_MARGIN = 10;

/** `HEADER_LINES` of them. */
export function header(snapshot: Snapshot | undefined, columns: number): readonly Line[] {
  if (snapshot === undefined) {
    return [fit([cell(PROGRAM, 'strong')], columns), fit([cell('starting')], columns), fit([], columns)];
  }
  return [nameLine(snapshot, columns), verdictLine(snapshot, columns), rampLine(snapshot, columns)];
}

/** `FOOTER_LINES` of them: the keys, and to the right what one must not overlook. */
export function footer({ screen, isPaused, notice }: ViewState, columns: number): readonly Line[] {
  const paused: Line = isPaused ? [cell(GAP), cell(`${SHAPES.warn} PAUSED`, 'warn')] : [];
  const room = columns - lineWidth(paused) - NOTICE_MARGIN;
  const told: Line =
    notice === undefined ? [] : [cell(cutMiddle(safeText(notice.text), room), notice.isFailure ? 'bad' : 'good')];
  const words = [...told, ...paused];
  if (words.length === 0) return [fit(keysWithin(screen, columns), columns)];
  return [ends(keysWithin(screen, columns - lineWidth(words) - GAP.length), words, columns)];
}

/** Every screen by its name where there is room, else the one that is shown. */
function keysWithin(screen: ScreenName, columns: number): Line {
  const names = SCREENS.map(
    ({ keys: [key], name }): KeyWord => (name === screen ? [`[${key}`, `${name}]`] : [key, name]),
  );
  const shown = SCREENS.find(({ name }) => name === screen);
  const one: KeyWord = [`1-${SCREENS.length}`, `screens [${shown?.keys[0]} ${screen}]`];
  const all = joined([...FIRST_KEYS, ...names, ...LAST_KEYS]);
  if (lineWidth(all) <= columns) return all;
  const keys = [...FIRST_KEYS, one, ...LAST_KEYS];
  const fitting = keys.findLastIndex((_, at) => lineWidth(joined(keys.slice(0, at + 1))) <= columns);
  return joined(keys.slice(0, fitting + 1));
}

function joined(keys: readonly KeyWord[]): Line {
  return keys.flatMap(([key, word], at) => [cell(at === 0 ? '' : GAP), cell(key, 'strong'), cell(` ${word}`)]);
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
function rampLine({ summary, clients: rows, isRamping, requestRates }: Snapshot, columns: number): Line {
  const { active, target } = summary.clients;
  const again = rows.filter(({ state, restarts }) => state === 'starting' && restarts > 0).length;
  const clients = clientsWords(active, target, again, isRamping);
  const [segments, playlists] = [requestRates.segment.toFixed(1), requestRates.playlist.toFixed(1)];
  const room = columns - lineWidth(clients);
  const rates = [`  ${segments} segments/s, ${playlists} playlists/s`, `  ${segments} segments/s`].find(
    (text) => text.length <= room,
  );
  return ends(clients, [cell(rates ?? '')], columns);
}

/** `again`: restarted, and without media so far. A process that only tries is no client that plays. */
function clientsWords(active: number, target: number, again: number, isRamping: boolean): Line {
  const figures = `(${count(active)} / ${count(target)})`;
  if (!isRamping) {
    if (active < target) return [cell(`▲ not all clients running ${figures}`, 'warn')];
    if (again > 0) return [cell(`▲ ${count(again)} of ${count(target)} restarted, no media yet`, 'warn')];
    return [cell(`all clients running ${figures}`)];
  }
  const filled = target > 0 ? Math.min(BAR_WIDTH, Math.floor((active / target) * BAR_WIDTH)) : 0;
  return [cell('█'.repeat(filled)), cell('░'.repeat(BAR_WIDTH - filled), 'dim'), cell(` starting ${figures}`)];
}
