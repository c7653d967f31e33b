// Sees a live playlist stand still, or begin again, where there is no tap to read it: the log goes on reloading it and asks for no
// segment, or names a lower media sequence.
// It knows no playlist's content; a stream that only seems live, or a log without request lines, raises nothing.
import type { ParsedEvent, RunEvent } from '../events.ts';
import { formatMs, secondsToMs } from '../units.ts';
import type { FindingBook } from './findings.ts';
import { STALLED_TARGET_DURATIONS } from './playlist-watch.ts';
import { isTunnelled } from './tunnels.ts';

/** Playlists watched, and those that one process reads at once. */
const MAX_PLAYLISTS = 2_000;
const MAX_PLAYLISTS_PER_PROCESS = 8;
/** No list is known here. An older copy is some numbers behind; what is behind by half of all of them began again. */
const OLDER_COPY_SHARE = 0.5;

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
  readonly #url: string;
  readonly #targetDurationMs: number | undefined;
  readonly #playlists = new Map<string, Watched>();
  readonly #readers = new Map<number, Reader>();
  readonly #falls = new Map<number, number>();
  #mostFalls = 0;

  constructor(findings: FindingBook, run: Omit<RunEvent, 'type'>) {
    const { isTapped, isLive, targetDurationSeconds } = run;
    const isUnseen = !isTapped || isTunnelled(run, run.url);
    this.#findings = findings;
    this.#url = run.url;
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
    } else if (event.rule === 'sequence-change') this.#moved(event);
    else if (event.rule === 'http-error' || event.rule === 'keepalive-failed') reader.reload = undefined;
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

  /** Each client says so of its own reading: the first that falls once more tells of one more fall. */
  #moved({ client, atMs, from, to, url = this.#url }: ParsedEvent & { readonly rule: 'sequence-change' }): void {
    if (to >= from) return;
    const code = to < from * OLDER_COPY_SHARE ? 'encoder-restarted' : 'sequence-went-back';
    const evidence = `media sequence fell from ${from} to ${to}, says the log of client ${client}`;
    const falls = (this.#falls.get(client) ?? 0) + 1;
    this.#falls.set(client, falls);
    if (falls <= this.#mostFalls && this.#findings.has(code, url)) {
      this.#findings.update(code, url, evidence);
      return;
    }
    this.#mostFalls = Math.max(this.#mostFalls, falls);
    this.#findings.raise(code, url, atMs, evidence);
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
