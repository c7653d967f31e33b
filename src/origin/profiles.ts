// What the embedded origin can stream, and the two FFmpeg command lines behind each stream.
// It starts nothing and touches no file. The arithmetic of a seamless loop lives here.

export type ProfileName = 'default' | 'low-latency' | 'low-bitrate';

export interface Profile {
  readonly width: number;
  readonly height: number;
  readonly segmentSeconds: number;
  /** Constant (filler included), so that segments differ little in size; MPEG-TS adds about 6 %. */
  readonly videoBitsPerSecond: number;
  readonly audioBitsPerSecond: number;
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  /** About 2.1 Mbit/s on the wire. */
  default: { width: 1280, height: 720, segmentSeconds: 2, videoBitsPerSecond: 1_850_000, audioBitsPerSecond: 96_000 },
  'low-latency': {
    width: 1280,
    height: 720,
    segmentSeconds: 1,
    videoBitsPerSecond: 1_850_000,
    audioBitsPerSecond: 96_000,
  },
  /** About 0.5 Mbit/s on the wire. */
  'low-bitrate': {
    width: 640,
    height: 360,
    segmentSeconds: 2,
    videoBitsPerSecond: 400_000,
    audioBitsPerSecond: 48_000,
  },
};

export const PLAYLIST_NAME = 'stream.m3u8';
const LISTED_SEGMENTS = 10;
/** RFC 8216 section 6.2.2: a removed segment stays fetchable for its own and the playlist's length. */
const KEPT_AFTER_REMOVAL = LISTED_SEGMENTS + 1;

const FRAMES_PER_SECOND = 25;
const AUDIO_SAMPLES_PER_SECOND = 48_000;
/** Whole segments of 1 and 2 s and a whole number of AAC frames: the loop wraps without a gap in either stream. */
const LOOP_SECONDS = 24;
const AAC_FRAMES = 1_125;
/** The encoder's first frame comes one frame early (priming); moved to 0, both streams start together. */
const PRIMING_SECONDS = LOOP_SECONDS / AAC_FRAMES;

/** Encodes the loop into `file` (MPEG-TS). One key frame at each segment's start, no other place to cut. */
export function encodeArguments(profile: Profile, file: string): readonly string[] {
  const gop = String(profile.segmentSeconds * FRAMES_PER_SECOND);
  const rate = String(profile.videoBitsPerSecond);
  const { width, height } = profile;
  const picture = `testsrc2=size=${width}x${height}:rate=${FRAMES_PER_SECOND}:duration=${LOOP_SECONDS}`;
  const tone = `sine=frequency=440:beep_factor=4:sample_rate=${AUDIO_SAMPLES_PER_SECOND}:duration=${LOOP_SECONDS + 1}`;
  return [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-y'],
    ...['-f', 'lavfi', '-i', picture],
    ...['-itsoffset', PRIMING_SECONDS.toFixed(6), '-f', 'lavfi', '-i', tone],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
    ...['-g', gop, '-keyint_min', gop, '-sc_threshold', '0'],
    ...['-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, '-x264-params', 'nal-hrd=cbr:force-cfr=1'],
    ...['-c:a', 'aac', '-b:a', String(profile.audioBitsPerSecond), '-ac', '2', '-frames:a', String(AAC_FRAMES)],
    ...['-f', 'mpegts', file],
  ];
}

/**
 * Remuxes the loop live, for ever, into the working directory. A stream that begins with one segment would keep its first
 * client waiting: FFmpeg paces from the container's start time, so with `-copyts` an input that is moved back by a full
 * list arrives at once and the rest in real time (`-readrate_initial_burst` says the same, but only since FFmpeg 6.1;
 * this way was tried on 4.2, 5.1 and 7.0). The half second lets the last of them see the key frame that ends it.
 */
export function remuxArguments(profile: Profile, loopFile: string): readonly string[] {
  const head = -(LISTED_SEGMENTS * profile.segmentSeconds + 0.5);
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+level+warning'],
    ...['-copyts', '-itsoffset', String(head), '-re', '-stream_loop', '-1', '-i', loopFile],
    ...['-map', '0', '-c', 'copy', '-f', 'hls'],
    ...['-hls_time', String(profile.segmentSeconds), '-hls_list_size', String(LISTED_SEGMENTS)],
    ...['-hls_delete_threshold', String(KEPT_AFTER_REMOVAL), '-hls_flags', 'delete_segments+omit_endlist+temp_file'],
    ...['-hls_segment_filename', 'seg%05d.ts', PLAYLIST_NAME],
  ];
}
