// `hls-swarm check` and the preflight from outside: what is printed where, in which form, with which code.
import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import type { CheckReport } from '../../src/report/check-report.ts';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readSummary } from '../support/journal.ts';
import { assertMeasured, hlsSwarm, sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { serveFiles } from '../support/static-server.ts';

const FREE_PORT = ['--metrics', '127.0.0.1:0'];
const MASTER = Buffer.from(
  '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=320x180,CODECS="avc1.42c00d,mp4a.40.2"\nvod.m3u8?token=secret\n',
);

describe('check', { skip: requirement('ffmpeg'), concurrency: 2 }, () => {
  test('--json is one line on stdout, without secrets; the summary is beside it', async () => {
    const { files, segments, segmentSeconds } = await vodMedia({ segments: 3, segmentSeconds: 1 });
    const served = new Map([
      ...files,
      ['/master.m3u8', MASTER],
      ['/vod.m3u8?token=secret', files.get('/vod.m3u8') ?? MASTER],
    ]);
    await using server = await serveFiles(served);
    await using box = await sandbox();
    const args = ['--check', '--json', '--pace', 'max', '--ffmpeg', box.ffmpeg, ...FREE_PORT];
    const ended = await hlsSwarm([`${server.base}/master.m3u8`, ...args, '--report', box.file('r.json')], box.env);
    assertMeasured(ended, await readSummary(box.file('r.json')));
    const report = JSON.parse(ended.stdout) as CheckReport;
    assert.equal(ended.stdout.includes('secret'), false);
    assert.match(ended.stderr, /summary of the run/);
    assert.match(ended.stderr, /^✓ stream: multivariant playlist with 1 variant stream, with an end, /m);

    const { stream, delivery, answer, sources } = report;
    assert.deepEqual(
      [report.schema, stream.type, stream.isLive, stream.packaging],
      ['hls-swarm/check@1', 'hls', false, 'MPEG-TS'],
    );
    assert.deepEqual([stream.segments, answer?.status, sources.segmentSizes.state], [3, 200, 'not asked for']);
    assert.equal(delivery?.byKind.segment?.transfers, 3);
    const bytes = segments.reduce((sum, { length }) => sum + length, 0);
    assert.equal(delivery.playlists[0]?.contentBytes, bytes);
    const measured = stream.variants?.[0]?.measuredBitsPerSecond ?? 0;
    assert.ok(Math.abs(measured - (bytes * 8) / (3 * segmentSeconds)) < measured * 0.05, `${measured}`);
    assert.deepEqual(box.processes(), []);
  });

  test('the page comes before the summary', async () => {
    const { files } = await vodMedia({ segments: 3, segmentSeconds: 1 });
    await using server = await serveFiles(files);
    await using box = await sandbox();
    const args = ['--pace', 'max', '--ffmpeg', box.ffmpeg, '--report', box.file('r.json'), ...FREE_PORT];
    const ended = await hlsSwarm(['check', `${server.base}/vod.m3u8`, ...args], box.env);
    assertMeasured(ended, await readSummary(box.file('r.json')));
    assert.match(ended.stdout, /what the check found[\s\S]*Bitrate {8}measured [\s\S]*summary of the run/);
  });
});

describe('the preflight', { skip: requirement('ffmpeg') }, () => {
  test('a taken port does not hide what else is wrong, and its holder is named', async () => {
    await using server = await serveFiles(new Map());
    await using box = await sandbox();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    const ended = await hlsSwarm(
      [`${server.base}/gone.m3u8`, '--metrics', `127.0.0.1:${port}`, '--ffmpeg', box.ffmpeg],
      box.env,
    );
    holder.close();
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /^hls-swarm: preflight failed: 2 of 9 checks$/m);
    assert.match(ended.stderr, /^✗ stream: .*\/gone\.m3u8 answered 404/m);
    assert.match(
      ended.stderr,
      new RegExp(`^✗ metrics_port: 127\\.0\\.0\\.1:${port} is taken by \\S+ \\(pid ${process.pid}\\)$`, 'm'),
    );
  });

  test('--json without --check is refused', async () => {
    const ended = await hlsSwarm(['http://127.0.0.1:1/x.m3u8', '--json']);
    assert.deepEqual([ended.code, ended.stdout], [2, '']);
    assert.match(ended.stderr, /--json: has no effect without --check/);
  });
});
