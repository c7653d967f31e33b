// A client whose kernel has no room left: what the tap received for it stays with the tap. Linux takes megabytes first.
// It plays no origin; that must answer with a length and so many octets of content.
import assert from 'node:assert/strict';
import type { RawClient } from './raw-client.ts';
import { knownOctets, withLength } from './scripted-answers.ts';
import { octetsOf, request, type TapBench } from './tap.ts';

/** Content of one answer, small beside what kernels take, so that one of them is caught whole. */
export const ANSWER_BYTES = 30_000;
/** What happens in the same turn of the loop as the read has happened by then, on a loaded machine too. */
const SOON_MS = 200;
const DEADLINE_MS = 5_000;

/** Asks without reading until an answer that the tap has received stays with it, because no kernel buffer has room. */
export async function fill(bench: TapBench, origin: { readonly port: number }, client: RawClient): Promise<void> {
  client.pause();
  const { sent } = request(origin, '/');
  const before = bench.tap.meters().meters.readBytes;
  const answerBytes = octetsOf(withLength(knownOctets(7, ANSWER_BYTES))).length;
  for (let asked = 1; asked <= 1_000; asked += 1) {
    await client.send(sent);
    const wasRead = await soon(() => bench.tap.meters().meters.readBytes - before >= asked * answerBytes, DEADLINE_MS);
    assert.ok(wasRead, 'the answer did not come');
    if (!(await soon(() => bench.tap.meters().meters.openTransfers === 0, SOON_MS))) return;
  }
  assert.fail('the kernel took 30 MB from a client that does not read');
}

/** Looks without a pause between, for what happens at once or not at all. */
async function soon(condition: () => boolean, deadlineMs: number): Promise<boolean> {
  const endsAt = performance.now() + deadlineMs;
  while (!condition() && performance.now() < endsAt) await new Promise((resolve) => setImmediate(resolve));
  return condition();
}
