// Durations as Go writes them (`1m30s`, `500ms`, `0`), to milliseconds.
// It does not guess a unit: a bare number other than 0 is refused, because half of all readers would be wrong.
import { NS_PER_MS, SECONDS_PER_MINUTE, secondsToMs, usToMs } from '../units.ts';

const PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

const minutesToMs = (minutes: number): number => secondsToMs(minutes * SECONDS_PER_MINUTE);
const TO_MS: Readonly<Record<string, (amount: number) => number>> = {
  ns: (amount) => amount / NS_PER_MS,
  us: usToMs,
  µs: usToMs,
  μs: usToMs,
  ms: (amount) => amount,
  s: secondsToMs,
  m: minutesToMs,
  h: (amount) => minutesToMs(amount * SECONDS_PER_MINUTE),
};

/** Milliseconds, negative when the text is; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0;
  let ms = 0;
  let position = 0;
  for (const part of unsigned.matchAll(PART)) {
    ms += (TO_MS[part[2] ?? ''] as (amount: number) => number)(Number(part[1]));
    position = part.index + part[0].length;
  }
  if (position === 0 || position !== unsigned.length) return undefined;
  return text.startsWith('-') && ms !== 0 ? -ms : ms;
}
