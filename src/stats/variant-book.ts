// Which variant streams there are, which one the clients were told to play, and what was carried of the others.
// It chooses nothing: FFmpeg fetches two segments of every variant at each start, and that overhead is shown here.
import type { SegmentListedEvent, TransferEvent, VariantsEvent } from '../events.ts';
import { chooseVariant } from '../hls/variant-choice.ts';
import { bitsToBytes } from '../units.ts';
import type { MediaTimeline } from './playback-timeline.ts';

/** Variants of all multivariant playlists seen; signed URLs may differ per client. */
const MAX_VARIANTS = 5_000;

type Variant = VariantsEvent['variants'][number];

export class VariantBook {
  readonly #choice: string;
  readonly #timeline: MediaTimeline;
  /** Variant URL -> whether clients play it; undefined where the choice cannot be told from the playlist. */
  readonly #isSelected = new Map<string, boolean | undefined>();
  #bandwidthBitsPerSecond: number | undefined;
  #unselectedBytes = 0;
  #listedSegments = 0;
  #listedSeconds = 0;

  /** `choice` is the run's `--variant`. */
  constructor(choice: string, timeline: MediaTimeline) {
    this.#choice = choice;
    this.#timeline = timeline;
  }

  variants({ variants }: VariantsEvent): void {
    const chosen = choose(variants, this.#choice);
    for (const variant of variants) {
      if (this.#isSelected.size >= MAX_VARIANTS) return;
      this.#isSelected.set(variant.url, chosen?.includes(variant));
    }
    const bandwidths = (chosen ?? []).map(({ bandwidthBitsPerSecond }) => bandwidthBitsPerSecond);
    if (chosen === undefined || bandwidths.some((bandwidth) => bandwidth === undefined)) return;
    this.#bandwidthBitsPerSecond = bandwidths.reduce<number>((sum, bandwidth) => sum + (bandwidth ?? 0), 0);
  }

  segmentListed(event: SegmentListedEvent): void {
    this.#listedSegments += 1;
    this.#listedSeconds += event.durationSeconds;
  }

  transfer(event: TransferEvent): void {
    const { location } = event;
    if (location !== undefined && this.#isSelected.has(event.url) && this.#isSelected.size < MAX_VARIANTS) {
      // Its segments are listed by where the playlist came from in the end.
      this.#isSelected.set(location, this.#isSelected.get(event.url));
    }
    if (event.kind !== 'segment' || this.#isSelected.size === 0) return;
    const playlistUrl = this.#timeline.find(event.url, event.range)?.playlistUrl;
    if (playlistUrl !== undefined && this.#isSelected.get(playlistUrl) === false) {
      this.#unselectedBytes += event.contentBytes;
    }
  }

  /** Content of variants that no client was to play; undefined when there are no variants or the choice is unknown. */
  get unselectedBytes(): number | undefined {
    const isKnown = this.#isSelected.size > 0 && ![...this.#isSelected.values()].includes(undefined);
    return isKnown ? this.#unselectedBytes : undefined;
  }

  /** What the chosen variants' BANDWIDTH says of one media second. */
  get declaredBytesPerMediaSecond(): number | undefined {
    return this.#bandwidthBitsPerSecond === undefined ? undefined : bitsToBytes(this.#bandwidthBitsPerSecond);
  }

  /** Mean EXTINF of the listed segments. */
  get meanSegmentSeconds(): number | undefined {
    return this.#listedSegments === 0 ? undefined : this.#listedSeconds / this.#listedSegments;
  }
}

/** The variants that clients play for a `--variant`; undefined when the playlist does not tell. */
function choose(variants: readonly Variant[], choice: string): readonly Variant[] | undefined {
  if (choice === 'all') return variants;
  const chosen = chooseVariant(variants, choice);
  return chosen === undefined ? undefined : [chosen.variant];
}
