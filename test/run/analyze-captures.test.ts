// `analyze` over every capture there is: each count equals what the server saw, or differs by reasons that have a name.
// What each capture must show is written here from FACTS; the program knows no capture by name.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Analysis } from '../../src/report/analysis.ts';
import { analyze } from '../../src/run/analyze.ts';

/** Both have a log and the truth; only the laboratory has the instants at which each chunk of a log arrived. */
const LABORATORY = fileURLToPath(new URL('../../../shared/ffmpeg/captures/', import.meta.url));
const COMMITTED = fileURLToPath(new URL('../fixtures/ffmpeg/', import.meta.url));

/** By the number of the capture: `count: difference reason, ...`. All others have no difference at all. */
const DIFFERENCES: Readonly<Record<string, readonly string[]>> = {
  // Level verbose.
  '02': ['requests.segment -25 noRequestLines', 'requests.playlist -23 noRequestLines', 'opens.playlist -2 inputOpenHidden'],
  // A server that closes kept connections: 51 lines for 28 requests.
  '19': [
    'requests.segment +12 deadConnection',
    'requests.playlist +11 deadConnection',
    'opens.segment +12 deadConnection',
    'opens.playlist +11 deadConnection',
  ],
  // After a truncated answer the connection is dead.
  '21': ['requests.segment +1 deadConnection', 'opens.segment +1 deadConnection'],
};

const nothing = async function* (): AsyncIterable<Buffer> {};

function capturesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(`${folder}${name}/truth.jsonl`));
}

function differencesOf({ differences }: Analysis): string[] {
  return differences.flatMap(({ of, reasons }) =>
    reasons.map(({ code, count }) => `${of} ${count > 0 ? '+' : ''}${count} ${code}`),
  );
}

function sumOf({ agreement }: Analysis, figure: 'matched' | 'missed' | 'spurious' | 'deadConnection'): number {
  return (['segment', 'playlist', 'init', 'key'] as const).reduce((sum, kind) => sum + agreement[kind][figure], 0);
}

for (const folder of [LABORATORY, COMMITTED]) {
  const captures = capturesIn(folder);
  const skip = captures.length > 0 ? false : `${folder} is not here`;
  test(`captures in ${folder}`, { skip }, async (context) => {
    for (const capture of captures) {
      await context.test(`${capture}: counts equal the truth but for named reasons, and every request is matched`, async () => {
        const path = `${folder}${capture}`;
        const analysis = await analyze({ stderr: `${path}/stderr.log`, truth: `${path}/truth.jsonl` }, nothing());
        assert.deepEqual(differencesOf(analysis), DIFFERENCES[capture.slice(0, 2)] ?? []);
        assert.equal(analysis.unexplained, 0);
        for (const { difference, reasons } of analysis.differences) {
          assert.equal(reasons.reduce((sum, { count }) => sum + count, 0), difference);
          for (const { sentence } of reasons) assert.ok(sentence.length > 20);
        }
        assert.equal(analysis.parser.unparsedLines, 0);
        assert.deepEqual([sumOf(analysis, 'missed'), sumOf(analysis, 'spurious')], [0, 0]);
        const errors = analysis.agreement.segment.startErrorMs;
        const isTimed = analysis.timeSource === 'arrivals';
        if (isTimed && errors.n > 1) assert.ok((errors.absP95 ?? 99) < 5, `start errors within ${errors.absP95} ms`);
        if (analysis.timeSource === 'order') {
          assert.deepEqual([errors, analysis.parser.inferred], [{ n: 0 }, { segmentMs: { n: 0 }, playlistMs: { n: 0 } }]);
        }
      });
    }
  });
}
