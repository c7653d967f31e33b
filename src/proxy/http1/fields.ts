// The field lines of a head: text in, names and values out, and finding one by name. A block that came before is known:
// a player asks with the same fields each time, and an origin answers many players alike within a second.
// It judges no meaning and forgets what it remembered rather than grow.
import { type HeadProblem, isText, isToken, quote } from './grammar.ts';

/** Name as sent; value without the white space around it; both latin1. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

const MAX_FIELDS = 256;
/** Blocks remembered: a few hundred players and as many answers within a second; with the length below, 1 MiB of text. */
const MAX_KNOWN_BLOCKS = 512;
const MAX_KNOWN_BLOCK_LENGTH = 2048;
const NO_FIELDS: readonly Field[] = [];
const NO_VALUES: readonly string[] = [];

let last: { readonly block: string; readonly fields: readonly Field[] } = { block: '', fields: NO_FIELDS };
let lastButOne = last;
const known: Map<string, readonly Field[]> = new Map();
const indexes: WeakMap<readonly Field[], ReadonlyMap<string, readonly string[]>> = new WeakMap();

/** Field lines with CRLF between them, none after the last. The same block gives the same array. */
export function parseFields(block: string): readonly Field[] | HeadProblem {
  if (block === '') return NO_FIELDS;
  // Comparing is cheaper than hashing: requests and answers alternate.
  if (block === last.block) return last.fields;
  if (block === lastButOne.block) return lastButOne.fields;
  const before = known.get(block);
  if (before !== undefined) {
    lastButOne = last;
    last = { block, fields: before };
    return before;
  }
  const fields = readFields(block);
  if (!('problem' in fields) && block.length <= MAX_KNOWN_BLOCK_LENGTH) {
    if (known.size >= MAX_KNOWN_BLOCKS) known.clear();
    known.set(block, fields);
  }
  return fields;
}

/** The value of the first field of that name, in any case. */
export function fieldValue(fields: readonly Field[], name: string): string | undefined {
  return indexOf(fields).get(name.toLowerCase())?.[0];
}

/** The values of all fields of that name, in any case, in order. */
export function fieldValues(fields: readonly Field[], name: string): readonly string[] {
  return indexOf(fields).get(name.toLowerCase()) ?? NO_VALUES;
}

function indexOf(fields: readonly Field[]): ReadonlyMap<string, readonly string[]> {
  const before = indexes.get(fields);
  if (before !== undefined) return before;
  const index = new Map<string, string[]>();
  for (const { name, value } of fields) {
    const key = name.toLowerCase();
    const values = index.get(key);
    if (values === undefined) index.set(key, [value]);
    else values.push(value);
  }
  indexes.set(fields, index);
  return index;
}

function readFields(block: string): Field[] | HeadProblem {
  const lines = block.split('\r\n');
  if (lines.length > MAX_FIELDS)
    return { problem: `the head has ${lines.length} fields; at most ${MAX_FIELDS} are allowed` };
  const fields: Field[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (colon < 1 || !isToken(name)) return { problem: badFieldLine(line, colon) };
    const value = trimBlanks(line, colon + 1);
    if (!isText(value)) return { problem: `the value of field ${quote(name)} has a control octet: ${quote(value)}` };
    fields.push({ name, value });
  }
  return fields;
}

function badFieldLine(line: string, colon: number): string {
  if (line === '') return 'the head has an empty line before its end';
  if (line.startsWith(' ') || line.startsWith('\t')) {
    return `the field line ${quote(line)} continues the one before (obsolete line folding is not allowed)`;
  }
  if (colon === -1) return `the field line ${quote(line)} has no colon`;
  if (colon === 0) return `the field line ${quote(line)} has no name`;
  return `the field name ${quote(line.slice(0, colon))} is not a token (white space before the colon is not allowed)`;
}

/** `line` from `start` without the spaces and tabs around it (String#trim would take other white space too). */
function trimBlanks(line: string, start: number): string {
  let first = start;
  let last = line.length;
  while (first < last && isBlank(line.charCodeAt(first))) first += 1;
  while (last > first && isBlank(line.charCodeAt(last - 1))) last -= 1;
  return line.slice(first, last);
}

function isBlank(octet: number): boolean {
  return octet === 0x20 || octet === 0x09;
}
