// The reference's side of a lookup: what the tap carried of each segment that the log announced, and how much of it belongs
// to requests that are not decided yet. It looks nothing up, and no figure of it reaches the candidate.
import type { ByteRange } from '../events.ts';
import { resourceHashFrom } from '../hls/resource.ts';

/** Two segments of each rendition are under way; a record comes within a batch. More renditions cost exactness only. */
const MAX_RECENT = 32;

/** One request for a segment as the log announced it, with what was carried for it. */
export interface CarriedSegment {
  bytes: number;
  isAsked: boolean;
  isDecided: boolean;
}

/** Of all clients: segments whose requests are under way, wait for a listing, or were being read at a stop. */
export class UndecidedSegments {
  #bytes = 0;
  #segments = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Of which something was carried. */
  get segments(): number {
    return this.#segments;
  }

  asked(segment: CarriedSegment): void {
    segment.isAsked = true;
    if (segment.bytes > 0) this.#count(1, segment.bytes);
  }

  carried(segment: CarriedSegment, bytes: number): void {
    const begins = segment.bytes === 0 && bytes > 0;
    if (segment.isAsked && !segment.isDecided) this.#count(begins ? 1 : 0, bytes);
    segment.bytes += bytes;
  }

  decided(segment: CarriedSegment): void {
    if (segment.isDecided) return;
    segment.isDecided = true;
    if (segment.bytes > 0) this.#count(-1, -segment.bytes);
  }

  #count(segments: number, bytes: number): void {
    this.#segments += segments;
    this.#bytes += bytes;
  }
}

/** The segments of one process. The log's line and the tap's record of one request may come in any order. */
export class SegmentReference {
  readonly #undecided: UndecidedSegments;
  readonly #recent = new Map<number, CarriedSegment>();

  constructor(undecided: UndecidedSegments) {
    this.#undecided = undecided;
  }

  /** A request in the log, by URL and the first octet that it wants. */
  asked(url: string, offset: number): CarriedSegment {
    const key = resourceHashFrom(url, offset);
    const early = this.#recent.get(key);
    const segment = early !== undefined && !early.isAsked ? early : newSegment();
    this.#undecided.asked(segment);
    this.#note(key, segment);
    return segment;
  }

  /** Content that the tap carried: the tap names a part by its range, and both know where it begins. */
  carried(url: string, range: ByteRange | undefined, bytes: number): void {
    const key = resourceHashFrom(url, range?.[0] ?? 0);
    const segment = this.#recent.get(key) ?? newSegment();
    this.#undecided.carried(segment, bytes);
    if (!segment.isAsked) this.#note(key, segment);
  }

  decided(segment: CarriedSegment): void {
    this.#undecided.decided(segment);
  }

  #note(key: number, segment: CarriedSegment): void {
    this.#recent.delete(key);
    this.#recent.set(key, segment);
    if (this.#recent.size <= MAX_RECENT) return;
    const [oldest] = this.#recent.keys();
    if (oldest !== undefined) this.#recent.delete(oldest);
  }
}

function newSegment(): CarriedSegment {
  return { bytes: 0, isAsked: false, isDecided: false };
}
