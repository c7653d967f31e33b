// `demo` with each stream of the embedded origin that is more than one list of transport stream segments, or more than most
// machines are used to: its kinds, its media types, every byte against the origin's log, and the parser's agreement.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Options } from '../../src/config/options.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { type ReadJournal, readJournal, requestDifferences } from '../support/journal.ts';
import { assertMeasured, hlsSwarm, sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { proxyOf } from '../support/tapped.ts';

const CLIENTS = 2;
/** With test/origin: each loop is encoded once. */
const CACHE = join(tmpdir(), 'hls-swarm-test-cache');

interface Played {
  readonly report: Summary;
  readonly journal: ReadJournal;
  /** `kind media-type` of all transfers that came to their end, each once. */
  readonly carried: readonly string[];
}

/** What holds for every profile is asserted here. */
async function play(profile: Options['profile'], ...more: readonly string[]): Promise<Played> {
  await using box = await sandbox();
  const files = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson')];
  const args = ['--clients', String(CLIENTS), '--duration', '5s', '--ramp-rate', '10', '--no-tui'];
  const ended = await hlsSwarm(
    ['demo', '--profile', profile, ...args, ...files, '--metrics', '127.0.0.1:0', '--ffmpeg', box.ffmpeg, ...more],
    { ...box.env, XDG_CACHE_HOME: CACHE },
  );
  const report = JSON.parse(readFileSync(box.file('r.json'), 'utf8')) as Summary;
  const journal = await readJournal(box.file('j.ndjson'));
  assertMeasured(ended, report);
  assert.deepEqual([box.processes(), box.leftovers()], [[], []]);
  const { joined, residualBytes } = report.reconciliation;
  assert.deepEqual([joined?.different, joined?.missingAtOrigin, joined?.missingAtProxy, residualBytes], [0, 0, 0, 0]);
  // What the stop cut off was not completed, and is not joined.
  const whole = journal.transfers.filter(({ termination }) => termination === '--');
  assert.equal(joined?.matched, whole.length);
  assert.deepEqual(requestDifferences(journal), []);
  for (const kind of ['segment', 'playlist', 'init'] as const) {
    const { matched = 0, precision, recall } = report.agreement[kind];
    if (matched > 0) assert.deepEqual({ kind, precision, recall }, { kind, precision: 1, recall: 1 });
  }
  const { attempts = 0, successes = 0 } = report.parser.lookup ?? {};
  assert.ok(attempts > 0 && attempts === successes, `${successes} of ${attempts} sizes found in the listing`);
  const carried = new Set(whole.map(({ kind, mediaType }) => `${kind} ${mediaType}`));
  return { report, journal, carried: [...carried].sort() };
}

describe('the profiles of the embedded origin', { skip: requirement('ffmpeg') }, () => {
  test('stress: segments of more than a megabyte', async () => {
    const { report, carried } = await play('stress');
    assert.deepEqual(carried, ['media-playlist application/vnd.apple.mpegurl', 'segment video/mp2t']);
    const { contentBytes = 0, transfers = 0 } = proxyOf(report).byKind.segment ?? {};
    assert.ok(contentBytes / transfers > 1_200_000, `${contentBytes} in ${transfers}`);
  });

  test('abr: three variants under one URL, of which the chosen one is played', async () => {
    const { report, journal, carried } = await play('abr', '--variant', '1');
    assert.deepEqual(carried, [
      'media-playlist application/vnd.apple.mpegurl',
      'multivariant-playlist application/vnd.apple.mpegurl',
      'segment video/mp2t',
    ]);
    const playlists = journal.transfers.filter(({ kind }) => kind === 'multivariant-playlist');
    assert.equal(playlists.length, CLIENTS);
    const segments = journal.transfers.filter(({ kind }) => kind === 'segment').map(({ url }) => url);
    const [chosen = 0, best = 0, least = 0] = ['480p', '720p', '360p'].map(
      (name) => segments.filter((url) => url.includes(`/live/${name}-`)).length,
    );
    assert.equal(chosen + best + least, segments.length);
    // FFmpeg opens the first two segments of each variant before it knows which are wanted.
    assert.ok(chosen > CLIENTS * 2 && best <= CLIENTS * 2 && least <= CLIENTS * 2, `${[best, chosen, least].join()}`);
    assert.ok((proxyOf(report).unselectedVariantBytes ?? 0) > 0);
  });

  test('fmp4: an initialization section before the segments', async () => {
    const { report, journal, carried } = await play('fmp4');
    assert.deepEqual(carried, ['init video/mp4', 'media-playlist application/vnd.apple.mpegurl', 'segment video/mp4']);
    assert.ok((report.agreement.init.matched ?? 0) >= CLIENTS);
    const sizes = new Set(journal.transfers.filter(({ kind }) => kind === 'init').map((init) => init.contentBytes));
    assert.equal(sizes.size, 1, 'the same one each time');
  });
});
