// `--fail-if` as a script uses it: exit 99 and a sentence when a figure is as it must not be, 0 when not, 2 before the run when the
// expression is none; and the judgement in the report, where a replay finds it again.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readSummary } from '../support/journal.ts';
import { assertMeasured, hlsSwarm, sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { files } from '../support/scripted-answers.ts';
import { ScriptedOrigin } from '../support/scripted-origin.ts';

const HELD = 'proxy.byKind.segment.transfers>=5';
const NOT_HELD = 'proxy.byKind.segment.phases.waitMs.p95>1h';
const UNKNOWN = 'origin.cpuRatio>50%';

describe('--fail-if', { skip: requirement('ffmpeg'), concurrency: 2 }, () => {
  test('one that holds is 99 and says which figure was what; the report has all of them, and so has a replay', async () => {
    const { files: media } = await vodMedia();
    await using origin = await ScriptedOrigin.start(files(media));
    await using box = await sandbox();
    const outputs = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson'), '--metrics', '127.0.0.1:0'];
    const options = ['--clients', '1', '--pace', 'max', '--no-tui', '--ffmpeg', box.ffmpeg];
    const thresholds = [HELD, NOT_HELD, UNKNOWN].flatMap((expression) => ['--fail-if', expression]);
    const ended = await hlsSwarm([origin.url('/vod.m3u8'), ...options, ...outputs, ...thresholds], box.env);
    const report = await readSummary(box.file('r.json'));
    assert.equal(ended.code, report.instrument.verdict === 'invalid' ? 98 : 99, ended.stderr);
    const said = ended.stderr.split('\n').filter((line) => line.includes('--fail-if'));
    assert.deepEqual(said, [
      `hls-swarm: --fail-if ${HELD} holds: proxy.byKind.segment.transfers is 5`,
      `hls-swarm: --fail-if ${UNKNOWN}: cannot be told, origin.cpuRatio has no value`,
    ]);
    assert.match(ended.stdout, /^ {2}FAILED +proxy\.byKind\.segment\.transfers>=5 \(is 5\)$/m);
    assert.match(ended.stdout, /^ {2}ok +proxy\.byKind\.segment\.phases\.waitMs\.p95>1h \(is [0-9.]+ ms\)$/m);
    assert.match(ended.stdout, /^ {2}no value +origin\.cpuRatio>50% \(not known\)$/m);
    assert.deepEqual(report.thresholds, [
      { expression: HELD, value: 5, failed: true },
      { expression: NOT_HELD, value: report.proxy?.byKind.segment?.phases.waitMs.p95, failed: false },
      { expression: UNKNOWN, failed: false },
    ]);
    const replayed = await hlsSwarm(['replay', box.file('j.ndjson'), '--json'], box.env);
    assert.equal(replayed.code, ended.code);
    assert.deepEqual(JSON.parse(replayed.stdout).thresholds, report.thresholds);
  });

  test('none that holds is 0, without a word', async () => {
    const { files: media } = await vodMedia();
    await using origin = await ScriptedOrigin.start(files(media));
    await using box = await sandbox();
    const options = ['--clients', '1', '--pace', 'max', '--no-tui', '--metrics', '127.0.0.1:0'];
    const files99 = ['--report', box.file('r.json'), '--ffmpeg', box.ffmpeg, '--fail-if', 'proxy.terminations.SD>0'];
    const ended = await hlsSwarm([origin.url('/vod.m3u8'), ...options, ...files99], box.env);
    assertMeasured(ended, await readSummary(box.file('r.json')));
    assert.doesNotMatch(ended.stderr, /--fail-if/);
  });
});

test('an expression that is none is 2 before anything is asked of the origin, beside every other mistake', async () => {
  await using origin = await ScriptedOrigin.start(files(new Map()));
  const wrong = ['--fail-if', 'proxy.byKind.segmet.transfers>0', '--fail-if', 'clients.active', '--clients', '0'];
  const { code, stdout, stderr } = await hlsSwarm([origin.url('/vod.m3u8'), ...wrong]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  const lines = stderr.trimEnd().split('\n');
  assert.equal(lines.length, 3, stderr);
  assert.match(
    lines[0] ?? '',
    /--fail-if: "proxy\.byKind\.segmet\.transfers>0" .* has no "segmet"; allowed: .*segment/,
  );
  assert.match(lines[1] ?? '', /--fail-if: "clients\.active" \(command line\) is no threshold: .*allowed operators: >/);
  assert.match(lines[2] ?? '', /--clients: "0"/);
  assert.deepEqual(origin.requests, []);
});
