// One request and its response while it is under way: phases, bytes and the one ending, turned into one record.
// It touches no socket, reads no clock (instants are handed in) and decides no code; it only keeps the account straight.

import assert from 'node:assert/strict';
import type {
  ByteRange,
  CacheStatus,
  Injected,
  Integrity,
  Kind,
  Phases,
  Termination,
  TransferEvent,
} from '../events.ts';
import { OPEN_KIND } from '../meters.ts';
import type { LocalEnd } from './local-end.ts';
import type { Mutable } from './mutable.ts';
import type { OpenStream } from './open-stream.ts';

export interface TransferStart {
  readonly client: number;
  readonly process: number;
  readonly connection: number;
  readonly requestIndex: number;
  readonly method: string;
  readonly url: string;
  readonly range: ByteRange | undefined;
  readonly startedAtMs: number;
  readonly startedAtWallMs: number;
}

/** Who serves it, known once a connection was dialled for it or reused. */
export interface UpstreamFacts {
  readonly upstreamConnection: number;
  /** Absent while the connection cannot take a request yet. */
  readonly upstreamRequestIndex?: number;
  readonly local: LocalEnd;
}

export interface ResponseFacts {
  readonly status: number;
  readonly mediaType?: string;
  readonly cache: CacheStatus;
  readonly ageSeconds?: number;
  readonly location?: string;
  readonly recordedFields?: readonly (readonly [name: string, value: string])[];
  readonly declaredContentLength?: number;
}

export interface Ending {
  readonly termination: Termination;
  readonly atMs: number;
  readonly kind: Kind;
  readonly deliveredBytes: number;
  readonly stopping: boolean;
}

/** The stations of a transfer's life in order; the second letter of a termination code follows from it. */
export type Phase = keyof Phases extends `${infer Name}Ms` ? Name : never;

/** Where the duration of each phase is kept. Numbers, not names: what is absent would be looked up by name the slow way. */
const PHASE_AT: Readonly<Record<Phase, number>> = {
  queue: 0,
  dns: 1,
  connect: 2,
  tls: 3,
  send: 4,
  wait: 5,
  headers: 6,
  receive: 7,
  deliver: 8,
};
/** Of a phase that was not reached. */
const NOT_REACHED: number = Number.NaN;
const NO_PHASES: readonly number[] = Object.keys(PHASE_AT).map(() => NOT_REACHED);

export class Transfer {
  readonly start: TransferStart;
  phase: Phase = 'queue';
  upstream: UpstreamFacts | undefined;
  response: ResponseFacts | undefined;
  /** Kind by the playlists of this door, when one listed the resource. */
  listedKind: Kind | undefined;
  /** Content slot of the live meters; its content moves when the kind becomes final. */
  kindSlot: number = OPEN_KIND;
  /** Its place among the open ones of its worker. */
  openAt = -1;
  requestHeadBytes = 0;
  requestBodyBytes = 0;
  responseHeadBytes = 0;
  interimHeadBytes = 0;
  framingBytes = 0;
  contentBytes = 0;
  hasUnknownLength = false;
  hasExcess = false;
  isStale = false;
  /** A fault on purpose that has acted on it. */
  injected: Injected | null = null;
  /** The client does not get what was read: a fault ends the transfer within it. */
  isCut = false;
  clientBlockedMs = 0;
  longestGapMs = 0;
  /** Before the last read of the body; undefined before the second. */
  lastGapMs: number | undefined;
  /** While it is a continuous body, and after. */
  stream: OpenStream | undefined;
  /** Octets of the client's stream that precede this response; absent until its first octet. */
  deliverFrom: number | undefined;
  readonly #durationsMs: number[] = NO_PHASES.slice();
  #phaseSinceMs: number;
  #isEarly = false;
  #lastReadAtMs: number | undefined;
  #pausedSinceMs: number | undefined;
  #hasEnded = false;

  constructor(start: TransferStart) {
    this.start = start;
    this.#phaseSinceMs = start.startedAtMs;
  }

  /** Response octets so far: interim and final heads, framing, content. */
  get responseBytes(): number {
    return this.interimHeadBytes + this.responseHeadBytes + this.framingBytes + this.contentBytes;
  }

  get phaseSinceMs(): number {
    return this.#phaseSinceMs;
  }

  /** When octets of the body were read last, or could have been read again; absent before the first. */
  get lastReadAtMs(): number | undefined {
    return this.#lastReadAtMs;
  }

  /** Reading is paused since then because the client does not drain. */
  get blockedSinceMs(): number | undefined {
    return this.isPaced ? undefined : this.#pausedSinceMs;
  }

  /** A fault paces its content: nobody's client is to blame when reading pauses. */
  get isPaced(): boolean {
    return this.injected === 'throttle' || this.injected === 'stall';
  }

  /** The whole message came from the origin; only the client's kernel has still to take it. */
  get isReceived(): boolean {
    return this.phase === 'deliver';
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /**
   * The present phase ends at this instant and the next begins, so that phases always sum to the total. An instant
   * before the phase began (a mark out of order) is set equal to it, and the record says `early`.
   */
  enter(phase: Phase, atMs: number): void {
    this.#close(atMs);
    this.phase = phase;
  }

  /** How long the origin has been silent within the body; 0 elsewhere, before its first octet and while reading is paused. */
  silentMs(atMs: number): number {
    const lastReadAtMs = this.#lastReadAtMs;
    const mayBe = this.phase === 'receive' && this.#pausedSinceMs === undefined && lastReadAtMs !== undefined;
    return mayBe ? Math.max(0, atMs - lastReadAtMs) : 0;
  }

  /** Octets of the body were read at this instant; the silence before them counts, unless reading was paused. */
  bodyRead(atMs: number): void {
    if (this.#lastReadAtMs !== undefined) {
      this.lastGapMs = atMs - this.#lastReadAtMs;
      this.longestGapMs = Math.max(this.longestGapMs, this.lastGapMs);
    }
    this.#lastReadAtMs = atMs;
  }

  /** Reading pauses from this instant on because what was read is not with the client yet. */
  paused(atMs: number): void {
    this.#pausedSinceMs = atMs;
  }

  /** Reading was paused between these instants because the client did not drain: its silence, not the origin's. */
  blocked(fromMs: number, untilMs: number): void {
    this.#pausedSinceMs = undefined;
    if (!this.isPaced) this.clientBlockedMs += untilMs - Math.max(fromMs, this.start.startedAtMs);
    if (this.#lastReadAtMs !== undefined) this.#lastReadAtMs = untilMs;
  }

  /** The one ending; throws when there was one before. */
  end(ending: Ending): TransferEvent {
    if (this.#hasEnded) assert.fail(`transfer ${this.start.connection}/${this.start.requestIndex} ended twice`);
    this.#hasEnded = true;
    const wasReceived = this.isReceived;
    this.#close(ending.atMs);
    return this.#event(ending, this.#integrity(wasReceived));
  }

  /** One literal and a few additions: a spread per part would cost more than the rest of a small transfer. */
  #event({ termination, kind, deliveredBytes, stopping }: Ending, integrity: Integrity): TransferEvent {
    const { start, upstream, response } = this;
    const event: Mutable<TransferEvent> = {
      type: 'transfer',
      client: start.client,
      process: start.process,
      connection: start.connection,
      requestIndex: start.requestIndex,
      method: start.method,
      url: start.url,
      kind,
      cache: response?.cache ?? 'unknown',
      startedAtWallMs: start.startedAtWallMs,
      startedAtMs: start.startedAtMs,
      requestHeadBytes: this.requestHeadBytes,
      requestBodyBytes: this.requestBodyBytes,
      responseHeadBytes: this.responseHeadBytes,
      interimHeadBytes: this.interimHeadBytes,
      framingBytes: this.framingBytes,
      contentBytes: this.contentBytes,
      deliveredBytes,
      phases: phasesOf(this.#durationsMs),
      totalMs: this.#phaseSinceMs - start.startedAtMs,
      clientBlockedMs: this.clientBlockedMs,
      longestGapMs: this.longestGapMs,
      early: this.#isEarly,
      stale: this.isStale,
      injected: this.injected,
      termination,
      integrity,
      stopping,
    };
    if (start.range !== undefined) event.range = start.range;
    if (upstream !== undefined) addUpstream(event, upstream);
    if (response !== undefined) addResponse(event, response);
    const transportStream = this.stream?.transportStream;
    if (transportStream !== undefined) event.transportStream = transportStream;
    return event;
  }

  #close(atMs: number): void {
    // The silence that the end of the body ends is one of its gaps.
    this.longestGapMs = Math.max(this.longestGapMs, this.silentMs(atMs));
    if (atMs < this.#phaseSinceMs) this.#isEarly = true;
    const until = Math.max(atMs, this.#phaseSinceMs);
    const at = PHASE_AT[this.phase];
    const before = this.#durationsMs[at] ?? NOT_REACHED;
    this.#durationsMs[at] = (Number.isNaN(before) ? 0 : before) + (until - this.#phaseSinceMs);
    this.#phaseSinceMs = until;
  }

  #integrity(wasReceived: boolean): Integrity {
    if (this.hasExcess) return 'excess';
    if (!wasReceived || this.isCut) return 'short';
    return this.hasUnknownLength ? 'unknown-length' : 'complete';
  }
}

function addUpstream(event: Mutable<TransferEvent>, upstream: UpstreamFacts): void {
  const { upstreamConnection, upstreamRequestIndex } = upstream;
  event.upstreamConnection = upstreamConnection;
  const { upstreamLocalPort, upstreamAddress } = upstream.local;
  if (upstreamLocalPort !== undefined) event.upstreamLocalPort = upstreamLocalPort;
  if (upstreamAddress !== undefined) event.upstreamAddress = upstreamAddress;
  if (upstreamRequestIndex === undefined) return;
  event.upstreamRequestIndex = upstreamRequestIndex;
  event.upstreamReused = upstreamRequestIndex > 1;
}

function addResponse(event: Mutable<TransferEvent>, response: ResponseFacts): void {
  event.status = response.status;
  if (response.mediaType !== undefined) event.mediaType = response.mediaType;
  if (response.ageSeconds !== undefined) event.ageSeconds = response.ageSeconds;
  if (response.location !== undefined) event.location = response.location;
  if (response.recordedFields !== undefined) event.recordedFields = response.recordedFields;
  if (response.declaredContentLength !== undefined) event.declaredContentLength = response.declaredContentLength;
}

/** By their places in PHASE_AT; written out, as a property of a changing name is set the slow way. */
function phasesOf(durationsMs: readonly number[]): Phases {
  const phases: Mutable<Phases> = {};
  if (isReached(durationsMs[0])) phases.queueMs = durationsMs[0];
  if (isReached(durationsMs[1])) phases.dnsMs = durationsMs[1];
  if (isReached(durationsMs[2])) phases.connectMs = durationsMs[2];
  if (isReached(durationsMs[3])) phases.tlsMs = durationsMs[3];
  if (isReached(durationsMs[4])) phases.sendMs = durationsMs[4];
  if (isReached(durationsMs[5])) phases.waitMs = durationsMs[5];
  if (isReached(durationsMs[6])) phases.headersMs = durationsMs[6];
  if (isReached(durationsMs[7])) phases.receiveMs = durationsMs[7];
  if (isReached(durationsMs[8])) phases.deliverMs = durationsMs[8];
  return phases;
}

function isReached(durationMs: number | undefined): durationMs is number {
  return durationMs !== undefined && !Number.isNaN(durationMs);
}
