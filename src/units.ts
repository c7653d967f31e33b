// The only place where 8, 1000, 1024 and 1e6 appear: conversions between the units that names end in, and their text.
// It does not round what it converts; only functions that make or read text do, and they say how.

export const MS_PER_SECOND = 1000;
export const US_PER_MS = 1000;
export const NS_PER_MS = 1_000_000;
const BITS_PER_BYTE = 8;
export const KIB = 1024;
export const MIB: number = KIB * KIB;
export const SECONDS_PER_MINUTE = 60;
export const PERCENT = 100;

const KILO = 1000;
const MEGA: number = KILO * KILO;

export function secondsToMs(seconds: number): number {
  return seconds * MS_PER_SECOND;
}

export function msToSeconds(ms: number): number {
  return ms / MS_PER_SECOND;
}

export function msToUs(ms: number): number {
  return ms * US_PER_MS;
}

export function usToMs(us: number): number {
  return us / US_PER_MS;
}

export function usToSeconds(us: number): number {
  return us / MEGA;
}

export function secondsToUs(seconds: number): number {
  return seconds * MEGA;
}

/** Bytes per second to megabits per second (decimal mega, as networks count). */
export function bytesPerSecondToMbps(bytesPerSecond: number): number {
  return (bytesPerSecond * BITS_PER_BYTE) / MEGA;
}

export function bitsToBytes(bits: number): number {
  return bits / BITS_PER_BYTE;
}

export function bytesToBits(bytes: number): number {
  return bytes * BITS_PER_BYTE;
}

/** `1234567` -> `1.23 MB` (decimal units, three figures; exact below 1,000). Negative values keep their sign. */
export function formatBytes(bytes: number): string {
  const steps = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = Math.abs(bytes);
  let step = 0;
  while (value >= KILO && step < steps.length - 1) {
    value /= KILO;
    step += 1;
  }
  const sign = bytes < 0 ? '-' : '';
  const digits = step === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${sign}${value.toFixed(digits)} ${steps[step]}`;
}

/** `1 client`, `2 clients`: the noun with an s where there is not just one. */
export function formatCount(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Bytes per second as `12.3 Mbit/s`. */
export function formatMbps(bytesPerSecond: number): string {
  const mbps = bytesPerSecondToMbps(bytesPerSecond);
  const size = Math.abs(mbps);
  return `${mbps.toFixed(size >= 1000 ? 0 : size >= 10 ? 1 : 2)} Mbit/s`;
}

/** Milliseconds as text with three figures: `0.42 ms`, `12.3 ms`, `1.20 s`. */
export function formatMs(ms: number): string {
  const size = Math.abs(ms);
  if (size >= MS_PER_SECOND) return `${(ms / MS_PER_SECOND).toFixed(size >= 10 * MS_PER_SECOND ? 1 : 2)} s`;
  return `${ms.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2)} ms`;
}

/** The same for what is a matter of microseconds: whole ones below a millisecond, `31 us`. */
export function formatShortMs(ms: number): string {
  return Math.abs(ms) < 1 ? `${msToUs(ms).toFixed(0)} us` : formatMs(ms);
}

/** Whole seconds as `HH:MM:SS`. */
export function formatElapsed(ms: number): string {
  const total = Math.max(0, Math.floor(ms / MS_PER_SECOND));
  const hours = Math.floor(total / (SECONDS_PER_MINUTE * SECONDS_PER_MINUTE));
  const minutes = Math.floor(total / SECONDS_PER_MINUTE) % SECONDS_PER_MINUTE;
  return [hours, minutes, total % SECONDS_PER_MINUTE].map((part) => String(part).padStart(2, '0')).join(':');
}

const DURATION_PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

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

/**
 * A duration as Go writes it (`1m30s`, `500ms`, `0`) in milliseconds, negative when the text is; undefined when it is none. It
 * guesses no unit: a bare number other than 0 is refused, because half of all readers would be wrong.
 */
export function parseDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0;
  let ms = 0;
  let position = 0;
  for (const part of unsigned.matchAll(DURATION_PART)) {
    ms += (TO_MS[part[2] ?? ''] as (amount: number) => number)(Number(part[1]));
    position = part.index + part[0].length;
  }
  if (position === 0 || position !== unsigned.length) return undefined;
  return text.startsWith('-') && ms !== 0 ? -ms : ms;
}

/** Decimal and binary units apart, as everywhere; case is ignored (`KB` is `kB`): where sizes are meant there are no bits. */
const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  b: 1,
  kb: KILO,
  mb: MEGA,
  gb: MEGA * KILO,
  kib: KIB,
  mib: MIB,
  gib: MIB * KIB,
};
const BITS_PER_PREFIX: Readonly<Record<string, number>> = { '': 1, k: KILO, m: MEGA, g: MEGA * KILO };
const AMOUNT = /^(\d+(?:\.\d+)?|\.\d+)([A-Za-z]+)$/;
/** `/s`, or the `ps` of `Mbps`. */
const PER_SECOND = /(?:\/s|ps)$/;
/** In rates a large B means bytes and a small one bits. */
const BITS = /^([kmg]?)(?:bit|b)$/i;

/** `64KiB`, `20kB`, `500B` as whole bytes, rounded; undefined when it is no size. A bare number has no unit and is none. */
export function parseBytes(text: string): number | undefined {
  const [, amount, unit = ''] = AMOUNT.exec(text) ?? [];
  const size = bytesPerUnit(unit);
  return amount === undefined || size === undefined ? undefined : Math.round(Number(amount) * size);
}

/** `500kbit/s`, `2Mbps` or `64KiB/s` as bytes per second, not rounded; undefined when it is no rate. */
export function parseBytesPerSecond(text: string): number | undefined {
  if (!PER_SECOND.test(text)) return undefined;
  const [, amount, unit = ''] = AMOUNT.exec(text.replace(PER_SECOND, '')) ?? [];
  if (amount === undefined) return undefined;
  const prefix = unit.endsWith('B') ? undefined : BITS.exec(unit)?.[1]?.toLowerCase();
  if (prefix !== undefined) return bitsToBytes(Number(amount) * (BITS_PER_PREFIX[prefix] ?? 1));
  const bytes = unit.endsWith('B') ? bytesPerUnit(unit) : undefined;
  return bytes === undefined ? undefined : Number(amount) * bytes;
}

function bytesPerUnit(unit: string): number | undefined {
  const name = unit.toLowerCase();
  return Object.hasOwn(BYTES_PER_UNIT, name) ? BYTES_PER_UNIT[name] : undefined;
}
