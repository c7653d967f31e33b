// `analyze` over every capture there is: each count equals what the server saw, or differs by reasons that have a name.
// What each capture must show is written here from FACTS; the program knows no capture by name.
import assert from 'node:assert/strict';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
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
  '02': [
    'requests.segment -25 noRequestLines',
    'requests.playlist -23 noRequestLines',
    'opens.playlist -2 inputOpenHidden',
  ],
  // A server that closes kept connections: 51 lines for 28 requests.
  '19': [
    'requests.segment +12 deadConnection',
    'requests.playlist +11 deadConnection',
    'opens.segment +12 deadConnection',
    'opens.playlist +11 deadConnection',
  ],
  // The server is gone: the next poll finds its connection dead, and nobody answers the dials after it.
  '50': ['requests.playlist +1 deadConnection', 'opens.playlist +1 deadConnection', 'opens.playlist +2 notConnected'],
  // Ended while it waited for a playlist; by a pipe, nothing but its place tells that poll from those before.
  '51': ['requests.playlist +1 killCutOff', 'opens.playlist +1 killCutOff'],
  // The TLS errors in this log are those of dead connections.
  '52': [
    'requests.segment +8 deadConnection',
    'requests.playlist +7 deadConnection',
    'opens.segment +8 deadConnection',
    'opens.playlist +7 deadConnection',
  ],
  // The credentials stand in the URL that FFmpeg was given, and in no request line.
  '53': ['opens.segment -2 authChallenge', 'opens.playlist -2 authChallenge', 'httpErrors.401 -4 authChallenge'],
  // Same path, two hosts, in a truth of paths.
  '54': ['opens.segment -9 redirect'],
  // After a truncated answer the connection is dead.
  '21': ['requests.segment +1 deadConnection', 'opens.segment +1 deadConnection'],
};

/** Playlist requests that were announced, never made, and never repeated: what agreement calls spurious. */
const SPURIOUS_PLAYLISTS: Readonly<Record<string, number>> = { '50': 1, '51': 1 };

/** Of the start, 95th percentile. Over TLS the first request of a connection was seen 40 ms after its line. */
const START_ERROR_MS = 5;
const START_ERRORS_MS: Readonly<Record<string, number>> = { '52': 50 };

/** Of each capture the log and the truth; the same captures may be committed as text. */
function capturesIn(
  folder: string,
): readonly { readonly name: string; readonly log: string; readonly truth: string }[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const truth = `${folder}${name}/truth.jsonl`;
    const log = ['stderr.log', 'stderr.txt'].map((file) => `${folder}${name}/${file}`).find((path) => existsSync(path));
    return log !== undefined && existsSync(truth) ? [{ name, log, truth }] : [];
  });
}

function differencesOf({ differences }: Analysis): string[] {
  return differences.flatMap(({ of, reasons }) =>
    reasons.map(({ code, count }) => `${of} ${count > 0 ? '+' : ''}${count} ${code}`),
  );
}

function assertExplained(analysis: Analysis, capture: string): void {
  assert.deepEqual(differencesOf(analysis), DIFFERENCES[capture.slice(0, 2)] ?? []);
  assert.equal(analysis.unexplained, 0);
  for (const { difference, reasons } of analysis.differences) {
    assert.equal(
      reasons.reduce((sum, { count }) => sum + count, 0),
      difference,
    );
    for (const { sentence } of reasons) assert.match(sentence, /\w+ \w+ \w+/);
  }
  assert.equal(analysis.parser.unparsedLines, 0);
  const kinds = ['segment', 'playlist', 'init', 'key'] as const;
  for (const kind of kinds) {
    const { unavailable, missed, spurious, pending } = analysis.agreement[kind];
    const isNamed = analysis.agreement.unit === 'request' || kind === 'segment' || kind === 'init';
    assert.equal(unavailable, isNamed ? undefined : 'below level debug a log names segments only', kind);
    if (!isNamed) continue;
    const expected = kind === 'playlist' ? (SPURIOUS_PLAYLISTS[capture.slice(0, 2)] ?? 0) : 0;
    assert.deepEqual({ kind, missed, spurious, pending }, { kind, missed: 0, spurious: expected, pending: 0 });
  }
}

for (const folder of [LABORATORY, COMMITTED]) {
  const captures = capturesIn(folder);
  const skip = captures.length > 0 ? false : `there are no captures in ${folder}`;
  test(`every capture in ${folder} equals its truth but for named reasons`, { skip }, async (context) => {
    for (const { name, log, truth } of captures) {
      await context.test(name, async () => {
        const analysis = await analyze({ stderr: log, truth }, createReadStream(log));
        assertExplained(analysis, name);
        const { n, absP95 } = analysis.agreement.segment.startErrorMs;
        if (analysis.timeSource === 'arrivals' && n > 1) {
          assert.ok((absP95 ?? 99) < (START_ERRORS_MS[name.slice(0, 2)] ?? START_ERROR_MS), `within ${absP95} ms`);
        }
      });
      await context.test(`${name} from a pipe, where nobody knows when its octets came`, async () => {
        const analysis = await analyze({ stderr: '-', truth }, createReadStream(log));
        assertExplained(analysis, name);
        if (analysis.timeSource !== 'order') return;
        assert.deepEqual(analysis.agreement.segment.startErrorMs, { n: 0 });
        const { segmentMs, playlistMs } = analysis.parser.inferred;
        assert.deepEqual([segmentMs, playlistMs], [{ n: 0 }, { n: 0 }]);
      });
    }
  });
}
