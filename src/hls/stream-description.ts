// What a stream's playlists promise, in figures: variants, durations, window, encryption, packaging. Pure.
// It fetches nothing and measures nothing: what is delivered is another matter.
import type { MediaPlaylist, MultivariantPlaylist, Variant } from './playlist.ts';
import { chooseVariant, type VariantChoice } from './variant-choice.ts';

export interface StreamDescription {
  /** In the order of the multivariant playlist, which is how `--variant INDEX` counts; empty without one. */
  readonly variants: readonly Variant[];
  /** EXT-X-MEDIA with a playlist of their own. */
  readonly renditions: number;
  /** true also when it is not known whether it ends. */
  readonly isLive: boolean;
  readonly targetDurationSeconds: number;
  readonly segments: number;
  /** Media that is listed at once. */
  readonly windowSeconds: number;
  /** EXTINF; absent without segments. */
  readonly segmentSeconds?: { readonly min: number; readonly mean: number; readonly max: number };
  readonly encryption: readonly string[];
  readonly packaging: 'fMP4' | 'MPEG-TS' | 'packed audio' | 'WebVTT' | 'unknown';
  readonly hasByteRanges: boolean;
  readonly hasDiscontinuities: boolean;
  readonly hasParts: boolean;
}

const PACKAGING: readonly (readonly [RegExp, StreamDescription['packaging']])[] = [
  [/\.(ts|m2ts|mts)$/i, 'MPEG-TS'],
  [/\.(m4s|mp4|cmfv|cmfa|m4a|m4v)$/i, 'fMP4'],
  [/\.(aac|mp3|ac3|ec3)$/i, 'packed audio'],
  [/\.(vtt|webvtt)$/i, 'WebVTT'],
];

/** `media`: the playlist that was looked at, of a multivariant one its first variant. */
export function describeStream(media: MediaPlaylist, multivariant?: MultivariantPlaylist): StreamDescription {
  const { segments, maps, parts } = media;
  const seconds = segments.map(({ durationSeconds }) => durationSeconds);
  return {
    variants: multivariant?.variants ?? [],
    renditions: (multivariant?.renditions ?? []).filter(({ url }) => url !== undefined).length,
    isLive: !media.endlist,
    targetDurationSeconds: media.targetDurationSeconds,
    segments: segments.length,
    windowSeconds: media.listedSeconds,
    ...(seconds.length === 0
      ? {}
      : {
          segmentSeconds: {
            min: seconds.reduce((least, value) => Math.min(least, value)),
            mean: media.listedSeconds / seconds.length,
            max: seconds.reduce((most, value) => Math.max(most, value)),
          },
        }),
    encryption: media.encryption,
    packaging: maps.length > 0 ? 'fMP4' : packagingOf(segments[0]?.url),
    hasByteRanges: segments.some(({ range }) => range !== undefined),
    hasDiscontinuities: segments.some(({ discontinuity }) => discontinuity),
    hasParts: parts.length > 0,
  };
}

/**
 * Bits per second that the variants of a choice declare: on average where they say so, else at most. Undefined where one of
 * them declares nothing, or the choice is of none.
 */
export function declaredBitsPerSecond({ variants }: StreamDescription, choice: VariantChoice): number | undefined {
  if (choice !== 'all') {
    const chosen = chooseVariant(variants, choice)?.variant;
    return chosen === undefined ? undefined : rateOf(chosen);
  }
  const rates = variants.map(rateOf).filter((rate) => rate !== undefined);
  const isWhole = rates.length > 0 && rates.length === variants.length;
  return isWhole ? rates.reduce((sum, rate) => sum + rate) : undefined;
}

function rateOf({ averageBandwidthBitsPerSecond, bandwidthBitsPerSecond }: Variant): number | undefined {
  return averageBandwidthBitsPerSecond ?? bandwidthBitsPerSecond;
}

function packagingOf(url: string | undefined): StreamDescription['packaging'] {
  const path = url === undefined ? undefined : URL.parse(url)?.pathname;
  return PACKAGING.find(([name]) => path !== undefined && name.test(path))?.[1] ?? 'unknown';
}
