// What a player behind one door would have lived through (MEASURING section 7): startup, stalls, distance to the live
// edge, modelled from complete segments. It plays nothing, reads no clock and says nothing about FFmpeg's own decoding.
import type { PlaylistEvent, TransferEvent } from '../events.ts';
import { secondsToMs } from '../units.ts';
import type { MediaTimeline } from './playback-timeline.ts';

/** Variants and renditions that one process may play; a playlist beyond them is left out and counted. */
export const MAX_TRACKS = 64;

/** A client further behind than this many segments is measured in target durations instead of listed ones. */
const MAX_SUMMED_SEGMENTS = 1000;

/** Milliseconds. What is not known yet is missing. */
export interface PlaybackState {
  /** Start of the process to its first complete segment. */
  readonly startupMs?: number;
  /** Since the first complete segment, stalls included: what a stall ratio is a share of. 0 while no duration is known. */
  readonly playMs: number;
  /** The present stall included. */
  readonly stallCount: number;
  readonly stallMs: number;
  readonly isStalled: boolean;
  readonly stalledSinceMs?: number;
  /** Media received and not played yet; 0 while stalled. */
  readonly bufferMs?: number;
  /** End of the newest listed segment - end of the newest complete one, in media time; missing once the list has ended. */
  readonly behindLiveMs?: number;
  /** Of the playlist that counts. */
  readonly targetDurationMs?: number;
  readonly segments: number;
  /** Segments whose duration no playlist told; each counts as one target duration, of the playlist that they can belong to. */
  readonly unlistedSegments: number;
  /** Playlists and segments of playlists beyond `MAX_TRACKS`. */
  readonly ignored: number;
}

interface Track {
  readonly url: string;
  receivedSeconds: number;
  targetSeconds: number;
  /** Of the segment that completed last, which need not be the newest: two may be under way at once. */
  lastSequence?: number;
  newestSequence?: number;
  newestListedSequence?: number;
  hasEnded: boolean;
}

/**
 * One client process. The model's player starts with the first complete segment, stops when it has played all that came,
 * and goes on with the next segment. Where the whole list is there from the start (VOD) it starts one segment later: a client
 * that is paced asks for a segment when the one before is played, and no player waits that long. Of several playlists
 * (renditions, variants) the one with most media counts.
 */
export class PlaybackModel {
  readonly #startedAtMs: number;
  readonly #timeline: MediaTimeline;
  readonly #tracks = new Map<string, Track>();
  #leader: Track | undefined;
  #firstSegmentAtMs: number | undefined;
  /** From the first segment whose duration is known. */
  #playingSinceMs: number | undefined;
  #runsOutAtMs = 0;
  #endedAtMs = Number.POSITIVE_INFINITY;
  #stallCount = 0;
  #stallMs = 0;
  #segments = 0;
  #unlistedSegments = 0;
  #ignored = 0;

  constructor(startedAtMs: number, timeline: MediaTimeline) {
    this.#startedAtMs = startedAtMs;
    this.#timeline = timeline;
  }

  /** A transfer of kind segment that is ok (final 2xx, complete). The same segment twice in a row counts once. */
  segment(event: TransferEvent): void {
    const listed = this.#timeline.find(event.url, event.range);
    const track = this.#trackOf(listed?.playlistUrl ?? this.#leader?.url ?? this.#onlyPlaylist());
    if (track === undefined || (listed !== undefined && listed.mediaSequence === track.lastSequence)) return;
    this.#segments += 1;
    if (listed === undefined) this.#unlistedSegments += 1;
    else noteSequence(track, listed.mediaSequence);
    const beforeSeconds = this.#leader?.receivedSeconds ?? 0;
    this.#firstSegmentAtMs ??= event.startedAtMs + event.totalMs;
    track.receivedSeconds += listed?.durationSeconds ?? track.targetSeconds;
    // Without any duration nobody can tell when a player would have run out.
    if (track.receivedSeconds <= beforeSeconds) return;
    this.#leader = track;
    this.#received(event.startedAtMs + event.totalMs, secondsToMs(track.receivedSeconds - beforeSeconds));
  }

  playlist(event: PlaylistEvent): void {
    const track = this.#trackOf(event.url);
    if (track === undefined) return;
    track.targetSeconds = event.targetDurationSeconds;
    track.hasEnded = event.endlist;
    if (event.segmentCount === 0) return;
    const before = track.newestListedSequence;
    const newest = event.mediaSequence + event.segmentCount - 1;
    track.newestListedSequence = newest;
    this.#timeline.edgeAt(event.url, newest, before !== undefined && before - newest > event.segmentCount);
  }

  /** The process ended or is being stopped: what follows is no stall. */
  end(atMs: number): void {
    this.#endedAtMs = Math.min(this.#endedAtMs, atMs);
  }

  read(atMs: number): PlaybackState {
    const untilMs = Math.min(atMs, this.#endedAtMs);
    const counts = { segments: this.#segments, unlistedSegments: this.#unlistedSegments, ignored: this.#ignored };
    const startup =
      this.#firstSegmentAtMs === undefined ? {} : { startupMs: this.#firstSegmentAtMs - this.#startedAtMs };
    if (this.#playingSinceMs === undefined) {
      return { ...startup, playMs: 0, stallCount: 0, stallMs: 0, isStalled: false, ...counts };
    }
    const bufferMs = this.#runsOutAtMs - untilMs;
    const isStalled = bufferMs < 0 && !this.#isComplete();
    const { behindLiveMs } = this;
    const { targetSeconds = 0 } = this.#leader ?? {};
    return {
      ...startup,
      playMs: Math.max(0, untilMs - this.#playingSinceMs),
      stallCount: this.#stallCount + (isStalled ? 1 : 0),
      stallMs: this.#stallMs + (isStalled ? -bufferMs : 0),
      isStalled,
      ...(isStalled ? { stalledSinceMs: this.#runsOutAtMs } : {}),
      bufferMs: Math.max(0, bufferMs),
      ...(behindLiveMs === undefined ? {} : { behindLiveMs }),
      ...(targetSeconds > 0 ? { targetDurationMs: secondsToMs(targetSeconds) } : {}),
      ...counts,
    };
  }

  /** As in the state. */
  get behindLiveMs(): number | undefined {
    const track = this.#leader;
    if (track?.newestSequence === undefined || track.newestListedSequence === undefined || track.hasEnded) {
      return undefined;
    }
    // What others were told counts too: a client that reads no more cannot know that the edge has moved on.
    const edge = this.#timeline.newestListed(track.url) ?? track.newestListedSequence;
    const segments = edge - track.newestSequence;
    if (segments < 0) return undefined;
    if (segments > MAX_SUMMED_SEGMENTS) return secondsToMs(segments * track.targetSeconds);
    let seconds = 0;
    for (let sequence = track.newestSequence + 1; sequence <= edge; sequence += 1) {
      seconds += this.#timeline.durationSeconds(track.url, sequence) ?? track.targetSeconds;
    }
    return secondsToMs(seconds);
  }

  #received(atMs: number, mediaMs: number): void {
    if (this.#playingSinceMs === undefined) {
      const startMs = atMs + (this.#leader?.hasEnded === true ? mediaMs : 0);
      this.#playingSinceMs = startMs;
      this.#runsOutAtMs = startMs;
    }
    const lateMs = Math.min(atMs, this.#endedAtMs) - this.#runsOutAtMs;
    if (lateMs > 0) {
      this.#stallCount += 1;
      this.#stallMs += lateMs;
    }
    this.#runsOutAtMs = Math.max(this.#runsOutAtMs, atMs) + mediaMs;
  }

  /** The list has ended and its last segment is here: the player is done, not stalled. */
  #isComplete(): boolean {
    const track = this.#leader;
    return track?.hasEnded === true && track.newestSequence === track.newestListedSequence;
  }

  /** Of a segment that is not listed nobody knows which of several playlists it belongs to. */
  #onlyPlaylist(): string {
    const [only] = this.#tracks.size === 1 ? this.#tracks.keys() : [];
    return only ?? '';
  }

  #trackOf(url: string): Track | undefined {
    const present = this.#tracks.get(url);
    if (present !== undefined) return present;
    if (this.#tracks.size >= MAX_TRACKS) {
      this.#ignored += 1;
      return undefined;
    }
    const track: Track = { url, receivedSeconds: 0, targetSeconds: 0, hasEnded: false };
    this.#tracks.set(url, track);
    return track;
  }
}

/** A lower number than before is an older segment that took longer, unless the list itself began again below. */
function noteSequence(track: Track, mediaSequence: number): void {
  const { newestSequence, newestListedSequence } = track;
  track.lastSequence = mediaSequence;
  const hasBegunAgain =
    newestSequence === undefined || newestListedSequence === undefined || newestListedSequence < newestSequence;
  if (hasBegunAgain || mediaSequence > newestSequence) track.newestSequence = mediaSequence;
}
