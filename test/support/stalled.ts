// When a tap reads no more: the kernels between a client that does not read and its origin are full.
// It only looks; who stopped reading is the test's affair.
import type { TapBench } from './tap.ts';

/** Larger than what two pairs of socket buffers hold on loopback (autotuning reaches 4 to 6 MB a pair on Linux). */
export const LARGE_BYTES = 24_000_000;
const QUIET_MS = 60;

/** Resolves when the tap has read more than `before`, its tunnels included, and then nothing for a while. */
export async function stalled(bench: TapBench, before = 0): Promise<void> {
  let lastBytes = -1;
  let sinceMs = performance.now();
  await bench.until(({ readBytes }) => {
    if (readBytes !== lastBytes) sinceMs = performance.now();
    lastBytes = readBytes;
    return readBytes > before && performance.now() - sinceMs > QUIET_MS;
  }, 'no more reads');
}
