// What a door knows: its client, the flags and slots in shared memory, and what the playlists that passed it listed.
// It owns no socket; the listener and the connections ask it.
import type { ByteRange, Kind } from '../events.ts';
import { FaultPlan } from '../faults/plan.ts';
import type { FaultAction } from '../faults/rule.ts';
import { kindByContent, PlaylistMemory } from '../hls/kinds.ts';
import { resourceKey } from '../hls/resource.ts';
import { DOOR_SLOT, type DoorSlots } from '../meters.ts';
import type { TapContext } from './context.ts';
import { MAX_REDIRECTS, MAX_TLS_SESSIONS } from './limits.ts';

export class DoorState {
  readonly client: number;
  readonly slots: DoorSlots;
  readonly #context: TapContext;
  readonly #memory: PlaylistMemory;
  readonly #redirects: Map<string, Kind> = new Map();
  readonly #tlsSessions: Map<string, Buffer> = new Map();
  readonly #faults: FaultPlan | undefined;

  constructor(context: TapContext, client: number, slots: DoorSlots) {
    this.client = client;
    this.slots = slots;
    this.#context = context;
    this.#memory = new PlaylistMemory(context.playlists);
    const { faults, seed } = context.behaviour;
    this.#faults = faults.length === 0 ? undefined : new FaultPlan(faults, seed, client);
  }

  process(): number {
    return this.slots.process();
  }

  isStopping(): boolean {
    return this.slots.isStopping();
  }

  /** The kind that a playlist of this door gave a resource, directly or by a redirect. */
  listedKind(url: string, range: ByteRange | undefined): Kind | undefined {
    return this.#memory.kindOf(url, range) ?? this.#redirects.get(resourceKey(url, range));
  }

  /**
   * What a rule does to this request, once per request. It is decided before the answer, so the kind is the one that a
   * playlist of this door gave it, else what its URL looks like (`.m3u8` is a media playlist until it was read once).
   */
  nextFault(url: string, range: ByteRange | undefined): FaultAction | undefined {
    if (this.#faults === undefined) return undefined;
    const isStream = this.#context.streams.isKnown(url);
    const kind = this.listedKind(url, range) ?? (isStream ? 'stream' : kindByContent({ url, method: 'GET' }));
    return this.#faults.next({ kind, url });
  }

  /** The TLS session that an origin gave this door last: a client that resumes its own has it resumed there. */
  tlsSession(origin: string): Buffer | undefined {
    return this.#tlsSessions.get(origin);
  }

  keepTlsSession(origin: string, session: Buffer): void {
    this.#tlsSessions.set(origin, session);
    if (this.#tlsSessions.size <= MAX_TLS_SESSIONS) return;
    const [oldest] = this.#tlsSessions.keys();
    if (oldest !== undefined) this.#tlsSessions.delete(oldest);
  }

  /** A 3xx hands its kind on to where it points. */
  noteRedirect(location: string, range: ByteRange | undefined, kind: Kind): void {
    this.#redirects.set(resourceKey(location, range), kind);
    if (this.#redirects.size <= MAX_REDIRECTS) return;
    const [oldest] = this.#redirects.keys();
    if (oldest !== undefined) this.#redirects.delete(oldest);
  }

  /** Reads a playlist that went through this door; tells the rest of the house what is new in it. */
  notePlaylist(url: string, text: string, atMs: number): Kind | undefined {
    const beganAtMs = this.#context.clock.nowMs();
    const noted = this.#memory.note(url, text);
    if (noted === undefined) return undefined;
    const readMs = this.#context.clock.nowMs() - beganAtMs;
    const { playlist, isNew } = noted;
    const base = { client: this.client, process: this.process(), atMs, url };
    if (playlist.kind === 'multivariant') {
      if (isNew) this.#context.emit({ type: 'variants', ...base, variants: playlist.variants, readMs });
      return 'multivariant-playlist';
    }
    if (playlist.endlist) this.slots.set(DOOR_SLOT.endedProcess, base.process);
    if (!isNew) return 'media-playlist';
    const lastSegmentUrl = playlist.segments.at(-1)?.url;
    this.#context.emit({
      type: 'playlist',
      ...base,
      mediaSequence: playlist.mediaSequence,
      segmentCount: playlist.segments.length,
      targetDurationSeconds: playlist.targetDurationSeconds,
      listedSeconds: playlist.listedSeconds,
      ...(lastSegmentUrl === undefined ? {} : { lastSegmentUrl }),
      endlist: playlist.endlist,
      readMs,
    });
    if (!this.#context.isFirstReading(playlist)) return 'media-playlist';
    for (const segment of playlist.segments) {
      if (!this.#context.isFirstListing(resourceKey(segment.url, segment.range))) continue;
      this.#context.emit({
        type: 'segment-listed',
        atMs,
        url: segment.url,
        ...(segment.range === undefined ? {} : { range: segment.range }),
        playlistUrl: url,
        mediaSequence: segment.mediaSequence,
        durationSeconds: segment.durationSeconds,
      });
    }
    return 'media-playlist';
  }
}
