// The origin's own log followed by the program while clients are killed in the middle of segments (nginx, 4 clients): the short form
// of `npm run verify:origin`. Completed transfers agree to the octet; of those that broke off, what was on its way is shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinByPort, nginxRequest } from '../support/journal.ts';
import { killingRun } from '../support/origin-runs.ts';
import { assertMeasured } from '../support/program.ts';
import { requirement } from '../support/require.ts';

const SHAPE = {
  clients: 4,
  durationSeconds: 8,
  killEveryMs: 1_500,
  segmentSeconds: 2,
  bitsPerSecond: 2_000_000,
} as const;

test("clients killed in the middle of segments: nginx's log and the account agree to the octet, and the rest was in flight", {
  skip: requirement('ffmpeg') || requirement('nginx'),
}, async () => {
  const { ended, journal, lines, kills } = await killingRun(SHAPE);
  const { summary, transfers } = journal;
  assertMeasured(ended, summary);
  assert.ok(kills >= 2, `${kills} clients were killed`);

  const join = joinByPort(transfers, lines.map(nginxRequest));
  assert.deepEqual([join.different, join.missingAtOrigin, join.missingAtProxy, join.outOfBounds], [[], [], [], []]);
  assert.deepEqual([join.equal, join.transfers], [join.joined, lines.length]);
  assert.ok(
    join.joined >= SHAPE.clients * 5 && join.aborted >= kills,
    `${join.joined} joined, ${join.aborted} broken off`,
  );

  const { source, explained, residualBytes, joined } = summary.reconciliation;
  assert.deepEqual([source, residualBytes, explained?.foreign], ['access-log', 0, 0]);
  assert.equal(explained?.inFlight, join.inFlightBytes);
  assert.deepEqual(joined, {
    transfers: join.joined,
    matched: join.joined,
    equal: join.joined,
    different: 0,
    missingAtOrigin: 0,
    missingAtProxy: 0,
    aborted: join.aborted,
    outOfBounds: 0,
  });
  // Whether a kill finds octets on their way to the tap is the kernel's business; what is 0 is not shown.
  assert.equal(/in flight at aborts +\d/.test(ended.stdout), join.inFlightBytes > 0);
});
