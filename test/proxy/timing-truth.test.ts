// The tap's times against what really happened: every phase of 20 transfers against the instants that the origin, the client or
// the resolver noted. `npm run bench:timing` asks for more of the same cases. Phases sum to the total in all of them (tap-laws).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { slowDrain } from '../support/slow-drain.ts';
import { TapBench } from '../support/tap.ts';
import { type Sample, TIMING_CASES, type TimingCase } from '../support/timing-cases.ts';

const TRANSFERS = 20;
/** At the same time: few enough that they do not wait for one another. */
const TOGETHER = 10;
const TOLERANCE_MS = 10;
const TOLERANCE_RATIO = 0.05;
/** A machine with other work may hold up a thread for longer than the tolerance; a tap that errs does so every time. */
const ATTEMPTS = 3;

describe('times are those that were', () => {
  let inWorker: TapBench;
  let inThread: TapBench;

  before(async () => {
    inWorker = await TapBench.open();
    inThread = await TapBench.open({ inThread: true });
    // A thread's first transfers are slow: code that runs for the first time is compiled first.
    for (const bench of [inWorker, inThread]) await TIMING_CASES[0]?.play(bench, TRANSFERS);
  });
  after(async () => {
    await inWorker.close();
    await inThread.close();
  });

  for (const timing of TIMING_CASES)
    test(`${timing.name}: the median of ${TRANSFERS} is true`, async () => {
      const problems: string[] = [];
      while (problems.length < ATTEMPTS) {
        const problem = untruth(await played(timing.inThread ? inThread : inWorker, timing));
        if (problem === undefined) return;
        problems.push(problem);
      }
      assert.fail(problems.join('\n'));
    });

  test('a client that drains slowly is blocked for as long as it does not read', async () => {
    const { restedMs, slowMs, measuredMs } = await slowDrain(inWorker);
    const told = `blocked ${measuredMs} ms, rested ${restedMs} ms in ${slowMs} ms`;
    assert.ok(measuredMs >= restedMs * (1 - TOLERANCE_RATIO), told);
    // On a busy machine it reads slowly as well, and the tap waits for that too.
    assert.ok(measuredMs <= slowMs * (1 + TOLERANCE_RATIO), told);
  });
});

async function played(bench: TapBench, { play, isLong }: TimingCase): Promise<readonly Sample[]> {
  const players = isLong ? TRANSFERS : TOGETHER;
  const samples: Sample[] = [];
  while (samples.length < TRANSFERS) samples.push(...(await play(bench, players)));
  return samples;
}

/** What is wrong with them, in words. */
function untruth(samples: readonly Sample[]): string | undefined {
  assert.equal(samples.length, TRANSFERS);
  const error = median(samples.map(({ measuredMs, trueMs }) => measuredMs - trueMs));
  const truth = median(samples.map(({ trueMs }) => trueMs));
  const isTrue = Math.abs(error) <= TOLERANCE_MS + TOLERANCE_RATIO * truth;
  return isTrue ? undefined : `off by ${error} ms of ${truth} ms: ${JSON.stringify(samples)}`;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
