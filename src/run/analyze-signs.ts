// What a log says of itself: how much of FFmpeg's talk is in it, and whether it has a process's beginning and end.
// It counts nothing; reasons for differences are taken from it (analyze-line-reasons.ts, analyze-request-reasons.ts).
import type { ParsedFact, ParsedRule } from '../events.ts';
import type { Detail, LogSigns, Statement } from './analyze-material.ts';

/** From nothing that tells a level to FFmpeg's most verbose one; trace tells us no more than debug. */
const DETAILS: readonly Detail[] = ['none', 'warning', 'info', 'verbose', 'debug'];

/** Each line that is printed from a certain level on. */
const DETAIL_BY_RULE: Readonly<Partial<Record<ParsedRule, Detail>>> = {
  'http-error': 'warning',
  'keepalive-failed': 'warning',
  reconnect: 'warning',
  'segment-failed': 'warning',
  'playlist-failed': 'warning',
  open: 'info',
  'input-opened': 'info',
  'tag-skipped': 'info',
  'no-longer-receiving': 'info',
  bandwidth: 'info',
  'hls-request': 'verbose',
  'tcp-start': 'verbose',
  'tcp-connected': 'verbose',
  'avio-statistics': 'verbose',
  'stream-total': 'verbose',
  request: 'debug',
  'content-length': 'debug',
  'sequence-change': 'debug',
  'init-section': 'debug',
};
const DETAIL_BY_LEVEL: ReadonlyMap<string, Detail> = new Map([
  ['warning', 'warning'],
  ['info', 'info'],
  ['verbose', 'verbose'],
  ['debug', 'debug'],
  ['trace', 'debug'],
]);
/** Which say that a process wants something from its input. */
const ATTEMPTS: ReadonlySet<ParsedRule> = new Set(['open', 'hls-request', 'request']);
/** Said once, when a process leaves. */
const LAST_WORDS: ReadonlySet<ParsedRule> = new Set(['exit-reason', 'stream-total', 'fatal']);

const LEVEL = /^[^[]{0,24}(?:\[[^\s[\]]+ @ [^\]]+\] )?\[(warning|info|verbose|debug|trace)\] /;
/** The first words of a process: its banner, or how it reads its options. */
const FIRST_WORDS = /^(?:\S+ \S+ )?(?:\[\w+\] )?(?:ffmpeg version |Splitting the commandline)/;
/** Printed at level info and below by each process that comes to an orderly end. */
const TOTALS = /muxing overhead/;
const LINE_OF_FFMPEG =
  /(?:^|[\r ])(?:\[[^\s[\]]+ @ (?:0x)?[0-9a-fA-F]+\] |\[(?:panic|fatal|error|warning|info|verbose|debug|trace)\] |frame=|size=)/;

/** Sees every line of a log as it is. */
export class SignsReader {
  #detail: Detail = 'none';
  #hasBegin = false;
  #hasTotals = false;
  #looksLikeFfmpeg = false;
  #firstAtMs: number | undefined;
  #lastAtMs: number | undefined;

  line(text: string, atMs: number): void {
    this.#firstAtMs ??= atMs;
    this.#lastAtMs = atMs;
    this.#hasBegin ||= FIRST_WORDS.test(text);
    this.#hasTotals ||= TOTALS.test(text);
    this.#looksLikeFfmpeg ||= LINE_OF_FFMPEG.test(text);
    const level = LEVEL.exec(text)?.[1];
    if (level !== undefined) this.#detail = more(this.#detail, DETAIL_BY_LEVEL.get(level));
  }

  /** Whether any line has FFmpeg's form, understood or not. */
  get looksLikeFfmpeg(): boolean {
    return this.#looksLikeFfmpeg;
  }

  /** `isTimed`: the lines came with their instants. */
  read(statements: readonly Statement[], isTimed: boolean): LogSigns {
    const facts = statements.map(({ fact }) => fact);
    const lastAttempt = facts.findLastIndex(({ rule }) => ATTEMPTS.has(rule));
    const lastWords = new Set(facts.slice(lastAttempt + 1).map(({ rule }) => rule));
    return {
      detail: facts.reduce((detail, fact) => more(detail, detailOf(fact)), this.#detail),
      hasBegin: this.#hasBegin || isInputItself(facts.find(({ rule }) => ATTEMPTS.has(rule))),
      hasEnd: this.#hasTotals || [...LAST_WORDS].some((rule) => lastWords.has(rule)),
      wasEnded: lastWords.has('exit-reason'),
      ...(isTimed && this.#firstAtMs !== undefined ? { firstAtMs: this.#firstAtMs } : {}),
      ...(isTimed && this.#lastAtMs !== undefined ? { lastAtMs: this.#lastAtMs } : {}),
    };
  }
}

/** Whether the log was written at that level or a more verbose one, as far as anybody can see. */
export function hasDetail({ detail }: LogSigns, wanted: Detail): boolean {
  return DETAILS.indexOf(detail) >= DETAILS.indexOf(wanted);
}

function detailOf(fact: ParsedFact): Detail | undefined {
  return isInputItself(fact) ? 'debug' : DETAIL_BY_RULE[fact.rule];
}

/** The very first opening of a process, which is told at level debug only. */
function isInputItself(fact: ParsedFact | undefined): boolean {
  if (fact?.rule !== 'open') return false;
  return fact.context === 'NULL' || fact.context === 'AVFormatContext' || fact.context.startsWith('in#');
}

function more(one: Detail, other: Detail | undefined): Detail {
  return other !== undefined && DETAILS.indexOf(other) > DETAILS.indexOf(one) ? other : one;
}
