// What a log can say at all: whether anybody reads it, and which requests it names at its level. Decides where the parser has
// missed something, and where there was nothing for it to read. Pure; it counts nothing.
import { LOG_LEVELS, type LogLevel, type RunEvent } from '../events.ts';
import type { PairingUnit } from './pairing-process.ts';
import type { ParserReading, ParserSummary } from './summary.ts';

type Logged = Pick<RunEvent, 'isTapped' | 'logLevel'>;

/** Whether lines of this level or worse are in the log. Of a log from elsewhere nobody knows until they are. */
export function reaches(logLevel: LogLevel | undefined, level: LogLevel): boolean {
  return logLevel === undefined || LOG_LEVELS.indexOf(logLevel) >= LOG_LEVELS.indexOf(level);
}

/** What names a request in a log of this level; `none` where nothing does, undefined where the level is not known. */
export function unitOf(logLevel: LogLevel | undefined): PairingUnit | 'none' | undefined {
  if (logLevel === undefined) return undefined;
  if (reaches(logLevel, 'debug')) return 'request';
  return reaches(logLevel, 'verbose') ? 'hls-request' : 'none';
}

/** Whether the log was read; if not, the parser's account has no figures. */
export function isRead(parser: ParserSummary): parser is ParserReading {
  return parser.level !== 'none';
}

/** Why there is nothing to be read of segments and of what was played; undefined where there is. */
export function whyUnread(logLevel: LogLevel | undefined): string | undefined {
  if (logLevel === 'none') return 'no log is read';
  if (unitOf(logLevel) === 'none') return `at level ${logLevel} a log names no requests`;
  return undefined;
}

/** Why attempts of these kinds cannot be held against transfers; undefined where they can. */
export function whyUnpaired(
  { isTapped, logLevel }: Logged,
  { unit, transfers }: { readonly unit: PairingUnit | 'mixed' | undefined; readonly transfers: number },
  group: 'segment' | 'playlist' | 'init' | 'key' | 'other',
): string | undefined {
  if (!isTapped) return 'no reference: nothing was tapped';
  const unread = whyUnread(logLevel);
  if (unread !== undefined) return unread;
  const named = unit ?? unitOf(logLevel);
  if (named === undefined) return transfers > 0 ? 'the log names no requests' : undefined;
  const isNamed = named !== 'hls-request' || group === 'segment' || group === 'init';
  return isNamed ? undefined : 'below level debug a log names segments only';
}
