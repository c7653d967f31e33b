// Figures as text for narrow columns, and levels (good, warn, bad) as a shape and a colour together. Pure.
// A figure that is unknown is `-`, never 0; conversions between units are in units.ts.
import { bytesPerSecondToMbps, PERCENT } from '../units.ts';
import { type Cell, cell, type Line, type Style } from './cells.ts';

export const UNKNOWN = '-';

export type Level = 'good' | 'warn' | 'bad';

/** A shape for each level, so that nothing is said by colour alone. */
export const SHAPES: Readonly<Record<Level, string>> = { good: '●', warn: '▲', bad: '✖' };

const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 2 });
/** Above, counts are written `1.23M`: they would burst their column. */
const LONGEST_COUNT = '999,999'.length;

export function known<Value>(value: Value | undefined, format: (value: Value) => string): string {
  return value === undefined ? UNKNOWN : format(value);
}

export function count(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  const text = Math.round(value).toLocaleString('en-US');
  return text.length <= LONGEST_COUNT ? text : COMPACT.format(value);
}

/** Bytes per second as Mbit/s with three figures, without the unit: the heading has it. */
export function mbps(bytesPerSecond: number): string {
  const value = bytesPerSecondToMbps(bytesPerSecond);
  return value.toFixed(digitsFor(value));
}

export function percent(ratio: number): string {
  const value = ratio * PERCENT;
  return `${value.toFixed(digitsFor(value))} %`;
}

/** A share of attempts: rounded down, so that 100 % is said only of all. */
export function share(ratio: number): string {
  return ratio === 1 ? '100 %' : `${(Math.floor(ratio * PERCENT * PERCENT) / PERCENT).toFixed(2)} %`;
}

/** With a sign, as differences are: candidate - reference, in percent of the reference. */
export function signedPercent(ratio: number): string {
  const text = percent(ratio);
  if (ratio === 0) return '0 %';
  return text.startsWith('-') ? text : `+${text}`;
}

export function seconds(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} s`;
}

/** One word or phrase as an item. */
export function item(text: string, style: Style = 'plain'): Line {
  return [cell(text, style)];
}

/** A figure with its level: plain when good, else with shape and colour. */
export function judged(text: string, level: Level): Cell {
  return level === 'good' ? cell(text) : cell(`${SHAPES[level]} ${text}`, level);
}

/** `warn` above the first limit, `bad` above the second; an unknown figure accuses nobody. */
export function levelAbove(value: number | undefined, warn: number, bad: number = Number.POSITIVE_INFINITY): Level {
  if (value === undefined || value <= warn) return 'good';
  return value > bad ? 'bad' : 'warn';
}

function digitsFor(value: number): number {
  const size = Math.abs(value);
  return size >= 100 ? 0 : size >= 10 ? 1 : 2;
}
