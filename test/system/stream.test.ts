// `hls-swarm run http://.../live.ts`: an endless MPEG-TS stream with real FFmpeg clients, told by every account as what it is.
// It asserts bytes and endings, no times.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readJournal } from '../support/journal.ts';
import { assertMeasured, sandbox, startHlsSwarm } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { proxyOf } from '../support/tapped.ts';

const CLIENTS = 2;
const SEGMENTS = 8;
const TICK_MS = 40;
/** At once, as encoders' buffers give it: FFmpeg wants some seconds of media before it plays. */
const BURST_SECONDS = 6;

/** The media at its own pace; nobody hears how long it is. */
async function liveServer(): Promise<{ server: Server; url: string }> {
  const { segments, segmentSeconds } = await vodMedia({ segments: SEGMENTS });
  const media = Buffer.concat(segments);
  const bytesPerMs = media.length / (SEGMENTS * segmentSeconds * 1_000);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'video/mp2t' });
    let sent = Math.round(bytesPerMs * BURST_SECONDS * 1_000);
    response.write(media.subarray(0, sent));
    const timer = setInterval(() => {
      const next = Math.min(media.length, sent + Math.round(bytesPerMs * TICK_MS));
      response.write(media.subarray(sent, next));
      sent = next;
    }, TICK_MS);
    response.once('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/live.ts` };
}

interface PerformanceAnswer {
  readonly operations: {
    readonly mpegts_chunk_read: {
      readonly count: number;
      readonly p50_ms: number | null;
      readonly max_ms: number | null;
    };
  };
}

test('an endless MPEG-TS stream is played live, and every octet of it is a stream', {
  skip: requirement('ffmpeg'),
}, async () => {
  const { server, url } = await liveServer();
  await using box = await sandbox();
  const shape = ['--clients', String(CLIENTS), '--duration', '7s', '--ramp-rate', '10', '--metrics', '127.0.0.1:0'];
  const extras = ['--check-ts', '--journal', box.file('j.ndjson'), '--ffmpeg', box.ffmpeg];
  await using program = startHlsSwarm(['run', url, ...shape, ...extras], box.env);
  const control = await program.controlUrl();
  const metrics = await program.until(async () => {
    const text = await (await fetch(`${control}/metrics`)).text();
    return text.includes(`hls_swarm_proxy_open_streams{state="flowing"} ${CLIENTS}`) ? text : undefined;
  }, 'streams that flow');
  assert.match(metrics, /^hls_swarm_proxy_stream_bytes_total [1-9]/m);
  const asked = await fetch(`${control}/metrics/performance?operation=mpegts_chunk_read`);
  const ended = await program.ended();
  server.closeAllConnections();
  server.close();

  const { events, transfers, summary } = await readJournal(box.file('j.ndjson'));
  assertMeasured(ended, summary);
  const gaps = ((await asked.json()) as PerformanceAnswer).operations.mpegts_chunk_read;
  assert.ok(gaps.count > 0 && (gaps.p50_ms ?? 0) > 0 && (gaps.max_ms ?? 0) < 5_000, JSON.stringify(gaps));
  assert.match(ended.stdout, /streams {3}2; ended KD 2\n/);
  assert.deepEqual(
    transfers.map(({ kind, termination, integrity }) => [kind, termination, integrity]),
    Array.from({ length: CLIENTS }, () => ['stream', 'KD', 'short']),
  );
  const { streams } = proxyOf(summary);
  const contentBytes = transfers.reduce((sum, transfer) => sum + transfer.contentBytes, 0);
  assert.deepEqual([streams.open, streams.opened, streams.contentBytes], [0, CLIENTS, contentBytes]);
  assert.equal(streams.throughput.totalBytes, contentBytes);
  assert.deepEqual([streams.transportStream?.syncLosses, streams.transportStream?.continuityErrors], [0, 0]);
  assert.ok(events.filter(({ type }) => type === 'stream').length >= 2 * CLIENTS);
  assert.equal(summary.clients.playback.startupMs.n, CLIENTS);
  assert.deepEqual([summary.clients.restarts, summary.clients.playback.stalled], [0, 0]);
  const statistics = summary.agreement.estimators.find(({ name }) => name === 'statistics');
  // What a stopped player had not read yet is named; a busy machine leaves some of it.
  const errorRatio = statistics?.errorRatio ?? Number.NaN;
  assert.ok(errorRatio <= 0 && errorRatio > -0.1, `FFmpeg read what the tap relayed: ${errorRatio}`);
  if (errorRatio < 0) assert.match(statistics?.reason ?? '', /unread/);
  assert.deepEqual(box.processes(), []);
});
