// Sees a live playlist stand still where there is no tap to read it: the log goes on reloading it and asks for no segment.
// It knows no playlist's content; a stream that only seems live, or a log without request lines, raises nothing.
import type { ParsedEvent, RunEvent } from '../events.ts';
import { formatMs, secondsToMs } from '../units.ts';
import type { FindingBook } from './findings.ts';
import { STALLED_TARGET_DURATIONS } from './playlist-watch.ts';
import { isTunnelled } from './tunnels.ts';

/** Playlists watched, and those that one process reads at once. */
const MAX_PLAYLISTS = 2_000;
const MAX_PLAYLISTS_PER_PROCESS = 8;

interface Watched {
  /** When one of its readers asked for a segment last, or for the playlist first. */
  advancedAtMs: number;
  /** When it was asked for last and nothing was wrong with the answer. */
  askedAtMs: number;
  isStalled: boolean;
}

interface Reader {
  readonly process: number;
  readonly playlists: Set<string>;
  /** The reload under way: good unless the log complains before the next request. */
  reload: { readonly watched: Watched; readonly atMs: number } | undefined;
}

export class LogPlaylistWatch {
  readonly #findings: FindingBook;
  readonly #targetDurationMs: number | undefined;
  readonly #playlists = new Map<string, Watched>();
  readonly #readers = new Map<number, Reader>();

  constructor(findings: FindingBook, run: Omit<RunEvent, 'type'>) {
    const { isTapped, isLive, targetDurationSeconds } = run;
    const isUnseen = !isTapped || isTunnelled(run, run.url);
    this.#findings = findings;
    this.#targetDurationMs =
      isUnseen && isLive && targetDurationSeconds !== undefined ? secondsToMs(targetDurationSeconds) : undefined;
  }

  /** `isPlaylist`: what the parser takes a request for. */
  parsed(event: ParsedEvent, isPlaylist: boolean): void {
    if (this.#targetDurationMs === undefined) return;
    const reader = this.#readerOf(event);
    if (event.rule === 'request') {
      if (reader.reload !== undefined) reader.reload.watched.askedAtMs = reader.reload.atMs;
      reader.reload = isPlaylist ? this.#reload(event.url, event.atMs, reader) : undefined;
    } else if (event.rule === 'http-error' || event.rule === 'keepalive-failed') reader.reload = undefined;
    else if (event.rule === 'hls-request') {
      for (const url of reader.playlists) this.#advanced(url, event.atMs);
    }
  }

  /** Once per second: standing still is seen by time alone, while clients go on asking. */
  tick(atMs: number): void {
    const targetDurationMs = this.#targetDurationMs;
    if (targetDurationMs === undefined) return;
    for (const [url, watched] of this.#playlists) {
      const { advancedAtMs, askedAtMs } = watched;
      const stillMs = atMs - advancedAtMs;
      const isAsked = askedAtMs - advancedAtMs > targetDurationMs;
      if (stillMs <= STALLED_TARGET_DURATIONS * targetDurationMs || !isAsked) continue;
      const evidence =
        `no segment was asked for during ${formatMs(stillMs)} (target duration ${formatMs(targetDurationMs)}) ` +
        'while clients go on reloading, says the log';
      if (watched.isStalled) this.#findings.update('playlist-stalled', url, evidence);
      else this.#findings.raise('playlist-stalled', url, advancedAtMs, evidence);
      watched.isStalled = true;
    }
  }

  #reload(url: string, atMs: number, reader: Reader): Reader['reload'] {
    if (reader.playlists.size < MAX_PLAYLISTS_PER_PROCESS) reader.playlists.add(url);
    const known = this.#playlists.get(url);
    if (known !== undefined) return { watched: known, atMs };
    if (this.#playlists.size < MAX_PLAYLISTS)
      this.#playlists.set(url, { advancedAtMs: atMs, askedAtMs: atMs, isStalled: false });
    return undefined;
  }

  #advanced(url: string, atMs: number): void {
    const watched = this.#playlists.get(url);
    if (watched === undefined) return;
    watched.advancedAtMs = Math.max(watched.advancedAtMs, atMs);
    watched.isStalled = false;
  }

  #readerOf({ client, process }: ParsedEvent): Reader {
    const known = this.#readers.get(client);
    if (known !== undefined && known.process >= process) return known;
    const reader: Reader = { process, playlists: new Set(), reload: undefined };
    this.#readers.set(client, reader);
    return reader;
  }
}
