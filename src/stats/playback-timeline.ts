// What playlists said of their segments: which resource is which segment and how long it plays, for all clients of a run.
// It knows no client and no time of ours; memory is bounded, the oldest listed segments go first.
import type { ByteRange, SegmentListedEvent } from '../events.ts';
import { resourceKey } from '../hls/resource.ts';

/** Six hours of 2 s segments of one playlist. */
export const MAX_LISTED_SEGMENTS = 10_800;

export interface ListedSegment {
  readonly playlistUrl: string;
  readonly mediaSequence: number;
  readonly durationSeconds: number;
}

export class MediaTimeline {
  readonly #byKey = new Map<string, ListedSegment>();
  readonly #keyByPlace = new Map<string, string>();
  #forgotten = 0;

  /** Segments that went because more than the limit were listed. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Every worker tells of a segment once; the same again changes nothing but its age. */
  listed({ url, range, playlistUrl, mediaSequence, durationSeconds }: SegmentListedEvent): void {
    const key = resourceKey(url, range);
    this.#forget(key);
    this.#byKey.set(key, { playlistUrl, mediaSequence, durationSeconds });
    this.#keyByPlace.set(placeOf(playlistUrl, mediaSequence), key);
    if (this.#byKey.size <= MAX_LISTED_SEGMENTS) return;
    const [oldest] = this.#byKey.keys();
    if (oldest !== undefined) this.#forget(oldest);
    this.#forgotten += 1;
  }

  find(url: string, range: ByteRange | undefined): ListedSegment | undefined {
    return this.#byKey.get(resourceKey(url, range));
  }

  durationSeconds(playlistUrl: string, mediaSequence: number): number | undefined {
    const key = this.#keyByPlace.get(placeOf(playlistUrl, mediaSequence));
    return key === undefined ? undefined : this.#byKey.get(key)?.durationSeconds;
  }

  #forget(key: string): void {
    const segment = this.#byKey.get(key);
    if (segment === undefined) return;
    this.#byKey.delete(key);
    const place = placeOf(segment.playlistUrl, segment.mediaSequence);
    if (this.#keyByPlace.get(place) === key) this.#keyByPlace.delete(place);
  }
}

function placeOf(playlistUrl: string, mediaSequence: number): string {
  return `${mediaSequence} ${playlistUrl}`;
}
