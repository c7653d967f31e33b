// nginx as the referee: its log is read, is exact by its own rules, and it leaves nothing behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../../src/process.ts';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { startNginx } from '../support/nginx.ts';
import { isAlive } from '../support/processes.ts';
import { requirement } from '../support/require.ts';
import { files } from '../support/scripted-answers.ts';
import { ScriptedOrigin } from '../support/scripted-origin.ts';
import { RawClient } from './raw-client.ts';

const skip = requirement('nginx') || requirement('ffmpeg');
const LIMITS = { timeoutMs: 20_000, maxBytes: 65_536 };

test('its log equals what a raw client counted, and the media plays from it', { skip }, async () => {
  const { folder, segments } = await vodMedia();
  assert.equal(segments.length, 5);
  const nginx = await startNginx({ folder });
  try {
    const client = await RawClient.connect(nginx.port);
    const answers = [await client.ask('/seg1.ts', { Range: 'bytes=0-' }), await client.ask('/seg2.ts', {}, 'HEAD')];
    const lines = await nginx.waitForLines(2);
    assert.deepEqual(
      lines.map((line) => [line.remote_port, line.connection_requests, line.bytes_sent, line.body_bytes_sent]),
      answers.map(({ headBytes, body }, at) => [client.localPort, at + 1, headBytes + body.length, body.length]),
    );
    assert.deepEqual([lines[0]?.status, lines[0]?.uri, lines[0]?.request_completion], [206, '/seg1.ts', 'OK']);
    client.close();
    const listing = await (await fetch(nginx.url('/files/json/'))).json();
    assert.equal(
      (listing as { name: string; size: number }[]).find(({ name }) => name === 'seg1.ts')?.size,
      segments[1]?.length,
    );
    const input = ['-i', nginx.url('/vod.m3u8'), '-c', 'copy', '-f', 'null', '-'];
    const play = await runProgram('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'warning', ...input], LIMITS);
    assert.deepEqual([play.code, play.stderr], [0, '']);
  } finally {
    await nginx.stop();
  }
  assert.equal(isAlive(nginx.pid), false);
});

test('the same media plays from the scripted origin', { skip }, async () => {
  const media = await vodMedia();
  await using origin = await ScriptedOrigin.start(files(media.files));
  const input = ['-i', origin.url('/vod.m3u8'), '-c', 'copy', '-f', 'null', '-'];
  const play = await runProgram('ffmpeg', ['-hide_banner', '-nostdin', '-loglevel', 'warning', ...input], LIMITS);
  assert.deepEqual([play.code, play.stderr], [0, '']);
  assert.equal(origin.requests.filter(({ target }) => target.endsWith('.ts')).length, 5);
});
