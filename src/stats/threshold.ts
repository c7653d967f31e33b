// `--fail-if`: an expression such as `proxy.byKind.segment.phases.waitMs.p95>300ms`, read once and held against a summary. Pure.
// It decides no exit code. A figure that is not known holds nothing: it is told as such.
import {
  bytesPerSecondToMbps,
  formatBytes,
  msToSeconds,
  PERCENT,
  parseBytes,
  parseBytesPerSecond,
  parseDuration,
} from '../units.ts';
import { type Figure, type FigureUnit, findFigure, readFigure } from './figures.ts';
import type { Summary } from './summary.ts';

export interface Threshold {
  /** As written. */
  readonly expression: string;
  readonly figure: Figure;
  readonly operator: Operator;
  /** In the figure's own unit. */
  readonly limit: number;
}

type JudgedThreshold = Summary['thresholds'][number];
type Operator = '>' | '>=' | '<' | '<=' | '==' | '!=';

const HOLDS: Readonly<Record<Operator, (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '==': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
};
const EXPRESSION = /^\s*([^\s<>=!]+)\s*(>=|<=|==|!=|>|<)\s*([^\s<>=!](?:.*\S)?)\s*$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SHOWN_DIGITS = 6;
const AMOUNTS: Readonly<Record<FigureUnit, string>> = {
  ms: 'a number of milliseconds, or with a unit as in 300ms or 1.5s',
  s: 'a number of seconds, or with a unit as in 300ms or 1.5s',
  bytes: 'a number of bytes, or with a unit as in 64KiB or 1.5MB',
  'bytes/s': 'a number of bytes per second, or with a unit as in 2Mbit/s or 64KiB/s',
  ratio: 'a number, or a percentage as in 1%',
  number: 'a number',
};

/** `problem` is what follows the quoted expression in a sentence; it says what would be allowed. */
export function readThreshold(expression: string): { readonly threshold: Threshold } | { readonly problem: string } {
  const [, path, operator, amount] = EXPRESSION.exec(expression) ?? [];
  if (path === undefined || operator === undefined || amount === undefined) {
    return {
      problem:
        'it is not a figure, an operator and a number; allowed operators: > >= < <= == !=, as in proxy.terminations.SD>0',
    };
  }
  const figure = findFigure(path);
  if ('problem' in figure) return { problem: `${figure.problem} (docs/FIGURES.md lists all)` };
  const limit = amountIn(figure.unit, amount);
  if (limit === undefined) {
    return { problem: `${JSON.stringify(amount)} cannot be compared with ${path}; allowed: ${AMOUNTS[figure.unit]}` };
  }
  return { threshold: { expression, figure, operator: operator as Operator, limit } };
}

/** All of them against one summary, in their order. */
export function judgeThresholds(thresholds: readonly Threshold[], summary: Summary): readonly JudgedThreshold[] {
  return thresholds.map(({ expression, figure, operator, limit }) => {
    const value = readFigure(figure, summary);
    return value === undefined
      ? { expression, failed: false }
      : { expression, value, failed: HOLDS[operator](value, limit) };
  });
}

/** What became of a threshold, for people: `... holds: PATH is 312.4 ms`. */
export function thresholdWords({ expression, value, failed }: JudgedThreshold): string {
  const { path, unit } = figureOf(expression);
  if (value === undefined) return `${expression}: cannot be told, ${path} has no value`;
  return `${expression} ${failed ? 'holds' : 'does not hold'}: ${path} is ${figureText(value, unit)}`;
}

/** The figure that was judged, with its unit; undefined when it had no value. */
export function thresholdValue({ expression, value }: JudgedThreshold): string | undefined {
  return value === undefined ? undefined : figureText(value, figureOf(expression).unit);
}

function figureOf(expression: string): Pick<Figure, 'path' | 'unit'> {
  const read = readThreshold(expression);
  return 'threshold' in read ? read.threshold.figure : { path: 'the figure', unit: 'number' };
}

/** A value with its unit. */
function figureText(value: number, unit: FigureUnit): string {
  const plain = (number: number): string => String(Number(number.toPrecision(SHOWN_DIGITS)));
  switch (unit) {
    case 'ratio':
      return `${plain(value)} (${plain(value * PERCENT)} %)`;
    case 'bytes':
      return `${plain(value)} bytes (${formatBytes(value)})`;
    case 'bytes/s':
      return `${plain(value)} bytes/s (${plain(bytesPerSecondToMbps(value))} Mbit/s)`;
    case 'number':
      return plain(value);
    default:
      return `${plain(value)} ${unit}`;
  }
}

/** Undefined where the text is no amount of that unit. */
function amountIn(unit: FigureUnit, text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  const [, sign = '', unsigned = ''] = /^([+-]?)(.*)$/.exec(text) ?? [];
  const size = unsignedAmountIn(unit, unsigned);
  return size === undefined ? undefined : sign === '-' ? -size : size;
}

function unsignedAmountIn(unit: FigureUnit, text: string): number | undefined {
  switch (unit) {
    case 'ms':
      return parseDuration(text);
    case 's': {
      const ms = parseDuration(text);
      return ms === undefined ? undefined : msToSeconds(ms);
    }
    case 'bytes':
      return parseBytes(text);
    case 'bytes/s':
      return parseBytesPerSecond(text);
    case 'ratio':
      return /^[\d.]+ ?%$/.test(text) && NUMBER.test(text.replace(/ ?%$/, ''))
        ? Number.parseFloat(text) / PERCENT
        : undefined;
    case 'number':
      return undefined;
  }
}
