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

/** Lines that are their own text: whatever begins so. */
export function verbatim(rule: 'fatal' | 'eof' | 'http-statistics', starts: string): StderrRule {
  return { rule, starts, pattern: /^.*$/s, build: ([whole]) => ({ rule, text: textOf(whole) }) };
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
  pattern: /^Opening '(.*)' for reading$/s,
  build: ([, url], context) => ({
    rule: 'open',
    // AES-128 segments are opened through a wrapper protocol that the origin never sees.
    url: textOf(url).replace(/^crypto[+:]/, ''),
    context,
    isNewConnection: context !== 'http' && context !== 'https',
  }),
};

export const FORMAT_PROBED: StderrRule = {
  rule: 'format-probed',
  starts: 'Format ',
  pattern: /^Format (\S+) probed with /,
  build: ([, format]) => ({ rule: 'format-probed', format: textOf(format) }),
};
