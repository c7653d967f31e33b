// Reads the blocks of `-progress`: key=value lines, each block closed by its `progress=` line.
// It judges nothing (speed is a mean since process start, no stall alarm) and keeps one block at most.
import { secondsToUs } from '../units.ts';

/** One block; what FFmpeg gives as N/A, does not give, or gives out of all reason is absent. */
export interface ProgressBlock {
  /** May be slightly negative: streams that begin before zero. */
  readonly outTimeUs?: number;
  readonly totalSizeBytes?: number;
  readonly speed?: number;
  readonly isEnd: boolean;
}

/** A year: beyond it FFmpeg printed "no time stamp" (-2^63) or nonsense. */
const MAX_OUT_TIME_US: number = secondsToUs(31_536_000);

export class ProgressParser {
  readonly #emit: (block: ProgressBlock, atMs: number) => void;
  #outTimeUs: number | undefined;
  #totalSizeBytes: number | undefined;
  #speed: number | undefined;

  constructor(emit: (block: ProgressBlock, atMs: number) => void) {
    this.#emit = emit;
  }

  /** Takes one line; a block is emitted with the arrival of its closing line. */
  line(text: string, atMs: number): void {
    const equals = text.indexOf('=');
    if (equals < 0) return;
    const value = text.slice(equals + 1).trim();
    switch (text.slice(0, equals)) {
      case 'out_time_us':
        this.#outTimeUs = readOutTime(value);
        break;
      case 'out_time_ms':
        // Microseconds too, whatever its name says; it follows the key that says what it is.
        this.#outTimeUs ??= readOutTime(value);
        break;
      case 'total_size':
        this.#totalSizeBytes = readSize(value);
        break;
      case 'speed':
        this.#speed = readSpeed(value);
        break;
      case 'progress':
        this.#close(value === 'end', atMs);
        break;
    }
  }

  #close(isEnd: boolean, atMs: number): void {
    const block: ProgressBlock = {
      ...(this.#outTimeUs === undefined ? {} : { outTimeUs: this.#outTimeUs }),
      ...(this.#totalSizeBytes === undefined ? {} : { totalSizeBytes: this.#totalSizeBytes }),
      ...(this.#speed === undefined ? {} : { speed: this.#speed }),
      isEnd,
    };
    this.#outTimeUs = undefined;
    this.#totalSizeBytes = undefined;
    this.#speed = undefined;
    this.#emit(block, atMs);
  }
}

function readOutTime(value: string): number | undefined {
  if (!/^-?\d+$/.test(value)) return undefined;
  const us = Number(value);
  return Math.abs(us) <= MAX_OUT_TIME_US ? us : undefined;
}

function readSize(value: string): number | undefined {
  if (!/^\d+$/.test(value)) return undefined;
  const bytes = Number(value);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `1.5x`, `   1x`, `1.03e+03x`; other writers of the same blocks leave the `x` or a zero out. */
function readSpeed(value: string): number | undefined {
  const match = /^\+?((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?)x?$/.exec(value);
  const speed = Number(match?.[1]);
  return Number.isFinite(speed) ? speed : undefined;
}
