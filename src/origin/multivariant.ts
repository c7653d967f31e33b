// The multivariant playlist of a live stream in several renditions, with bit rates measured from its own segments.
// FFmpeg's muxer could write one, but takes its bit rates from the encoder, which a remux does not have.
import { bytesToBits } from '../units.ts';
import type { MediaFile } from './media-store.ts';
import { codecsOf, FRAMES_PER_SECOND, type Profile, type Rendition, renditionNames } from './profiles.ts';

/**
 * Its text; undefined until `files` hold one loop of each rendition. From then on the sizes repeat, so that BANDWIDTH (the
 * largest segment's) and AVERAGE-BANDWIDTH are exact and hold for ever.
 */
export function multivariantPlaylist(profile: Profile, files: readonly MediaFile[]): string | undefined {
  const variants = profile.renditions.map((rendition) => variantLines(profile, rendition, files));
  if (variants.includes(undefined)) return undefined;
  return ['#EXTM3U', '#EXT-X-VERSION:3', '#EXT-X-INDEPENDENT-SEGMENTS', ...variants, ''].join('\n');
}

function variantLines(profile: Profile, rendition: Rendition, files: readonly MediaFile[]): string | undefined {
  const { playlist, segmentPrefix } = renditionNames(profile, rendition);
  const loopSegments = profile.loopSeconds / profile.segmentSeconds;
  const sizes = files
    .filter(({ name, isPlaylist }) => !isPlaylist && name.startsWith(segmentPrefix))
    .slice(0, loopSegments)
    .map(({ content }) => content.length);
  if (sizes.length < loopSegments) return undefined;
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
  const attributes = [
    `BANDWIDTH=${Math.ceil(bytesToBits(Math.max(...sizes)) / profile.segmentSeconds)}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(bytesToBits(total) / profile.loopSeconds)}`,
    `CODECS="${codecsOf(rendition)}"`,
    `RESOLUTION=${rendition.width}x${rendition.height}`,
    `FRAME-RATE=${FRAMES_PER_SECOND.toFixed(3)}`,
  ];
  return `#EXT-X-STREAM-INF:${attributes.join(',')}\n${playlist}`;
}
