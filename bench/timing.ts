// `npm run bench:timing`: how far the tap's times are from what really happened, per phase: medians of 20 transfers whose instants
// the origin, the client or the resolver noted. The same cases as test/proxy/timing-truth.test.ts, held to narrower bounds.
// Exit 1 = a phase is further off than that.
import { slowDrain } from '../test/support/slow-drain.ts';
import { TapBench } from '../test/support/tap.ts';
import { type Sample, TIMING_CASES } from '../test/support/timing-cases.ts';
import { machineAndDate } from './support/machine.ts';
import { median, quantile } from './support/quantile.ts';
import { markdownTable, writeResult } from './support/table.ts';

/** Few enough at the same time that they do not wait for one another. */
const PLAYERS = 4;
const TURNS = 5;
const BOUND_MS = 2;
const BOUND_RATIO = 0.02;
const BLOCKED_TURNS = 7;
const BLOCKED_RATIO = 0.05;

let isKept = true;
const rows: string[][] = [];
for (const { name, inThread, play } of TIMING_CASES)
  rows.push(
    row(
      name,
      await gather(inThread, TURNS, (bench) => play(bench, PLAYERS)),
      (truth) => BOUND_MS + BOUND_RATIO * truth,
    ),
  );
const blocked = await gather(false, BLOCKED_TURNS, async (bench) => {
  const { restedMs, measuredMs } = await slowDrain(bench);
  return [{ trueMs: restedMs, measuredMs }];
});
rows.push(row('clientBlocked, a client that drains slowly', blocked, (truth) => BLOCKED_RATIO * truth));

const text = [
  `Medians of ${PLAYERS * TURNS} transfers, ${PLAYERS} at once, all in ms; ${machineAndDate()} (\`npm run bench:timing\`).`,
  '',
  markdownTable([['phase', 'true', 'measured', 'error', 'p5 .. p95 of errors', 'bound', ''], ...rows]),
].join('\n');
console.log(text);
await writeResult('timing', text);
if (!isKept) process.exitCode = 1;

async function gather(
  inThread: boolean,
  turns: number,
  play: (bench: TapBench) => Promise<readonly Sample[]>,
): Promise<readonly Sample[]> {
  const bench = await TapBench.open({ inThread });
  const samples: Sample[] = [];
  try {
    // The first turn warms the code up.
    await play(bench);
    for (let turn = 0; turn < turns; turn += 1) samples.push(...(await play(bench)));
  } finally {
    await bench.close();
  }
  return samples;
}

function row(name: string, samples: readonly Sample[], boundOf: (trueMs: number) => number): string[] {
  const errors = samples.map(({ measuredMs, trueMs }) => measuredMs - trueMs);
  const truth = median(samples.map(({ trueMs }) => trueMs));
  const bound = boundOf(truth);
  const holds = Math.abs(median(errors)) <= bound;
  isKept &&= holds;
  const spread = [0.05, 0.95].map((share) => quantile(errors, share).toFixed(2)).join(' .. ');
  const figures = [truth, median(samples.map(({ measuredMs }) => measuredMs)), median(errors)].map((ms) =>
    ms.toFixed(2),
  );
  return [name, ...figures, spread, bound.toFixed(2), holds ? 'PASS' : '**FAIL**'];
}
