// The embedded origin as the main program uses it: a process of its own with a real FFmpeg behind it, and all its endings.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/log.ts';
import { type EmbeddedOrigin, type OriginRequest, startEmbeddedOrigin } from '../../src/origin/embedded.ts';
import { lineReader } from '../../src/origin/messages.ts';
import { runProgram, startProgram } from '../../src/process.ts';
import { originFolders } from '../support/origin-folders.ts';
import { isAlive, until } from '../support/processes.ts';
import { requirement } from '../support/require.ts';
import { RawClient } from './raw-client.ts';

const skip = requirement('ffmpeg');
const LIMITS = { timeoutMs: 20_000, maxBytes: 65_536 };

before(() => {
  // Not the user's own cache; kept between runs, as a user's is.
  process.env['XDG_CACHE_HOME'] = join(tmpdir(), 'hls-swarm-test-cache');
});

interface Running {
  readonly origin: EmbeddedOrigin;
  readonly requests: OriginRequest[];
  readonly port: number;
}

/** Stopped after the test, however that ends. */
async function start(
  context: TestContext,
  options: Partial<Parameters<typeof startEmbeddedOrigin>[0]> = {},
): Promise<Running> {
  const requests: OriginRequest[] = [];
  const origin = await startEmbeddedOrigin({
    profile: 'low-bitrate',
    onRequest: (request) => requests.push(request),
    log: silentLog,
    ...options,
  });
  context.after(() => origin.stop());
  return { origin, requests, port: Number(new URL(origin.url).port) };
}

/** FFmpeg children of that origin. */
function encoders(pid: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const status = readFileSync(`/proc/${name}/stat`, 'latin1');
        return status.includes('(ffmpeg)') && status.slice(status.lastIndexOf(')')).split(' ')[2] === String(pid);
      } catch {
        return false;
      }
    })
    .map(Number);
}

test('is live at once, accounts its requests to the byte, and leaves nothing', { skip }, async (context) => {
  const { origin, requests, port } = await start(context);
  const pid = origin.pid;
  const [encoder = 0] = encoders(pid);
  assert.ok(isAlive(encoder), 'FFmpeg runs');
  const client = await RawClient.connect(port);
  const playlist = await client.ask('/live/stream.m3u8', { Range: 'bytes=0-', 'User-Agent': 'test/client-1' });
  const names = playlist.body
    .toString()
    .split('\n')
    .filter((line) => line.endsWith('.ts'));
  assert.ok(names.length >= 3, 'what a client starts with is there');
  assert.doesNotMatch(playlist.body.toString(), /ENDLIST|DISCONTINUITY/);
  const segment = await client.ask(`/live/${names.at(-1)}`);
  const listing = JSON.parse((await client.ask('/files/json/')).body.toString()) as { name: string; size: number }[];
  assert.equal(listing.find(({ name }) => name === names.at(-1))?.size, segment.body.length);
  client.close();
  await origin.stop();
  assert.deepEqual(requests[0], {
    remotePort: client.localPort,
    connection: requests[0]?.connection,
    requestIndex: 1,
    method: 'GET',
    path: '/live/stream.m3u8',
    status: 206,
    bytesSent: playlist.headBytes + playlist.body.length,
    bodyBytesSent: playlist.body.length,
    completed: true,
    userAgent: 'test/client-1',
  });
  assert.equal(requests[1]?.bytesSent, segment.headBytes + segment.body.length);
  assert.equal(requests.length, 3, 'every line was handed over before stop() resolved');
  assert.deepEqual([isAlive(pid), isAlive(encoder), originFolders(pid)], [false, false, []]);
});

test('real clients play it, and its log has every octet they were sent', { skip }, async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-log-'));
  const accessLogFile = join(folder, 'access.log');
  const { origin, requests } = await start(context, { profile: 'low-latency', accessLogFile });
  try {
    const args = ['-nostdin', '-loglevel', 'warning', '-i', origin.url, '-c', 'copy', '-t', '4', '-f', 'null', '-'];
    const play = await runProgram('ffmpeg', ['-hide_banner', ...args], LIMITS);
    assert.deepEqual([play.code, play.stderr], [0, ''], 'no warning, not even about timestamps');
  } finally {
    await origin.stop();
  }
  const lines = (await readFile(accessLogFile, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ remote_port, connection_requests, bytes_sent }) => [remote_port, connection_requests, bytes_sent]),
    requests.map(({ remotePort, requestIndex, bytesSent }) => [remotePort, requestIndex, bytesSent]),
  );
  assert.ok(requests.filter(({ path, status }) => path.endsWith('.ts') && status === 206).length >= 4);
  await rm(folder, { recursive: true });
});

test('kill -9 of the origin leaves no FFmpeg and no folder, and the main program is told', {
  skip,
}, async (context) => {
  const { origin } = await start(context);
  const [encoder = 0] = encoders(origin.pid);
  assert.ok(isAlive(encoder));
  process.kill(origin.pid, 'SIGKILL');
  assert.match(await origin.broken, /SIGKILL/);
  await until(() => !isAlive(encoder), 'FFmpeg gone');
  await until(() => originFolders(origin.pid).length === 0, 'folder gone');
  await origin.stop();
});

test('a stream that breaks ends the origin with the reason', { skip }, async (context) => {
  const { origin } = await start(context);
  const [encoder = 0] = encoders(origin.pid);
  process.kill(encoder, 'SIGKILL');
  assert.match(await origin.broken, /^The live remux of profile 'low-bitrate' ended: SIGKILL/);
  await until(() => !isAlive(origin.pid) && originFolders(origin.pid).length === 0, 'origin and folder gone');
  await origin.stop();
});

test('kill -9 of the main program leaves no origin, no FFmpeg and no folder', { skip }, async () => {
  const lines: string[] = [];
  const main = startProgram(process.execPath, [fileURLToPath(new URL('origin-holder.ts', import.meta.url))], {
    stdio: { stdout: 'pipe', stderr: 'inherit' },
    onStdout: lineReader((line) => lines.push(line)),
  });
  await until(() => lines.length > 0, 'the origin is live', 20_000);
  const pid = Number(lines[0]);
  const [encoder = 0] = encoders(pid);
  assert.ok(isAlive(encoder) && originFolders(pid).length === 1);
  process.kill(main.pid ?? 0, 'SIGKILL');
  await until(() => !isAlive(pid) && !isAlive(encoder), 'origin and FFmpeg gone');
  assert.deepEqual(originFolders(pid), []);
});

test('a main program that exits without stopping it leaves nothing either', { skip }, async () => {
  const holder = fileURLToPath(new URL('origin-holder.ts', import.meta.url));
  const main = await runProgram(process.execPath, [holder, 'exit'], LIMITS);
  assert.equal(main.code, 3);
  const pid = Number(main.stdout);
  await until(() => !isAlive(pid) && encoders(pid).length === 0, 'origin and FFmpeg gone');
  assert.deepEqual(originFolders(pid), []);
});

test('each reason not to start is one sentence', { skip }, async (context) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await assert.rejects(start(context, { port }), {
    message: `Port ${port} on 127.0.0.1 is taken: choose another with --port, or 0 for a free one.`,
  });
  taken.close();
  await assert.rejects(start(context, { ffmpegPath: '/nowhere/ffmpeg' }), /\/nowhere\/ffmpeg does not exist/);
  await assert.rejects(
    start(context, { accessLogFile: '/nowhere/access.log' }),
    /The access log \/nowhere\/access.log cannot/,
  );
  const cache = await mkdtemp(join(tmpdir(), 'hls-swarm-cache-'));
  const ours = process.env['XDG_CACHE_HOME'];
  process.env['XDG_CACHE_HOME'] = cache;
  try {
    await assert.rejects(
      start(context, { ffmpegPath: '/bin/true' }),
      /\/bin\/true ended well and encoded nothing.*is it FFmpeg\?/,
    );
    await assert.rejects(
      start(context, { ffmpegPath: '/bin/false' }),
      /Encoding profile 'low-bitrate' with \/bin\/false failed: exit/,
    );
    assert.deepEqual(readdirSync(cache), [], 'nothing half-made in the cache');
  } finally {
    process.env['XDG_CACHE_HOME'] = ours;
    rmSync(cache, { recursive: true });
  }
});

test('a start that is given up in the middle of encoding leaves nothing', { skip }, async (context) => {
  const cache = await mkdtemp(join(tmpdir(), 'hls-swarm-cache-'));
  const ours = process.env['XDG_CACHE_HOME'];
  process.env['XDG_CACHE_HOME'] = cache;
  const before = new Set(originFolders());
  const encoding = (): string | undefined =>
    originFolders().find((folder) => !before.has(folder) && existsSync(join(folder, 'loop.part')));
  const giveUp = new AbortController();
  const starting = start(context, { profile: 'default', signal: giveUp.signal });
  process.env['XDG_CACHE_HOME'] = ours;
  const rejected = assert.rejects(starting, /changed my mind/);
  await until(() => encoding() !== undefined, 'encoding', 10_000);
  const folder = encoding() ?? '';
  giveUp.abort(new Error('changed my mind'));
  await rejected;
  assert.deepEqual([existsSync(folder), readdirSync(cache)], [false, []]);
  await rm(cache, { recursive: true });
});
