// How far FFmpeg's log can be trusted, in runs whose truth is known: finished streams to the byte, stopped clients, faults of an
// origin one by one. The long form, with 20 clients, is `npm run verify:agreement`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  faultProblems,
  finishedProblems,
  paddingOf,
  pairingProblems,
  stoppedProblems,
} from '../support/agreement-laws.ts';
import { AGREEMENT_STREAMS, agreementMedia } from '../support/agreement-media.ts';
import { FAULTY_SEGMENTS, faultyLive, finishedStream } from '../support/agreement-runs.ts';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readJournal } from '../support/journal.ts';
import { assertMeasured, hlsSwarm, sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { ScriptedOrigin } from '../support/scripted-origin.ts';

const skip = requirement('ffmpeg');
const CLIENTS = 2;
const SHAPE = ['--clients', String(CLIENTS), '--ramp-rate', '50', '--max-restarts', '0', '--metrics', '127.0.0.1:0'];

for (const stream of AGREEMENT_STREAMS) {
  test(`to ENDLIST, what FFmpeg says it read of a finished stream is what was carried, to the byte: ${stream}`, {
    skip,
  }, async () => {
    const { origin, url } = await finishedStream(stream);
    await using _ = origin;
    await using box = await sandbox();
    const files = ['--journal', box.file('j.ndjson'), '--ffmpeg', box.ffmpeg];
    const ended = await hlsSwarm([url, ...SHAPE, '--pace', 'max', ...files], box.env);
    const { summary } = await readJournal(box.file('j.ndjson'));
    assertMeasured(ended, summary);
    const padding = paddingOf(await agreementMedia(stream));
    assert.equal(padding > 0, stream === 'aes');
    assert.deepEqual(finishedProblems(summary, CLIENTS, padding), []);
  });
}

test('a client that is stopped has read no more than was carried, and the difference is named', { skip }, async () => {
  const { origin, url } = await finishedStream('ts');
  await using _ = origin;
  await using box = await sandbox();
  const files = ['--journal', box.file('j.ndjson'), '--ffmpeg', box.ffmpeg];
  const ended = await hlsSwarm([url, ...SHAPE, '--pace', 'realtime', '--duration', '2s', ...files], box.env);
  const { summary } = await readJournal(box.file('j.ndjson'));
  assertMeasured(ended, summary);
  assert.equal(summary.clients.exits.stopped, CLIENTS);
  assert.deepEqual(stoppedProblems(summary), []);
});

test('each fault of an origin is in the records, in what the parser counted and in their agreement', {
  skip,
}, async () => {
  const media = await vodMedia({ segments: FAULTY_SEGMENTS.slow + 2, segmentSeconds: 1 });
  await using origin = await ScriptedOrigin.start(faultyLive({ segments: media.segments, seconds: 1, window: 3 }));
  await using box = await sandbox();
  const files = ['--journal', box.file('j.ndjson'), '--ffmpeg', box.ffmpeg];
  const shape = [...SHAPE, '--duration', '17s', '--seed', '7'];
  const ended = await hlsSwarm([origin.url('/live.m3u8'), ...shape, ...files], box.env, 60_000);
  const { summary, transfers } = await readJournal(box.file('j.ndjson'));
  assertMeasured(ended, summary);
  assert.deepEqual([...pairingProblems(summary), ...faultProblems(summary, transfers, CLIENTS)], []);
  assert.match(ended.stdout, /playlist-stalled/);
  assert.match(ended.stdout, /errors +404: parser \d+, proxy \d+; 503: parser 4, proxy 4/);
});
