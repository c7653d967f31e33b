// Chooses what is shown when not everything fits: blocks in their order, each as far unfolded as its priority allows.
// It cuts nothing: a step is taken whole or not at all.
import type { Line } from './cells.ts';

/** One way to show a block; a later step of the same block replaces the one before. */
export interface Step {
  /** Lower comes first. */
  readonly priority: number;
  readonly lines: readonly Line[];
}
export type Block = readonly Step[];

/** The lines of all blocks, at most `rows`. */
export function arrange(blocks: readonly Block[], rows: number): readonly Line[] {
  const shown = blocks.map((): readonly Line[] => []);
  const steps = blocks.flatMap((block, index) => block.map((step) => ({ ...step, index })));
  let used = 0;
  for (const { index, lines } of steps.toSorted((one, other) => one.priority - other.priority)) {
    const before = shown[index]?.length ?? 0;
    if (lines.length <= before || used - before + lines.length > rows) continue;
    used += lines.length - before;
    shown[index] = lines;
  }
  return shown.flat();
}
