// What a line of FFmpeg's log says, by the rules of its context. Many clients say the same: what was read once is known.
// It keeps nothing of a process, and forgets what it remembered rather than grow.
import type { ParsedFact } from '../events.ts';
import type { LogLine } from './stderr-line.ts';
import type { StderrRule } from './stderr-rule.ts';

/** `outside`: no rule begins so; `unknown`: one does, but goes on otherwise; `nothing`: known, and nobody counts it. */
export type Meaning = ParsedFact | 'outside' | 'unknown' | 'nothing';

/** Some seconds of a stream's requests, of any number of clients; with the length below, 1 MiB of text. */
const MAX_KNOWN = 2_048;
const MAX_KNOWN_LENGTH = 512;

/** By context, then by message. */
const known: Map<string, Map<string, Meaning>> = new Map();
let size = 0;

/** `rules`: those of the line's context. The same fact is given again, to be read only. */
export function meaningOf({ context, message }: LogLine, rules: readonly StderrRule[]): Meaning {
  const before = known.get(context)?.get(message);
  if (before !== undefined) return before;
  const meaning = read(message, context, rules);
  if (message.length <= MAX_KNOWN_LENGTH) remember(context, message, meaning);
  return meaning;
}

function remember(context: string, message: string, meaning: Meaning): void {
  if (size >= MAX_KNOWN) {
    known.clear();
    size = 0;
  }
  const ofContext = known.get(context);
  if (ofContext === undefined) known.set(context, new Map([[message, meaning]]));
  else ofContext.set(message, meaning);
  size += 1;
}

function read(message: string, context: string, rules: readonly StderrRule[]): Meaning {
  const rule = rules.find(({ starts }) => message.startsWith(starts));
  if (rule === undefined) return 'outside';
  if (rule.pattern === undefined) return 'nothing';
  const match = rule.pattern.exec(message);
  if (match === null) return 'unknown';
  return rule.build?.(match, context) ?? 'nothing';
}
