// Which variant stream of a multivariant playlist `--variant` means: by a word, a number, a size or a BANDWIDTH. Pure.
// FFmpeg makes one program of each variant, numbered in the order of the playlist, so that an index is a program's id.

export type VariantChoice = 'all' | 'first' | 'highest' | 'lowest' | `${number}` | `${number}x${number}`;

/** What a choice is made by. */
export interface Choosable {
  readonly bandwidthBitsPerSecond?: number;
  /** As the playlist has it: `1280x720`. */
  readonly resolution?: string;
}

export interface ChosenVariant<Variant extends Choosable> {
  /** In the order of the playlist, from 0. */
  readonly index: number;
  readonly variant: Variant;
}

const NUMBER = /^\d+$/;

/** The one variant that any choice but `all` means, of equals the first; undefined for what the playlist does not tell or have. */
export function chooseVariant<Variant extends Choosable>(
  variants: readonly Variant[],
  choice: string,
): ChosenVariant<Variant> | undefined {
  const index = indexOf(variants, choice);
  const variant = variants[index];
  return variant === undefined ? undefined : { index, variant };
}

/** What could have been asked for: `0: 640x360 600000, 1: ...`. */
export function listVariants(variants: readonly Choosable[]): string {
  const texts = variants.map(
    ({ resolution = 'no size', bandwidthBitsPerSecond = 'no bandwidth' }, index) =>
      `${index}: ${resolution} ${bandwidthBitsPerSecond}`,
  );
  return texts.join(', ');
}

/** -1 for none. */
function indexOf(variants: readonly Choosable[], choice: string): number {
  if (choice === 'first') return 0;
  if (choice === 'highest') return indexOfMost(variants, 1);
  if (choice === 'lowest') return indexOfMost(variants, -1);
  const bySize = variants.findIndex(({ resolution }) => resolution?.toLowerCase() === choice);
  if (bySize >= 0 || !NUMBER.test(choice)) return bySize;
  const number = Number(choice);
  // No stream has as few bits per second as there are variants.
  return number < variants.length
    ? number
    : variants.findIndex(({ bandwidthBitsPerSecond }) => bandwidthBitsPerSecond === number);
}

/** The one variant there is needs no bandwidth to be chosen. */
function indexOfMost(variants: readonly Choosable[], sign: 1 | -1): number {
  if (variants.length === 1) return 0;
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  for (const [index, { bandwidthBitsPerSecond }] of variants.entries()) {
    const worth = bandwidthBitsPerSecond === undefined ? undefined : sign * bandwidthBitsPerSecond;
    if (worth === undefined || worth <= most) continue;
    best = index;
    most = worth;
  }
  return best;
}
