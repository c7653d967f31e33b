// What playlists said: which resource is which segment, how long it plays, where the live edge is; for all clients of a run.
// It knows no client and no time of ours; memory is bounded, the oldest listed segments go first.
import type { ByteRange, SegmentListedEvent } from '../events.ts';
import { resourceKey } from '../hls/resource.ts';

/** Six hours of 2 s segments of one playlist. */
export const MAX_LISTED_SEGMENTS = 10_800;
/** Playlists whose live edge is kept: signed URLs may differ per client, and then each knows only its own. */
export const MAX_EDGES = 2_000;

export interface ListedSegment {
  readonly playlistUrl: string;
  readonly mediaSequence: number;
  readonly durationSeconds: number;
}

export class MediaTimeline {
  readonly #byKey = new Map<string, ListedSegment>();
  /** By playlist and sequence: a live edge is measured for every client every second. */
  readonly #byPlaylist = new Map<string, Map<number, ListedSegment>>();
  readonly #edges = new Map<string, number>();
  #forgotten = 0;

  /** Segments that went because more than the limit were listed. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Every worker tells of a segment once; the same again changes nothing but its age. */
  listed({ url, range, playlistUrl, mediaSequence, durationSeconds }: SegmentListedEvent): void {
    const key = resourceKey(url, range);
    this.#forget(key);
    const segment = { playlistUrl, mediaSequence, durationSeconds };
    this.#byKey.set(key, segment);
    const places = this.#byPlaylist.get(playlistUrl) ?? new Map<number, ListedSegment>();
    this.#byPlaylist.set(playlistUrl, places.set(mediaSequence, segment));
    if (this.#byKey.size <= MAX_LISTED_SEGMENTS) return;
    const [oldest] = this.#byKey.keys();
    if (oldest !== undefined) this.#forget(oldest);
    this.#forgotten += 1;
  }

  /** A client read a list up to `sequence`. `hasBegunAgain`: below what the same client had read before, beyond any copy. */
  edgeAt(playlistUrl: string, sequence: number, hasBegunAgain: boolean): void {
    const before = this.#edges.get(playlistUrl);
    if (before === undefined ? this.#edges.size >= MAX_EDGES : sequence <= before && !hasBegunAgain) return;
    this.#edges.set(playlistUrl, sequence);
  }

  /** The newest sequence that any client was told of. */
  newestListed(playlistUrl: string): number | undefined {
    return this.#edges.get(playlistUrl);
  }

  find(url: string, range: ByteRange | undefined): ListedSegment | undefined {
    return this.#byKey.get(resourceKey(url, range));
  }

  durationSeconds(playlistUrl: string, mediaSequence: number): number | undefined {
    return this.#byPlaylist.get(playlistUrl)?.get(mediaSequence)?.durationSeconds;
  }

  #forget(key: string): void {
    const segment = this.#byKey.get(key);
    if (segment === undefined) return;
    this.#byKey.delete(key);
    const places = this.#byPlaylist.get(segment.playlistUrl);
    // Another resource may have taken the place since.
    if (places?.get(segment.mediaSequence) === segment) places.delete(segment.mediaSequence);
    if (places?.size === 0) this.#byPlaylist.delete(segment.playlistUrl);
  }
}
