// What the embedded origin can stream, and the two FFmpeg command lines behind each stream.
// It starts nothing and touches no file. The arithmetic of a seamless loop lives here.

import { bitsToBytes } from '../units.ts';

export type ProfileName = 'default' | 'low-latency' | 'low-bitrate' | 'stress' | 'abr' | 'fmp4';

/** One encoding of the picture; all renditions of a profile carry the same sound. */
export interface Rendition {
  readonly width: number;
  readonly height: number;
  /** Constant (filler included), so that segments differ little in size. */
  readonly videoBitsPerSecond: number;
  /** Of H.264, times ten, as CODECS writes it: the lowest that allows this size at this frame rate. */
  readonly level: number;
}

export interface Profile {
  /** The best first. With more than one, what the stream's URL names is a multivariant playlist. */
  readonly renditions: readonly [Rendition, ...Rendition[]];
  readonly audioBitsPerSecond: number;
  readonly segmentSeconds: number;
  readonly listedSegments: number;
  /** A multiple of the short loop's. */
  readonly loopSeconds: number;
  /** MPEG-TS adds about 6 % to the media, fragmented MP4 next to nothing. */
  readonly packaging: 'mpegts' | 'fmp4';
}

export const FRAMES_PER_SECOND = 25;
const AUDIO_SAMPLES_PER_SECOND = 48_000;
/** The shortest time that is a whole number of segments of 1 or 2 s and of AAC frames: there a loop wraps without a gap. */
const SHORT_LOOP_SECONDS = 8;
const LONG_LOOP_SECONDS = 24;
const AAC_FRAMES_PER_SHORT_LOOP = 375;
/** MPEG-TS around the media of the smallest rendition; generous for all others. */
const PACKAGING_RATIO = 1.2;

const HD: Rendition = { width: 1280, height: 720, videoBitsPerSecond: 1_850_000, level: 31 };
/** About 2.1 Mbit/s on the wire. */
const DEFAULT: Profile = {
  renditions: [HD],
  audioBitsPerSecond: 96_000,
  segmentSeconds: 2,
  listedSegments: 10,
  loopSeconds: LONG_LOOP_SECONDS,
  packaging: 'mpegts',
};

/** A short loop is encoded in a third of the time, but then the same four segments come again and again. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  default: DEFAULT,
  'low-latency': { ...DEFAULT, segmentSeconds: 1 },
  /** About 0.5 Mbit/s on the wire. */
  'low-bitrate': {
    ...DEFAULT,
    renditions: [{ width: 640, height: 360, videoBitsPerSecond: 400_000, level: 30 }],
    audioBitsPerSecond: 48_000,
  },
  /** About 5.5 Mbit/s on the wire, and a list long enough for clients that fall behind. */
  stress: {
    ...DEFAULT,
    renditions: [{ width: 1920, height: 1080, videoBitsPerSecond: 5_000_000, level: 40 }],
    listedSegments: 15,
    loopSeconds: SHORT_LOOP_SECONDS,
  },
  /** About 2.3, 1.15 and 0.67 Mbit/s on the wire. */
  abr: {
    ...DEFAULT,
    renditions: [
      { width: 1280, height: 720, videoBitsPerSecond: 2_000_000, level: 31 },
      { width: 854, height: 480, videoBitsPerSecond: 950_000, level: 30 },
      { width: 640, height: 360, videoBitsPerSecond: 500_000, level: 30 },
    ],
    loopSeconds: SHORT_LOOP_SECONDS,
  },
  /** About 2.05 Mbit/s on the wire. */
  fmp4: { ...DEFAULT, loopSeconds: SHORT_LOOP_SECONDS, packaging: 'fmp4' },
};

/** What the stream's URL names. */
export const PLAYLIST_NAME = 'stream.m3u8';
const INITIALIZATION_NAME = 'init.mp4';

/** The media playlist of one rendition, and how its segments' names begin. */
export interface RenditionNames {
  readonly playlist: string;
  readonly segmentPrefix: string;
}

/** All files of a stream are in one folder, so that one listing has them all. */
export function renditionNames(profile: Profile, rendition: Rendition): RenditionNames {
  if (profile.renditions.length === 1) return { playlist: PLAYLIST_NAME, segmentPrefix: 'seg' };
  const name = `${rendition.height}p`;
  return { playlist: `${name}.m3u8`, segmentPrefix: `${name}-` };
}

/** CODECS of RFC 6381: Constrained Baseline, as the encoder makes without B-frames and CABAC, and AAC-LC. */
export function codecsOf({ level }: Rendition): string {
  return `avc1.42c0${level.toString(16).padStart(2, '0')},mp4a.40.2`;
}

/** RFC 8216 section 6.2.2: a removed segment stays fetchable for its own and the playlist's length. */
function keptAfterRemoval({ listedSegments }: Profile): number {
  return listedSegments + 1;
}

/** What the live folder holds at most: the loop while it is encoded, all fetchable segments and the one being written. */
export function folderBytes(profile: Profile): number {
  const media = profile.renditions.map(({ videoBitsPerSecond }) => videoBitsPerSecond + profile.audioBitsPerSecond);
  const segments = profile.listedSegments + keptAfterRemoval(profile) + 1;
  const seconds = profile.loopSeconds + segments * profile.segmentSeconds;
  return bitsToBytes(media.reduce((sum, bits) => sum + bits, 0) * seconds * PACKAGING_RATIO);
}

/**
 * Encodes the loop into `file`, for fragmented MP4 in the form that needs no conversion later. One key frame at each
 * segment's start, no other place to cut, and at the same instant in each rendition.
 */
export function encodeArguments(profile: Profile, file: string): readonly string[] {
  const { renditions, loopSeconds } = profile;
  const gop = String(profile.segmentSeconds * FRAMES_PER_SECOND);
  // The encoder's first frame comes one frame early (priming); moved to 0, both streams start together.
  const primingSeconds = SHORT_LOOP_SECONDS / AAC_FRAMES_PER_SHORT_LOOP;
  const tone = `sine=frequency=440:beep_factor=4:sample_rate=${AUDIO_SAMPLES_PER_SECOND}:duration=${loopSeconds + 1}`;
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-y'],
    ...renditions.flatMap(({ width, height }) => [
      ...['-f', 'lavfi', '-i'],
      `testsrc2=size=${width}x${height}:rate=${FRAMES_PER_SECOND}:duration=${loopSeconds}`,
    ]),
    ...['-itsoffset', primingSeconds.toFixed(6), '-f', 'lavfi', '-i', tone],
    ...[...renditions.keys(), renditions.length].flatMap((input) => ['-map', String(input)]),
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0', '-x264-params', 'nal-hrd=cbr:force-cfr=1'],
    ...renditions.flatMap(pictureArguments),
    ...['-c:a', 'aac', '-b:a', String(profile.audioBitsPerSecond), '-ac', '2'],
    // Not a number of frames: FFmpeg 5.1 counts the priming among them, 7.0 does not.
    ...['-t', String(loopSeconds)],
    ...['-f', profile.packaging === 'fmp4' ? 'mp4' : 'mpegts', file],
  ];
}

function pictureArguments({ videoBitsPerSecond, level }: Rendition, stream: number): readonly string[] {
  const rate = String(videoBitsPerSecond);
  return [
    ...['b', 'minrate', 'maxrate', 'bufsize'].flatMap((option) => [`-${option}:v:${stream}`, rate]),
    ...[`-level:v:${stream}`, String(level)],
  ];
}

/**
 * Remuxes the loop live, for ever, into the working directory. A stream that begins with one segment would keep its first
 * client waiting: FFmpeg paces from the container's start time, so with `-copyts` an input that is moved back by a full
 * list arrives at once and the rest in real time (`-readrate_initial_burst` says the same, but only since FFmpeg 6.1;
 * this way was tried on 4.2, 5.1 and 7.0). The half second lets the last of them see the key frame that ends it.
 */
export function remuxArguments(profile: Profile, loopFile: string): readonly string[] {
  const head = -(profile.listedSegments * profile.segmentSeconds + 0.5);
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+level+warning'],
    ...['-copyts', '-itsoffset', String(head), '-re', '-stream_loop', '-1', '-i', loopFile],
    ...profile.renditions.flatMap((rendition, stream) => listArguments(profile, rendition, stream)),
  ];
}

/** One output of FFmpeg per rendition: its HLS muxer's own way to have several needs names for them that it then repeats. */
function listArguments(profile: Profile, rendition: Rendition, stream: number): readonly string[] {
  const { playlist, segmentPrefix } = renditionNames(profile, rendition);
  const isFragmented = profile.packaging === 'fmp4';
  return [
    ...['-map', `0:v:${stream}`, '-map', '0:a', '-c', 'copy', '-f', 'hls'],
    ...['-hls_time', String(profile.segmentSeconds), '-hls_list_size', String(profile.listedSegments)],
    ...['-hls_delete_threshold', String(keptAfterRemoval(profile))],
    ...['-hls_flags', 'delete_segments+omit_endlist+temp_file'],
    ...(isFragmented ? ['-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', INITIALIZATION_NAME] : []),
    ...['-hls_segment_filename', `${segmentPrefix}%05d.${isFragmented ? 'm4s' : 'ts'}`, playlist],
  ];
}
