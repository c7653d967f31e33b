// Every limit of the tap, by name, with its reason. Nothing here is enforced; the files that use a limit count its overflow.
import { KIB, secondsToMs } from '../units.ts';

/** One client connection talks to few origins; more means something other than playback. */
export const MAX_ORIGINS_PER_CONNECTION = 8;
/** Octets of pipelined requests that may wait for their turn before the client is refused (MEASURING section 1, rule 3). */
export const MAX_WAITING_BYTES: number = 64 * KIB;
/** Requests of one connection that were not answered: from then on its client is not read until half of them are. */
export const MAX_UNANSWERED = 4096;
/** A client that is paused because the origin's side is full is looked after this often. */
export const PAUSED_CHECK_MS = 500;
/** One read from an origin: 1 MB then costs a third less CPU than with 64 KiB; more no longer stays in the caches. */
export const LARGE_BUFFER_BYTES: number = 384 * KIB;
/** That large for this many connections of a worker at once (36 MiB); the others read less at a time. */
export const MAX_LARGE_BUFFERS = 96;
/** Large enough that the system maps and unmaps it by itself: smaller blocks stay with the allocator. */
export const MEDIUM_BUFFER_BYTES: number = 128 * KIB;
/** While no more buffers than this are lent, a connection keeps its own between two answers. */
export const MAX_RESTING_BUFFERS = 48;
/** Kept for the next burst (12 MiB). */
export const MAX_FREE_BUFFERS = 32;
/** The first read of an answer on all other connections; it is copied, so it is small. */
export const LANDING_BUFFER_BYTES: number = 64 * KIB;
/** A playlist that is read for kinds; larger ones fall back to content, media type and extension. */
export const MAX_PLAYLIST_BYTES: number = 256 * KIB;
/** What a compressed playlist may grow to. */
export const MAX_DECODED_PLAYLIST_BYTES: number = 2 * KIB * KIB;
/** Octets kept to tell the kind of an unlisted resource: three TS packets and one. */
export const KIND_PROBE_BYTES = 565;
/** What a record keeps of one field that the user asked for; an origin may send 64 KiB of it with every response. */
export const MAX_RECORDED_FIELD_CHARACTERS = 256;
/** Hosts whose certificate a worker keeps; a stream has a handful, and making one again takes 3 ms. */
export const MAX_LEAVES = 256;
/** Origins whose TLS session a door keeps, a few KiB each; a player that resumes goes back to the same ones. */
export const MAX_TLS_SESSIONS = 16;
/** Redirect targets remembered per door. */
export const MAX_REDIRECTS = 256;
/** Segments remembered per worker so that each is announced once. */
export const MAX_ANNOUNCED_SEGMENTS = 16_384;
/** Records leave a worker in batches: at the latest after `batchIntervalMs`, at once when this many wait. */
export const BATCH_RECORDS = 256;
/** Texts that a worker and the main thread both remember by number; beyond that they begin anew. */
export const MAX_KNOWN_TEXTS = 16_384;
/** New objects of one thread where the command line does not say: V8 would take 48 MiB of them before it looks. */
export const MAX_YOUNG_GENERATION_MIB = 8;
/** Batches on their way to a main thread that does not take them; beyond that, records are lost and counted. */
export const MAX_BATCHES_UNDERWAY = 600;

/** A stream that brings nothing for so long is shown as silent (or blocked); muxers write in bursts of up to a second. */
export const SILENT_SHOWN_MS: number = secondsToMs(2);

/** Limits in time; only tests have a reason to give others. */
export interface TimeLimits {
  /** A connection that opened and never finished a first head; no player needs as long. */
  readonly firstHeadMs: number;
  /** After a message that promised a close the origin gets this long to close; then it is closed from our side. */
  readonly closeGraceMs: number;
  /** A record waits no longer than this for its batch. */
  readonly batchIntervalMs: number;
  /** An open stream says how it is this often. */
  readonly streamIntervalMs: number;
}
export const TIME_LIMITS: TimeLimits = {
  firstHeadMs: secondsToMs(30),
  closeGraceMs: secondsToMs(5),
  batchIntervalMs: 100,
  streamIntervalMs: secondsToMs(1),
};
