// How a run ends: by signals, by the stream, by a reader that leaves, by SIGKILL, and what is left then: nothing.
// The numbers of a run are the business of demo.test.ts.
import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readJournal, readSummary } from '../support/journal.ts';
import { originFolders } from '../support/origin-folders.ts';
import { fakeProgram, isAlive, until } from '../support/processes.ts';
import {
  assertMeasured,
  type HlsSwarm,
  hlsSwarm,
  PROGRAM,
  type Sandbox,
  sandbox,
  startHlsSwarm,
  startShell,
} from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { serveFiles } from '../support/static-server.ts';

const skip = requirement('ffmpeg');
const END_LIMIT_MS = 4_000;
const START_END_LIMIT_MS = 1_000;
/** Enough that some are still to be loaded when some are; of more, each would let everything else on a loaded machine go first. */
const LOADED_CLIENTS = 50;
/** In the program itself, neither in its threads nor in its origin. */
const THROWS_AT_SIGUSR2 = `--import=data:text/javascript,${encodeURIComponent(
  "if (process.argv[1]?.endsWith('src/main.ts')) process.on('SIGUSR2', () => { throw new Error('of a test'); });",
)}`;

function demo(box: Sandbox, clients: number, ...more: string[]): readonly string[] {
  const fixed = ['--no-tui', '--metrics', '127.0.0.1:0', '--profile', 'low-bitrate', '--ffmpeg', box.ffmpeg];
  return ['demo', '--clients', String(clients), '--ramp-rate', '50', ...fixed, ...more];
}

/** Two of this origin's playlists are 1 kB. */
const MORE_THAN_PLAYLISTS_BYTES = 10_000;

/** Resolves when every client has had octets of a segment. */
async function playing(program: HlsSwarm, clients: number): Promise<void> {
  const url = await program.controlUrl();
  await program.until(async () => {
    const response = await fetch(`${url}/debug/client/${clients}`);
    const state = (await response.json()) as { door?: { contentBytes: number } };
    return (state.door?.contentBytes ?? 0) > MORE_THAN_PLAYLISTS_BYTES;
  }, `a media byte for client ${clients}`);
}

function originPid(box: Sandbox): string {
  const line = box.processes().find((process) => process.includes('origin/main'));
  assert.ok(line !== undefined, box.processes().join('\n'));
  return String(Number.parseInt(line, 10));
}

/** Accepts and never says a word. */
async function silentServer(): Promise<{ url: string; connections(): number } & AsyncDisposable> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/live.m3u8`,
    connections: () => sockets.length,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function assertNothingLeft(box: Sandbox): void {
  assert.deepEqual(box.processes(), []);
  assert.deepEqual(box.leftovers(), []);
}

describe('how a run ends', { skip, concurrency: 3 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} ends a run within 4 s: exit 0, a whole summary, a journal to its last line`, async () => {
      await using box = await sandbox();
      const files = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson')];
      await using program = startHlsSwarm(demo(box, 2, ...files), box.env);
      await playing(program, 2);
      const pid = originPid(box);
      const askedAtMs = performance.now();
      program.signal(signal);
      const ended = await program.ended();
      assert.ok(performance.now() - askedAtMs < END_LIMIT_MS, `${performance.now() - askedAtMs} ms`);
      assert.ok(ended.stdout.includes('summary of the run') && ended.stdout.includes(box.file('r.json')));
      const { first, summary } = await readJournal(box.file('j.ndjson'));
      assert.equal(first.type, 'run');
      assert.deepEqual(summary, await readSummary(box.file('r.json')));
      assertMeasured(ended, summary);
      assert.deepEqual(summary.clients.exits, { success: 0, error: 0, signal: 0, stopped: 2, playlistLost: 0 });
      assertNothingLeft(box);
      assert.deepEqual(originFolders(pid), []);
    });
  }

  test('a second SIGINT leaves at once with 130, and takes everything along', async () => {
    await using box = await sandbox();
    await using program = startHlsSwarm(demo(box, 2), box.env);
    await playing(program, 2);
    // A client that cannot hear its SIGTERM keeps the first wish from being granted before the second is heard.
    const state = (await (await fetch(`${await program.controlUrl()}/debug/client/1`)).json()) as { pid: number };
    process.kill(state.pid, 'SIGSTOP');
    program.signal('SIGINT');
    await program.until(() => program.stderr.includes('shutdown_initiated'), 'the first wish is heard');
    // Two signals within 50 ms are one wish: that is how npm and a terminal deliver one Ctrl-C.
    await new Promise((resolve) => setTimeout(resolve, 80));
    const askedAtMs = performance.now();
    program.signal('SIGINT');
    const { code } = await program.ended();
    assert.equal(code, 130);
    assert.ok(performance.now() - askedAtMs < 1_000, `${performance.now() - askedAtMs} ms`);
    await until(() => box.processes().length === 0, 'the end of its processes');
  });

  test('kill -9 leaves no client, no origin, no encoder and no folder in memory', async () => {
    await using box = await sandbox();
    await using program = startHlsSwarm(demo(box, 10), box.env);
    await playing(program, 10);
    const pid = originPid(box);
    assert.equal(originFolders(pid).length, 1);
    assert.ok(box.processes().length >= 12, box.processes().join('\n'));
    process.kill(program.pid, 'SIGKILL');
    await until(() => box.processes().length === 0, 'the end of its processes');
    await until(() => originFolders(pid).length === 0, 'the end of its folder');
  });

  test('a signal while the origin is still starting ends the run with a sentence and 1', async () => {
    await using box = await sandbox();
    await using program = startHlsSwarm(demo(box, 1), box.env);
    await program.until(() => box.processes().some((line) => line.includes('origin/main')), 'the origin process');
    program.signal('SIGTERM');
    const { code, stderr } = await program.ended();
    assert.equal(code, 1);
    assert.match(stderr, /hls-swarm: ended before the embedded origin was live\n$/);
    assertNothingLeft(box);
  });

  test('a signal while a stream or an FFmpeg that never answers is looked at ends the start within a second', async () => {
    await using silent = await silentServer();
    for (const ffmpeg of ['ffmpeg', fakeProgram('hanging')]) {
      await using box = await sandbox();
      const asked = silent.connections() + 1;
      const args = [silent.url, '--metrics', '127.0.0.1:0', '--no-tui', '--ffmpeg', ffmpeg];
      await using program = startHlsSwarm(args, box.env);
      await program.until(() => silent.connections() === asked, 'its first request');
      const askedAtMs = performance.now();
      program.signal('SIGTERM');
      const { code, stderr } = await program.ended();
      assert.ok(performance.now() - askedAtMs < START_END_LIMIT_MS, `${performance.now() - askedAtMs} ms`);
      assert.equal(code, 1, stderr);
      assert.match(stderr, /hls-swarm: ended before the first client was started\n$/);
    }
  });

  test('a signal while clients are loaded ahead of the ramp ends the start, and all of them with it', async () => {
    await using box = await sandbox();
    await using program = startHlsSwarm(demo(box, LOADED_CLIENTS, '--ramp-prepare', 'on'), box.env);
    const loaded = (): number => box.processes().filter((line) => line.includes('-progress')).length;
    await program.until(() => loaded() > 5, 'some clients');
    const [gates, pipes, ...others] = box.leftovers().toSorted();
    assert.match(gates ?? '', /^hls-swarm-gates-/);
    assert.match(pipes ?? '', /^hls-swarm-pipes-/);
    assert.deepEqual(others, []);
    const askedAtMs = performance.now();
    program.signal('SIGINT');
    const { code, stderr } = await program.ended();
    assert.ok(performance.now() - askedAtMs < END_LIMIT_MS, `${performance.now() - askedAtMs} ms`);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /hls-swarm: ended before the first client was started\n$/);
    assert.doesNotMatch(stderr, /client_exited|playlistLost/);
    assertNothingLeft(box);
  });

  test('an origin that hears no signal keeps nobody for longer than 4 s, and goes with us', async () => {
    await using box = await sandbox();
    await using program = startHlsSwarm(demo(box, 1, '--report', box.file('r.json')), box.env);
    await playing(program, 1);
    const pid = originPid(box);
    process.kill(Number(pid), 'SIGSTOP');
    const askedAtMs = performance.now();
    program.signal('SIGTERM');
    const ended = await program.ended();
    assert.ok(performance.now() - askedAtMs < END_LIMIT_MS, `${performance.now() - askedAtMs} ms`);
    assertMeasured(ended, await readSummary(box.file('r.json')));
    await until(() => box.processes().length === 0, 'the end of its processes');
    assert.deepEqual(originFolders(pid), []);
  });

  for (const times of [1, 2]) {
    const what = times === 1 ? 'ends the run with its summary and 70' : 'ends it at once with 70 when it is the second';
    test(`an exception that nobody caught ${what}`, async () => {
      await using box = await sandbox();
      await using program = startHlsSwarm(demo(box, 1), { ...box.env, NODE_OPTIONS: THROWS_AT_SIGUSR2 });
      await playing(program, 1);
      // A client that cannot hear its SIGTERM keeps the first from ending the run before the second.
      const state = (await (await fetch(`${await program.controlUrl()}/debug/client/1`)).json()) as { pid: number };
      process.kill(state.pid, 'SIGSTOP');
      program.signal('SIGUSR2');
      if (times === 2) {
        await new Promise((resolve) => setTimeout(resolve, 80));
        program.signal('SIGUSR2');
      }
      const { code, stdout, stderr } = await program.ended();
      assert.equal(code, 70, stderr);
      assert.match(stderr, /hls-swarm: a bug: Error: of a test\n {4}at /);
      assert.equal(stdout.includes('summary of the run'), times === 1);
      await until(() => box.processes().length === 0, 'the end of its processes');
    });
  }

  test('a stream with an end ends the run when every client has played it: exit 0, all of them success', async () => {
    const media = await vodMedia();
    await using origin = await serveFiles(media.files);
    await using box = await sandbox();
    const files = ['--report', box.file('r.json'), '--pace', 'max', '--no-tui', '--metrics', '127.0.0.1:0'];
    const url = `${origin.base}/vod.m3u8`;
    const ended = await hlsSwarm([url, '--clients', '2', '--ffmpeg', box.ffmpeg, ...files], box.env);
    const summary = await readSummary(box.file('r.json'));
    assertMeasured(ended, summary);
    const { clients, proxy, agreement } = summary;
    assert.deepEqual(clients.exits, { success: 2, error: 0, signal: 0, stopped: 0, playlistLost: 0 });
    assert.equal(proxy?.byKind.segment?.ok, 2 * media.segments.length);
    const bytes = media.segments.reduce((sum, { length }) => sum + length, 0);
    assert.equal(proxy?.byKind.segment?.contentBytes, 2 * bytes);
    assert.deepEqual([agreement.segment.precision, agreement.segment.recall], [1, 1]);
    assertNothingLeft(box);
  });

  test('a reader of stdout that left is no error: no stack trace, and the code of the run', async () => {
    const media = await vodMedia();
    await using origin = await serveFiles(media.files);
    await using box = await sandbox();
    const args = [`${origin.base}/vod.m3u8`, '--clients', '1', '--pace', 'max', '--metrics', '127.0.0.1:0'];
    const line = '"$0" "$@" | true; exit $PIPESTATUS';
    await using shell = startShell(
      line,
      [...PROGRAM, ...args, '--ffmpeg', box.ffmpeg, '--report', box.file('r.json')],
      box.env,
    );
    const ended = await shell.ended();
    assertMeasured(ended, await readSummary(box.file('r.json')));
    assert.doesNotMatch(ended.stderr, /EPIPE|\n {4}at /);
    assertNothingLeft(box);
  });

  test('a client that is killed is told as such and started again, and its door stays', async () => {
    await using box = await sandbox();
    const files = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson')];
    await using program = startHlsSwarm(demo(box, 2, ...files), box.env);
    await playing(program, 2);
    const url = await program.controlUrl();
    const state = async (): Promise<{ pid?: number; process: number; door: { url: string; openTransfers: number } }> =>
      (await (await fetch(`${url}/debug/client/1`)).json()) as Awaited<ReturnType<typeof state>>;
    const before = await state();
    assert.ok(before.pid !== undefined && isAlive(before.pid));
    process.kill(before.pid, 'SIGKILL');
    const after = await program.until(async () => {
      const now = await state();
      return now.process === 2 && now.pid !== undefined && now;
    }, 'the second process of client 1');
    assert.equal(after.door.url, before.door.url);
    program.signal('SIGTERM');
    const ended = await program.ended();
    const { events, summary } = await readJournal(box.file('j.ndjson'));
    assertMeasured(ended, summary);
    const life = events.filter((event) => event.type === 'client' && event.client === 1);
    assert.deepEqual(
      life.map((event) => event.type === 'client' && [event.event, event.process, event.category]),
      [
        ['start', 1, undefined],
        ['exit', 1, 'signal'],
        ['restart-scheduled', 1, 'signal'],
        ['start', 2, undefined],
        ['stop', 2, undefined],
        ['exit', 2, 'stopped'],
      ],
    );
    assert.deepEqual([summary.clients.starts, summary.clients.restarts, summary.clients.exits.signal], [3, 1, 1]);
    assertNothingLeft(box);
  });
});
