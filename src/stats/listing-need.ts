// How many of the newest names of a size listing are needed: enough for every playlist and the client that is furthest
// behind the live edge. It knows no sizes and fetches nothing; the table and the scraper are told.
import type { PlaylistEvent } from '../events.ts';
import { msToSeconds } from '../units.ts';

/** The original system's fixed window; fewer would forget what a client that lags for a moment still asks for. */
export const LEAST_LISTING_WINDOW = 300;
/** A completed segment waits for a listing newer than its request, and two are under way per rendition. */
const MARGIN_SEGMENTS = 32;
/** Playlists whose shape is remembered; signed URLs may differ per client. */
const MAX_PLAYLISTS = 2_000;

export class ListingNeed {
  readonly #playlists = new Map<string, { readonly segments: number; readonly targetDurationSeconds: number }>();
  #window: number | undefined;
  #targetDurationSeconds: number | undefined;

  playlist({ url, segmentCount, targetDurationSeconds }: PlaylistEvent): void {
    const shortest = this.#targetDurationSeconds ?? targetDurationSeconds;
    if (targetDurationSeconds > 0) this.#targetDurationSeconds = Math.min(shortest, targetDurationSeconds);
    if (!this.#playlists.has(url) && this.#playlists.size >= MAX_PLAYLISTS) return;
    this.#playlists.set(url, { segments: segmentCount, targetDurationSeconds });
  }

  /** `behindLiveMs`: of the client that is furthest behind. It never narrows: what was needed once may be asked for again. */
  tick(behindLiveMs: number | undefined): void {
    for (const { segments, targetDurationSeconds } of this.#playlists.values()) {
      const behind = targetDurationSeconds > 0 ? msToSeconds(behindLiveMs ?? 0) / targetDurationSeconds : 0;
      const needed = segments + Math.ceil(Math.max(0, behind)) + MARGIN_SEGMENTS;
      this.#window = Math.max(this.#window ?? LEAST_LISTING_WINDOW, needed);
    }
  }

  /** Undefined until a playlist was seen: everything is kept till then. */
  get window(): number | undefined {
    return this.#window;
  }

  /** The shortest that a playlist had; undefined until one was seen. */
  get targetDurationSeconds(): number | undefined {
    return this.#targetDurationSeconds;
  }
}
