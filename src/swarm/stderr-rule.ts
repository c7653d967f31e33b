// The shape of a rule about FFmpeg's log lines, and what all rules are built with.
// It holds no rule that belongs to one context only; those are in the tables beside it.
import type { ParsedFact, ParsedRule } from '../events.ts';

/** One kind of line. A message that starts right but does not match `pattern` looks like an event and counts as unparsed. */
export interface StderrRule {
  /** `harmless`: known, says nothing that anyone counts. */
  readonly rule: ParsedRule | 'harmless';
  /** The quick test: how the message begins after stamp, context and level. */
  readonly starts: string;
  readonly pattern?: RegExp;
  /** Gives undefined when this very line says nothing (then it is harmless). */
  readonly build?: (match: RegExpExecArray, context: string) => ParsedFact | undefined;
}

/** Longest text that a fact carries: FFmpeg refuses URLs beyond 4,095 octets, and nothing else it says is as long. */
export const MAX_FACT_CHARS = 4096;

export function harmless(starts: string): StderrRule {
  return { rule: 'harmless', starts };
}

/** Lines that are their own text: whatever begins so. What timed out is a timeout, whoever says it. */
export function verbatim(
  rule: 'fatal' | 'eof' | 'refused' | 'read-failed' | 'tls-failed' | 'exit-reason',
  starts: string,
): StderrRule {
  return { rule, starts, pattern: /^.*$/s, build: ([whole]) => ({ rule: ruleOf(rule, whole), text: textOf(whole) }) };
}

export function isTimeout(text: string): boolean {
  return /timed out/i.test(text);
}

export function textOf(captured: string | undefined): string {
  return (captured ?? '').slice(0, MAX_FACT_CHARS);
}

export function numberOf(captured: string | undefined): number {
  return Number(captured);
}

/** The level of an opening line tells nothing; its context does: [http] and [https] print it for a reused connection only. */
export const OPEN: StderrRule = {
  rule: 'open',
  starts: "Opening '",
  pattern: /^Opening '(.+)' for reading$/s,
  build: ([, url], context) => ({
    rule: 'open',
    // AES-128 segments are opened through a wrapper protocol that the origin never sees.
    url: textOf(url).replace(/^crypto[+:]/, ''),
    context,
    isNewConnection: context !== 'http' && context !== 'https',
  }),
};

/** The tag as a playlist has it, and FFmpeg's own list of what it found (`variant_bitrate : 1064800`). */
export const BANDWIDTH_RULES: readonly StderrRule[] = [
  { starts: 'BANDWIDTH=', pattern: /^BANDWIDTH=(\d{1,15})/ },
  { starts: '#EXT-X-STREAM-INF:', pattern: /^#EXT-X-STREAM-INF:(?:.*,)? *BANDWIDTH=(\d{1,15})/ },
  { starts: '      variant_bitrate', pattern: /^ +variant_bitrate *: (\d{1,15})$/ },
].map(({ starts, pattern }) => ({
  rule: 'bandwidth',
  starts,
  pattern,
  // FFmpeg lists 0 where no multivariant playlist told a BANDWIDTH.
  build: ([, bitsPerSecond]) =>
    numberOf(bitsPerSecond) === 0 ? undefined : { rule: 'bandwidth', bitsPerSecond: numberOf(bitsPerSecond) },
}));

export const FORMAT_PROBED: StderrRule = {
  rule: 'format-probed',
  starts: 'Format ',
  pattern: /^Format (\S+) (?:probed with|detected only with low score) /,
  build: ([, format]) => ({ rule: 'format-probed', format: textOf(format) }),
};

function ruleOf<Rule extends string>(rule: Rule, text: string | undefined): Rule | 'timeout' {
  const canTimeOut = rule === 'fatal' || rule === 'read-failed' || rule === 'tls-failed';
  return canTimeOut && isTimeout(text ?? '') ? 'timeout' : rule;
}
