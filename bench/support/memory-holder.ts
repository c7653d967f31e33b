// A program of its own: takes `argv[2]` octets of memory, fifteen pages of sixteen in a file of `argv[3]` (a folder in memory), and
// closes the file, so that what it gives back lies in pieces of 60 KiB: a host that takes free memory back takes larger pieces only.
// It says what a new page cost at first and costs afterwards, and holds the rest until its input ends. It leaves nothing behind,
// however it ends. Started by own-memory.ts.
import { closeSync, ftruncateSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { KIB, MIB, US_PER_MS } from '../../src/units.ts';

const PAGE_BYTES: number = 4 * KIB;
const GIVEN = Buffer.alloc(15 * PAGE_BYTES, 1);
const STEP_BYTES: number = GIVEN.length + PAGE_BYTES;
const SAMPLE_BYTES: number = 256 * MIB;

const [bytes, folder] = [Number(process.argv[2]), process.argv[3] ?? ''];
const path = join(folder, `hls-swarm-memory-${process.pid}`);
const file = openSync(path, 'wx');
unlinkSync(path);
const kept = Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP_BYTES) * PAGE_BYTES);
const firstUs = pageUs(bytes);
ftruncateSync(file);
const againUs = pageUs(SAMPLE_BYTES);
closeSync(file);
process.stdout.write(`${JSON.stringify({ firstUs, againUs })}\n`);
process.stdin.resume().on('end', () => process.exit());

/** Microseconds per page, the copying of 4 KiB in it. */
function pageUs(ofBytes: number): number {
  const beganAtMs = performance.now();
  for (let taken = 0; taken < ofBytes; taken += STEP_BYTES) {
    writeSync(file, GIVEN, 0, GIVEN.length, taken);
    kept[(taken / STEP_BYTES) * PAGE_BYTES] = 1;
  }
  return ((performance.now() - beganAtMs) * US_PER_MS) / (ofBytes / PAGE_BYTES);
}
