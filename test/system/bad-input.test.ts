// What cannot work is said in a sentence that names the thing and quotes the value, with the right code, and nothing stays.
// Each command line is one that a user might type; none of them may start a client.
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readSummary } from '../support/journal.ts';
import { fakeProgram } from '../support/processes.ts';
import { hlsSwarm, PROGRAM, type Sandbox, sandbox, startHlsSwarm, startShell } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { serveFiles } from '../support/static-server.ts';

const skip = requirement('ffmpeg');
const PLAYLIST = Buffer.from('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nseg0.ts\n');
const MEASURED_ON = ['--metrics', '127.0.0.1:0', '--no-tui'];

interface Refusal {
  readonly args: (box: Sandbox) => readonly string[];
  readonly code: number;
  /** Each must be on stderr. */
  readonly says: readonly (string | RegExp)[];
}

async function assertRefused({ args, code, says }: Refusal): Promise<void> {
  await using box = await sandbox();
  const ended = await hlsSwarm(args(box), box.env);
  assert.equal(ended.code, code, ended.stderr);
  for (const text of says) {
    const isSaid = typeof text === 'string' ? ended.stderr.includes(text) : text.test(ended.stderr);
    assert.ok(isSaid, `not said: ${text}\n${ended.stderr}`);
  }
  assert.doesNotMatch(ended.stderr, /\n {4}at /, 'a stack trace');
  assert.doesNotMatch(ended.stderr, /"client_|client_process_started/);
  assert.equal(ended.stdout, '');
  assert.deepEqual(box.processes(), []);
  assert.deepEqual(box.leftovers(), []);
}

describe('a command line that is wrong is refused with 2', { concurrency: 2 }, () => {
  const refusals: Readonly<Record<string, Refusal>> = {
    'no URL at all': { args: () => [], code: 2, says: [/URL/] },
    'a URL that is not http': {
      args: () => ['ftp://origin.example/live.m3u8'],
      code: 2,
      says: ['ftp://origin.example/live.m3u8', 'http'],
    },
    'several mistakes, told all at once': {
      args: () => ['ftp://a.example/', '--clients', 'none', '--duration', '-3s', '--variant', 'best'],
      code: 2,
      says: ['ftp://a.example/', /--clients.*none/, /--duration.*-3s/, /--variant.*best.*highest/],
    },
    'an option that does not exist, with the nearest one that does': {
      args: () => ['http://origin.example/live.m3u8', '--client', '3'],
      code: 2,
      says: [/--client\b/, '--clients'],
    },
    'no proxy worker': {
      args: () => ['http://origin.example/live.m3u8', '--proxy-workers', '0'],
      code: 2,
      says: [/--proxy-workers.*\b0\b.*1 to 64/],
    },
    'a journal that is not named': { args: () => ['replay'], code: 2, says: [/JOURNAL: missing/] },
    'a log that is not named': { args: () => ['analyze', '--json'], code: 2, says: [/--stderr: missing/, /--events/] },
  };
  for (const [name, refusal] of Object.entries(refusals)) test(name, () => assertRefused(refusal));
});

describe('what cannot be measured is refused with 1 before any client starts', { skip, concurrency: 2 }, () => {
  test('an origin that nobody listens at', async () => {
    const port = await closedPort();
    const url = `http://127.0.0.1:${port}/live.m3u8`;
    await assertRefused({ args: (box) => [url, ...withFfmpeg(box)], code: 1, says: [url, /connection refused/] });
  });

  test('what is said of a stream that is not there has none of the secrets in its URL', async () => {
    await using box = await sandbox();
    await using server = await serveFiles(new Map());
    const url = `${server.base.replace('http://', 'HTTP://me:SECRET@')}/missing.m3u8?token=SECRET`;
    const ended = await hlsSwarm([url, ...withFfmpeg(box)], box.env);
    assert.equal(ended.code, 1, ended.stderr);
    assert.match(ended.stderr, /missing\.m3u8\?token=….* answered 404/);
    assert.doesNotMatch(ended.stderr, /SECRET/);
  });

  test('a stream that is not there, and a page in place of a playlist', async () => {
    const page = Buffer.from('<!doctype html><title>Sign in</title>');
    await using server = await serveFiles(new Map([['/page.m3u8', page]]));
    const missing = `${server.base}/missing.m3u8`;
    const html = `${server.base}/page.m3u8`;
    await Promise.all([
      assertRefused({ args: (box) => [missing, ...withFfmpeg(box)], code: 1, says: [missing, '404'] }),
      assertRefused({ args: (box) => [html, ...withFfmpeg(box)], code: 1, says: [html, '<!doctype html>'] }),
    ]);
    assert.ok(server.requests.every(({ userAgent }) => userAgent.startsWith('hls-swarm-preflight/')));
  });

  test('a metrics port that is taken: nothing is asked of the origin but what the preflight asks', async () => {
    await using server = await serveFiles(new Map([['/live.m3u8', PLAYLIST]]));
    const taken = server.base.replace('http://', '');
    const args = (box: Sandbox): readonly string[] => [
      ...[`${server.base}/live.m3u8`, '--metrics', taken, '--ffmpeg', box.ffmpeg],
      ...['--journal', box.file('j.ndjson')],
    ];
    await assertRefused({ args, code: 1, says: ['--metrics', taken, /taken/] });
    assert.deepEqual(
      server.requests.map(({ userAgent }) => userAgent.replace(/\/.*/, '')),
      ['hls-swarm-preflight'],
    );
  });

  test('an FFmpeg that is none, one that is missing, one that is no program', async () => {
    await using server = await serveFiles(new Map([['/live.m3u8', PLAYLIST]]));
    const url = `${server.base}/live.m3u8`;
    const banana = fakeProgram('not-ffmpeg');
    const cases: readonly [string, RegExp][] = [
      [banana, /FFmpeg/],
      ['/no/such/ffmpeg', /does not exist/],
      [fakeProgram('not-executable'), /is not executable/],
    ];
    for (const [path, reason] of cases) {
      await assertRefused({ args: () => [url, ...MEASURED_ON, '--ffmpeg', path], code: 1, says: [path, reason] });
    }
    await assertRefused({
      args: () => ['demo', ...MEASURED_ON, '--ffmpeg', '/no/such/ffmpeg'],
      code: 1,
      says: ['/no/such/ffmpeg'],
    });
  });

  test('a journal and a report that cannot be written', async () => {
    await using server = await serveFiles(new Map([['/live.m3u8', PLAYLIST]]));
    const url = `${server.base}/live.m3u8`;
    for (const option of ['--journal', '--report']) {
      for (const path of ['/no/such/folder/file.json', '/tmp']) {
        const args = (box: Sandbox): readonly string[] => [url, ...withFfmpeg(box), option, path];
        await assertRefused({ args, code: 1, says: [new RegExp(`hls-swarm: ${option}: .*'${path}'`)] });
      }
    }
    assert.deepEqual(server.requests, []);
  });
});

test('a machine that grants too few open files is told so: how many are needed, what to type, and 1', async () => {
  await using box = await sandbox();
  const proxy = ['proxy', '--doors', '200', '--metrics', '127.0.0.1:0'];
  const cases: readonly [files: number, args: readonly string[]][] = [
    [60, proxy],
    // Not even enough for the workers.
    [30, [...proxy, '--proxy-workers', '4']],
  ];
  for (const [files, args] of cases) {
    await using shell = startShell(`ulimit -n ${files}; exec "$0" "$@"`, [...PROGRAM, ...args], box.env);
    const { code, stdout, stderr } = await shell.ended();
    assert.equal(code, 1, stderr);
    assert.match(
      stderr,
      /hls-swarm: 200 doors cannot be opened: about 2100 file descriptors are needed \(.*EMFILE.*\)/,
    );
    assert.match(stderr, /Fix: ulimit -n 2100\n$/);
    assert.equal(stdout, '');
  }
});

describe('a result that is lost on the way is said, and is no success', { skip, concurrency: 2 }, () => {
  test('a full disk for the journal: said once, every lost record counted, verdict invalid, 98', async () => {
    const media = await vodMedia();
    await using server = await serveFiles(media.files);
    await using box = await sandbox();
    const files = ['--journal', '/dev/full', '--report', box.file('r.json'), '--pace', 'max', '--clients', '1'];
    const ended = await hlsSwarm([`${server.base}/vod.m3u8`, ...withFfmpeg(box), ...files], box.env);
    assert.equal(ended.code, 98, ended.stderr);
    assert.equal(ended.stderr.match(/journal '\/dev\/full' ends early: .*ENOSPC/g)?.length, 1, ended.stderr);
    assert.match(ended.stdout, /Journal \(incomplete\) +\/dev\/full/i);
    const { instrument, proxy } = await readSummary(box.file('r.json'));
    assert.equal(instrument.verdict, 'invalid');
    assert.ok(
      instrument.lostRecords > (proxy?.transfers ?? 0),
      `${instrument.lostRecords} of more than ${proxy?.transfers}`,
    );
    assert.deepEqual(box.processes(), []);
  });

  test('a full disk for stdout: said on stderr, and 1 where it would be 0', async () => {
    await using box = await sandbox();
    for (const args of [['--version'], ['proxy', '--duration', '200ms', '--metrics', '127.0.0.1:0']]) {
      await using shell = startShell('exec "$0" "$@" >/dev/full', [...PROGRAM, ...args], box.env);
      const { code, stderr } = await shell.ended();
      // A machine too busy to measure on is a worse word than 1, and wins.
      assert.ok(code === 1 || (code === 98 && args.length > 1), `${code} ${stderr}`);
      assert.equal(stderr.match(/hls-swarm: stdout cannot be written: ENOSPC/g)?.length, 1, stderr);
      assert.doesNotMatch(stderr, /\n {4}at /, 'a stack trace');
    }
  });

  test('a report whose folder went away during the run: the summary is printed, the loss is said, 1', async () => {
    const media = await vodMedia();
    await using server = await serveFiles(media.files);
    await using box = await sandbox();
    const folder = box.file('results');
    await mkdir(folder);
    const args = ['--report', `${folder}/r.json`, '--pace', 'max', '--clients', '1'];
    await using program = startHlsSwarm([`${server.base}/vod.m3u8`, ...withFfmpeg(box), ...args], box.env);
    await program.until(() => program.stderr.includes('metrics_server_started'), 'its start');
    await rm(folder, { recursive: true });
    const ended = await program.ended();
    // 98 where the machine held up the tap as well: no success either.
    assert.ok(ended.code === 1 || ended.code === 98, ended.stderr);
    assert.match(ended.stderr, /hls-swarm: --report: cannot write '\S+results\/r\.json': ENOENT/);
    assert.match(ended.stdout, /summary of the run/);
  });
});

function withFfmpeg(box: Sandbox): readonly string[] {
  return [...MEASURED_ON, '--ffmpeg', box.ffmpeg];
}

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
