// Every limit of the tap, by name, with its reason. Nothing here is enforced; the files that use a limit count its overflow.
import { KIB, secondsToMs } from '../units.ts';

/** One client connection talks to few origins; more means something other than playback. */
export const MAX_ORIGINS_PER_CONNECTION = 8;
/** Octets of pipelined requests that may wait for their turn before the client is refused (MEASURING section 1, rule 3). */
export const MAX_WAITING_BYTES: number = 64 * KIB;
/** A client that is paused because the origin's side is full is looked after this often. */
export const PAUSED_CHECK_MS = 500;
/** One read from an origin: large enough that 1 MB costs 16 reads, small enough that 1,000 sockets cost 64 MB. */
export const READ_BUFFER_BYTES: number = 64 * KIB;
/** Buffers kept for reuse after a burst; beyond that they go back to the allocator. */
export const MAX_POOLED_BUFFERS = 256;
/** A playlist that is read for kinds; larger ones fall back to content, media type and extension. */
export const MAX_PLAYLIST_BYTES: number = 256 * KIB;
/** What a compressed playlist may grow to. */
export const MAX_DECODED_PLAYLIST_BYTES: number = 2 * KIB * KIB;
/** Octets kept to tell the kind of an unlisted resource: three TS packets and one. */
export const KIND_PROBE_BYTES = 565;
/** Redirect targets remembered per door. */
export const MAX_REDIRECTS = 256;
/** Segments remembered per worker so that each is announced once. */
export const MAX_ANNOUNCED_SEGMENTS = 16_384;
/** Records leave a worker in batches: at the latest after `batchIntervalMs`, at once when this many wait. */
export const BATCH_RECORDS = 256;
/** Batches on their way to a main thread that does not take them; beyond that, records are lost and counted. */
export const MAX_BATCHES_UNDERWAY = 600;

/** Limits in time; only tests have a reason to give others. */
export interface TimeLimits {
  /** A connection that opened and never finished a first head; no player needs as long. */
  readonly firstHeadMs: number;
  /** After a message that promised a close the origin gets this long to close; then it is closed from our side. */
  readonly closeGraceMs: number;
  /** A record waits no longer than this for its batch. */
  readonly batchIntervalMs: number;
}
export const TIME_LIMITS: TimeLimits = {
  firstHeadMs: secondsToMs(30),
  closeGraceMs: secondsToMs(5),
  batchIntervalMs: 100,
};
