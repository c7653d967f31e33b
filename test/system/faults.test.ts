// Faults on purpose as known truth: a VOD play through the tap in which we know what went wrong, because we did it. The tap's
// records must show exactly that, and what the parser read in FFmpeg's log is held against it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readJournal } from '../support/journal.ts';
import { assertMeasured, hlsSwarm, sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { files, vodFiles } from '../support/scripted-answers.ts';
import { fieldOf, ScriptedOrigin } from '../support/scripted-origin.ts';
import { proxyOf } from '../support/tapped.ts';

const SEGMENTS = 6;

test('what was injected is what the records say and what the parser finds in the log', {
  skip: requirement('ffmpeg'),
}, async () => {
  const { segments } = await vodMedia({ segments: SEGMENTS, segmentSeconds: 1 });
  await using origin = await ScriptedOrigin.start(files(vodFiles({ segments, seconds: 1 })));
  await using box = await sandbox();
  const faults = ['kind=segment nth=2 status=404', 'kind=segment nth=3 truncate=50%', 'kind=segment nth=5 delay=200ms'];
  const shape = ['--clients', '1', '--pace', 'max', '--max-restarts', '0', '--metrics', '127.0.0.1:0', '--seed', '7'];
  const args = ['run', `http://127.0.0.1:${origin.port}/vod.m3u8`, ...shape, '--journal', box.file('j.ndjson')];
  const all = [...args, ...faults.flatMap((fault) => ['--fault', fault]), '--ffmpeg', box.ffmpeg];
  const ended = await hlsSwarm(all, box.env);
  assert.match(ended.stdout, /summary of the run/, ended.stderr);
  const { transfers, events, summary } = await readJournal(box.file('j.ndjson'));
  assertMeasured(ended, summary);

  const asked = transfers.filter(({ kind }) => kind === 'segment');
  assert.deepEqual(
    asked.map(({ injected, status, termination, integrity }) => [injected, status, termination, integrity]),
    [
      [null, 206, '--', 'complete'],
      ['status', 404, 'LR', 'complete'],
      ['truncate', 206, 'SD', 'short'],
      [null, 206, '--', 'complete'],
      ['delay', 206, '--', 'complete'],
      ...Array.from({ length: asked.length - 5 }, () => [null, 206, '--', 'complete']),
    ],
  );
  assert.ok((asked[4]?.phases.queueMs ?? 0) >= 198);
  const seen = origin.requests.filter(({ head }) => fieldOf(head, 'user-agent')?.startsWith('hls-swarm/'));
  assert.equal(seen.length, transfers.length - 1);
  const cut = asked[2];
  const length = cut?.declaredContentLength ?? 0;
  assert.equal((cut?.deliveredBytes ?? 0) - (cut?.responseHeadBytes ?? 0), Math.floor(length / 2));

  const { injected, byKind } = proxyOf(summary);
  assert.deepEqual(injected, { delay: 1, throttle: 0, status: 1, reset: 0, truncate: 1, stall: 0 });
  assert.equal(byKind.segment?.injected, 3);
  assert.equal(byKind.segment?.phases.waitMs.n, asked.length - 3);

  // The candidate: what FFmpeg's log says of the same faults.
  assert.deepEqual(summary.parser.httpErrors, { '404': injected.status });
  assert.equal(summary.parser.events?.['premature-end'], injected.truncate);
  const ends = events.filter((event) => event.type === 'parsed' && event.rule === 'premature-end');
  assert.deepEqual(
    ends.map((event) => 'atByte' in event && [event.atByte, event.expectedBytes]),
    [[Math.floor(length / 2), length]],
  );
  const { precision, recall } = summary.agreement.segment;
  assert.deepEqual({ precision, recall }, { precision: 1, recall: 1 });
  const statistics = summary.agreement.estimators.find(({ name }) => name === 'statistics');
  assert.equal(statistics?.errorRatio, 0);
});
