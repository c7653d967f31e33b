// Watches media playlists over time for what a stream should not do: stand still, begin again, go back, get lost.
// It raises findings through the book it is given; it fetches no playlist and knows one only as the tap reported it.
import type { ClientEvent, PlaylistEvent, TransferEvent } from '../events.ts';
import { formatMs, secondsToMs } from '../units.ts';
import type { FindingBook } from './findings.ts';
import { LOWEST_ERROR_STATUS } from './status-codes.ts';

/** A live playlist must change within 1.5 target durations; three are beyond every cache and jitter. */
export const STALLED_TARGET_DURATIONS = 3;
/** Two failed reloads in a row end an FFmpeg client: then the playlist is lost, not late. */
const LOST_AFTER_FAILURES = 2;
/** Playlists watched, and what each door last saw of one: signed URLs may differ per client. */
const MAX_PLAYLISTS = 2_000;
const MAX_DOOR_PLAYLISTS = 20_000;
/** Ends of a list whose last segment is remembered: older copies come from caches, which keep a few seconds. */
const MAX_KNOWN_ENDS = 64;
/** An older copy is followed by the newest one again; a list that grows on below where it was is a new one. */
const ADVANCES_OF_A_NEW_LIST = 3;

interface Watched {
  mediaSequence: number;
  lastSegmentUrl: string | undefined;
  targetDurationMs: number;
  endlist: boolean;
  changedAtMs: number;
  requestedAtMs: number;
  isStalled: boolean;
  /** The last segment by the number after it: what a copy of the same list must have there too. */
  readonly ends: Map<number, string | undefined>;
  restartedAtMs: number | undefined;
}

/** A playlist as one door saw it last. */
interface Seen {
  readonly atMs: number;
  readonly mediaSequence: number;
  readonly segmentCount: number;
  /** Where it was before it fell, until it is there again; and how often it has moved on since. */
  readonly fellFrom?: Seen;
  readonly advances: number;
}

export class PlaylistWatch {
  readonly #findings: FindingBook;
  readonly #playlists = new Map<string, Watched>();
  /** By door and URL. */
  readonly #seen = new Map<string, Seen>();
  readonly #failures = new Map<string, number>();
  #unwatched = 0;

  constructor(findings: FindingBook) {
    this.#findings = findings;
  }

  /** Playlists that were left out because there were too many. */
  get unwatched(): number {
    return this.#unwatched;
  }

  playlist(event: PlaylistEvent): void {
    this.#checkOrder(event);
    const watched = this.#watch(event);
    if (watched === undefined) return;
    noteEnd(watched, event);
    const isNewer = event.mediaSequence > watched.mediaSequence || event.lastSegmentUrl !== watched.lastSegmentUrl;
    watched.endlist ||= event.endlist;
    watched.targetDurationMs = secondsToMs(event.targetDurationSeconds);
    // A door that joins late or reads an older copy tells nothing new about the playlist.
    if (!isNewer || event.mediaSequence < watched.mediaSequence) return;
    watched.mediaSequence = event.mediaSequence;
    watched.lastSegmentUrl = event.lastSegmentUrl;
    watched.changedAtMs = Math.max(watched.changedAtMs, event.atMs);
    watched.isStalled = false;
  }

  transfer(event: TransferEvent): void {
    if (event.kind !== 'media-playlist' && !this.#playlists.has(event.url)) return;
    const watched = this.#playlists.get(event.url);
    const isFailed = event.termination !== '--' || (event.status ?? 0) >= LOWEST_ERROR_STATUS;
    if (watched !== undefined && !isFailed) {
      watched.requestedAtMs = Math.max(watched.requestedAtMs, event.startedAtMs);
    }
    this.#countFailures(event, isFailed && !event.stopping);
  }

  client(event: ClientEvent): void {
    if (event.event !== 'exit' || event.category !== 'playlistLost') return;
    const evidence = `FFmpeg left with exit code 0 although no playlist said ENDLIST (client ${event.client})`;
    this.#findings.raise('playlist-lost', `client ${event.client}`, event.atMs, evidence);
  }

  /** Once per second: standing still is seen by time alone, while clients go on asking. */
  tick(atMs: number): void {
    for (const [url, watched] of this.#playlists) {
      const stillMs = atMs - watched.changedAtMs;
      const isAsked = watched.requestedAtMs - watched.changedAtMs > watched.targetDurationMs;
      const isStalled = stillMs > STALLED_TARGET_DURATIONS * watched.targetDurationMs && isAsked && !watched.endlist;
      if (!isStalled) continue;
      const evidence =
        `media sequence ${watched.mediaSequence} and its last segment unchanged for ${formatMs(stillMs)} ` +
        `(target duration ${formatMs(watched.targetDurationMs)}) while clients go on reloading`;
      if (watched.isStalled) this.#findings.update('playlist-stalled', url, evidence);
      else this.#findings.raise('playlist-stalled', url, watched.changedAtMs, evidence);
      watched.isStalled = true;
    }
  }

  #watch(event: PlaylistEvent): Watched | undefined {
    const known = this.#playlists.get(event.url);
    if (known !== undefined) return known;
    if (this.#playlists.size >= MAX_PLAYLISTS) {
      this.#unwatched += 1;
      return undefined;
    }
    const watched: Watched = {
      mediaSequence: event.mediaSequence,
      lastSegmentUrl: event.lastSegmentUrl,
      targetDurationMs: secondsToMs(event.targetDurationSeconds),
      endlist: event.endlist,
      changedAtMs: event.atMs,
      requestedAtMs: event.atMs,
      isStalled: false,
      ends: new Map(),
      restartedAtMs: undefined,
    };
    this.#playlists.set(event.url, watched);
    return watched;
  }

  /** One door must see a list that never falls back. What is shorter, or has another segment in the same place, or lies wholly
   *  below, is no older copy: the encoder began again. So is what goes on from there and never comes back. */
  #checkOrder(event: PlaylistEvent): void {
    const { client, url, atMs, mediaSequence, segmentCount } = event;
    const key = `${client} ${url}`;
    const before = this.#seen.get(key);
    if (before === undefined && this.#seen.size >= MAX_DOOR_PLAYLISTS) {
      this.#unwatched += 1;
      return;
    }
    const now = { atMs, mediaSequence, segmentCount, advances: 0 };
    this.#seen.set(key, now);
    if (before === undefined) return;
    const isFall = mediaSequence < before.mediaSequence;
    if (isFall && this.#isNewList(event, before)) this.#restarted(event, before);
    else if (isFall) {
      this.#findings.raise('sequence-went-back', url, atMs, `${fallOf(before, event)}, to an older copy`);
      this.#seen.set(key, { ...now, fellFrom: before });
    } else if (before.fellFrom !== undefined && endOf(event) < endOf(before.fellFrom)) {
      const advances = before.advances + 1;
      if (advances < ADVANCES_OF_A_NEW_LIST) this.#seen.set(key, { ...now, fellFrom: before.fellFrom, advances });
      else this.#restarted(event, before.fellFrom);
    }
  }

  #isNewList(event: PlaylistEvent, before: Seen): boolean {
    const { url, mediaSequence, segmentCount, lastSegmentUrl } = event;
    if (before.mediaSequence - mediaSequence > before.segmentCount || segmentCount < before.segmentCount) return true;
    const ends = this.#playlists.get(url)?.ends;
    return ends?.has(endOf(event)) === true && ends.get(endOf(event)) !== lastSegmentUrl;
  }

  #restarted(event: PlaylistEvent, before: Seen): void {
    const { url, mediaSequence, lastSegmentUrl, atMs } = event;
    const last = lastSegmentUrl === undefined ? '' : `, the last segment is now ${lastSegmentUrl}`;
    const evidence = `${fallOf(before, event)}${last}`;
    // The other doors see the same restart at their next reload.
    const isKnown = before.atMs <= (this.#playlists.get(url)?.restartedAtMs ?? Number.NEGATIVE_INFINITY);
    if (isKnown) this.#findings.update('encoder-restarted', url, evidence);
    else {
      this.#findings.raise('encoder-restarted', url, atMs, evidence);
      this.#beginAgain(url, mediaSequence, atMs);
    }
  }

  #beginAgain(url: string, mediaSequence: number, atMs: number): void {
    const watched = this.#playlists.get(url);
    if (watched === undefined) return;
    watched.mediaSequence = mediaSequence;
    watched.endlist = false;
    watched.changedAtMs = atMs;
    watched.isStalled = false;
    watched.ends.clear();
    watched.restartedAtMs = atMs;
  }

  #countFailures(event: TransferEvent, isFailed: boolean): void {
    const key = `${event.client} ${event.url}`;
    if (!isFailed) {
      this.#failures.delete(key);
      return;
    }
    const failures = (this.#failures.get(key) ?? 0) + 1;
    if (failures === 1 && this.#failures.size >= MAX_DOOR_PLAYLISTS) return;
    this.#failures.set(key, failures);
    if (failures !== LOST_AFTER_FAILURES) return;
    const outcome = event.status === undefined ? `ended ${event.termination}` : `answered ${event.status}`;
    const evidence = `${failures} reloads in a row failed, the last ${outcome} (client ${event.client})`;
    this.#findings.raise('playlist-lost', event.url, event.startedAtMs, evidence);
  }
}

function noteEnd({ ends }: Watched, event: PlaylistEvent): void {
  ends.set(endOf(event), event.lastSegmentUrl);
  const [oldest] = ends.keys();
  if (ends.size > MAX_KNOWN_ENDS && oldest !== undefined) ends.delete(oldest);
}

/** The number that the next segment will have. */
function endOf({ mediaSequence, segmentCount }: Pick<Seen, 'mediaSequence' | 'segmentCount'>): number {
  return mediaSequence + segmentCount;
}

function fallOf(before: Seen, { mediaSequence, client }: PlaylistEvent): string {
  return `media sequence fell from ${before.mediaSequence} to ${mediaSequence} (client ${client})`;
}
