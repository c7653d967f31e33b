// One FFmpeg client's stderr and progress as they came in a committed capture, endlessly: the start once, then the steady part
// again and again with new segment numbers. It parses nothing.
import { readFileSync } from 'node:fs';

const CAPTURE = new URL('../../test/fixtures/ffmpeg/01-live-ts-debug-ff51/', import.meta.url);
/** Where the capture has come to its rhythm: one reload and one segment every 2 s. */
const STEADY_FROM_MS = 10_000;

export interface RecordedChunk {
  /** From the start of the process. */
  readonly atMs: number;
  readonly stream: 'stderr' | 'progress';
  readonly octets: Buffer;
}

export interface Recording {
  readonly start: readonly RecordedChunk[];
  readonly steady: readonly RecordedChunk[];
  readonly steadyMs: number;
  /** Names that the steady part takes from one turn to the next. */
  readonly segmentsPerTurn: number;
}

export function readRecording(): Recording {
  const log = readFileSync(new URL('stderr.txt', CAPTURE));
  const arrivals = jsonLines<{ t: number; off: number; len: number }>('arrivals.jsonl');
  const blocks = jsonLines<{ t: number; text: string }>('progress.jsonl');
  const beginSeconds = arrivals[0]?.t ?? 0;
  const chunks: RecordedChunk[] = [
    ...arrivals.map(({ t, off, len }) => ({
      atMs: (t - beginSeconds) * 1000,
      stream: 'stderr' as const,
      octets: log.subarray(off, off + len),
    })),
    ...blocks.map(({ t, text }) => ({
      atMs: (t - beginSeconds) * 1000,
      stream: 'progress' as const,
      octets: Buffer.from(text),
    })),
  ].sort((one, other) => one.atMs - other.atMs);
  const endMs = chunks.findLast(({ octets }) => octets.includes('HLS request'))?.atMs ?? 0;
  const steady = chunks.filter(({ atMs }) => atMs >= STEADY_FROM_MS && atMs < endMs);
  return {
    start: chunks.filter(({ atMs }) => atMs < STEADY_FROM_MS),
    steady,
    steadyMs: endMs - STEADY_FROM_MS,
    segmentsPerTurn: steady.filter(({ octets }) => octets.includes('HLS request')).length,
  };
}

/** The steady part of turn `turn` (0 = as recorded): later, and with segment numbers and media sequences gone on. */
export function steadyTurn(recording: Recording, turn: number): readonly RecordedChunk[] {
  const shift = turn * recording.segmentsPerTurn;
  const later = (text: string): string =>
    text
      .replace(/seg(\d{5})/g, (_, digits: string) => `seg${String(Number(digits) + shift).padStart(5, '0')}`)
      .replace(
        /\((\d+) -> (\d+)\)/g,
        (_, from: string, to: string) => `(${Number(from) + shift} -> ${Number(to) + shift})`,
      );
  return recording.steady.map(({ atMs, stream, octets }) => ({
    atMs: atMs + turn * recording.steadyMs,
    stream,
    octets: turn === 0 ? octets : Buffer.from(later(octets.toString('latin1')), 'latin1'),
  }));
}

function jsonLines<Line>(name: string): readonly Line[] {
  const text = readFileSync(new URL(name, CAPTURE), 'utf8').trim();
  return text.split('\n').map((line) => JSON.parse(line) as Line);
}
