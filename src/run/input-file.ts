// Reads a file that a user named, or stdin: whole, or as JSON lines one after the other. Every refusal names option and file.
// It knows nothing of what the lines mean; whoever asks says what a line must look like.
import { createReadStream } from 'node:fs';
import { formatBytes, MIB } from '../units.ts';
import { CannotMeasure } from './exit-codes.ts';

/** Files that are held whole are logs and listings of one client; JSON lines are not held and have no such limit. */
const MAX_WHOLE_BYTES: number = 512 * MIB;
/** What is longer is no record of anything; FFmpeg's longest URL makes one of 10 KiB. */
const MAX_JSON_LINE_BYTES: number = 64 * MIB;
/** Of a line that is refused only its beginning is quoted. */
const MAX_QUOTED_CHARS = 80;

export const STDIN = '-';

export interface InputFile {
  /** For sentences: `--truth`, or `JOURNAL` for a word without an option. */
  readonly option: string;
  /** `-` is stdin. */
  readonly path: string;
}

export type Stdin = AsyncIterable<Buffer | string>;
export type JsonRecord = Readonly<Record<string, unknown>>;
/** A problem is the end of a sentence that began with the line's text. */
export type Reading<Value> = { readonly value: Value } | { readonly problem: string };

/** @throws CannotMeasure when it cannot be read, or is larger than anybody reads at once */
export async function readInput(file: InputFile, stdin: Stdin): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(file, stdin)) {
    bytes += chunk.length;
    if (bytes > MAX_WHOLE_BYTES) throw refusal(file, `has more than ${formatBytes(MAX_WHOLE_BYTES)}`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/**
 * One value per line that is not empty. A last line that was cut off in writing is left out when `mayEndEarly`.
 * @throws CannotMeasure at the first line that is not a JSON object or not right, with its number and text
 */
export async function* readJsonLines<Value>(
  file: InputFile,
  stdin: Stdin,
  read: (record: JsonRecord) => Reading<Value>,
  { mayEndEarly = false }: { readonly mayEndEarly?: boolean } = {},
): AsyncGenerator<Value> {
  let number = 0;
  for await (const { text, isWhole } of linesOf(file, stdin)) {
    number += 1;
    if (text.trim() === '') continue;
    const record = readRecord(text);
    if ('problem' in record && mayEndEarly && !isWhole) return;
    const answer = 'problem' in record ? record : read(record.value);
    if ('problem' in answer) throw refusal(file, `line ${number}: ${quoted(text)} ${answer.problem}`);
    yield answer.value;
  }
}

/** The sentence for anything that is wrong with a file. */
export function refusal({ option, path }: InputFile, problem: string): CannotMeasure {
  return new CannotMeasure(`${option}: ${JSON.stringify(path)} ${problem}`);
}

async function* chunksOf(file: InputFile, stdin: Stdin): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of file.path === STDIN ? stdin : createReadStream(file.path)) {
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    }
  } catch (error) {
    throw error instanceof CannotMeasure ? error : refusal(file, `cannot be read: ${reasonOf(error)}`);
  }
}

const LF = 0x0a;

async function* linesOf(file: InputFile, stdin: Stdin): AsyncGenerator<{ text: string; isWhole: boolean }> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of chunksOf(file, stdin)) {
    let start = 0;
    for (let feed = chunk.indexOf(LF); feed >= 0; feed = chunk.indexOf(LF, start)) {
      const rest = chunk.subarray(start, feed);
      const line = heldBytes === 0 ? rest : Buffer.concat([...held, rest]);
      yield { text: line.toString('utf8'), isWhole: true };
      held = [];
      heldBytes = 0;
      start = feed + 1;
    }
    if (start === chunk.length) continue;
    held.push(chunk.subarray(start));
    heldBytes += chunk.length - start;
    if (heldBytes > MAX_JSON_LINE_BYTES) {
      throw refusal(file, `has a line of more than ${formatBytes(MAX_JSON_LINE_BYTES)}`);
    }
  }
  if (heldBytes > 0) yield { text: Buffer.concat(held).toString('utf8'), isWhole: false };
}

function readRecord(text: string): Reading<JsonRecord> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: 'is not JSON; allowed: one JSON object per line' };
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { value: value as JsonRecord }
    : { problem: 'is not a JSON object; allowed: one JSON object per line' };
}

function quoted(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED_CHARS ? `${text.slice(0, MAX_QUOTED_CHARS)}…` : text);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' ? 'this user may not read it' : message;
}
