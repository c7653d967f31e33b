// What a swarm will take of a machine, from what single clients took: processor, memory, files, processes, ports. Pure.
// The figures are those of `npm run bench:cost` (FFmpeg 5.1, 5 to 20 clients at 1 and 2 Mbit/s), held against longer and
// larger runs; they are estimates for a warning, no promises, and they judge nothing.
import { bitsToBytes, bytesPerSecondToMbps, MIB } from '../units.ts';

export interface Load {
  readonly clients: number;
  readonly rampRatePerSecond: number;
  readonly isTapped: boolean;
  /** `-re`: VOD in real time. */
  readonly isPaced: boolean;
  /** Every client is loaded before the ramp begins. */
  readonly isPrepared?: boolean;
  /** Of one client; absent = not known: `ASSUMED_BITS_PER_SECOND`. */
  readonly bitsPerSecond?: number | undefined;
}

export interface Cost {
  /** Steadily. */
  readonly cores: number;
  /** While clients are being started, on top. */
  readonly rampCores: number;
  readonly memoryBytes: number;
  /** Without these it cannot begin. */
  readonly leastMemoryBytes: number;
}

/** About what a 720p rendition has. */
export const ASSUMED_BITS_PER_SECOND = 2_000_000;

/** An FFmpeg that demuxes and throws away: waking up and reloading playlists, and then by what it reads. */
const FFMPEG_CORES = 0.0003;
const FFMPEG_CORES_PER_MBIT = 0.000_45;
/** `-re` wakes it for every packet. */
const PACED_FACTOR = 3.5;
/** Debian's FFmpeg is linked with 215 libraries; a static build takes 3 ms. */
const LINKING_CPU_SECONDS = 0.05;
/** Probing, the first three segments. */
const JOINING_CPU_SECONDS = 0.03;
/** Private, measured 11.3 to 14.7 MiB; the rest is shared between clients. */
const FFMPEG_BYTES: number = 16 * MIB;
const FFMPEG_LEAST_BYTES: number = 4 * MIB;
/** Reading what clients say. */
const MAIN_CORES = 0.02;
const MAIN_CORES_PER_CLIENT = 0.0003;
const TAP_CORES_PER_CLIENT = 0.0003;
/** Measured 334 MiB with 50 clients and 465 with 1,000, after minutes: young objects alone have up to 96 MiB per thread. */
const MAIN_BYTES: number = 330 * MIB;
const MAIN_BYTES_PER_CLIENT: number = 0.15 * MIB;
/** As it comes up, before much has been young. */
const MAIN_LEAST_BYTES: number = 200 * MIB;

export function costOf({ clients, rampRatePerSecond, isTapped, isPaced, isPrepared, bitsPerSecond }: Load): Cost {
  const mbit = bytesPerSecondToMbps(bitsToBytes(bitsPerSecond ?? ASSUMED_BITS_PER_SECOND));
  const ffmpegCores = (FFMPEG_CORES + FFMPEG_CORES_PER_MBIT * mbit) * (isPaced ? PACED_FACTOR : 1);
  const startsPerSecond = Math.min(clients, rampRatePerSecond);
  const instrumentCores = MAIN_CORES_PER_CLIENT + (isTapped ? TAP_CORES_PER_CLIENT : 0);
  return {
    cores: clients * (ffmpegCores + instrumentCores) + MAIN_CORES,
    rampCores: startsPerSecond * JOINING_CPU_SECONDS + (isPrepared === true ? 0 : linkingCores(startsPerSecond)),
    memoryBytes: clients * (FFMPEG_BYTES + MAIN_BYTES_PER_CLIENT) + MAIN_BYTES,
    leastMemoryBytes: clients * FFMPEG_LEAST_BYTES + MAIN_LEAST_BYTES,
  };
}

/** What it takes to bring up that many processes per second, before any of them asks for anything. */
export function linkingCores(startsPerSecond: number): number {
  return startsPerSecond * LINKING_CPU_SECONDS;
}
