// The commands beside the run: the tap alone, the printed FFmpeg line, the check of a stream.
// What the tap does with octets is tested in test/proxy and test/integration.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { describe, test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readJournal, readSummary } from '../support/journal.ts';
import { assertMeasured, hlsSwarm, sandbox, startHlsSwarm, startShell } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { live } from '../support/scripted-answers.ts';
import { fieldOf, ScriptedOrigin } from '../support/scripted-origin.ts';
import { serveFiles } from '../support/static-server.ts';

const skip = requirement('ffmpeg');
const CONTROL = ['--metrics', '127.0.0.1:0'];

describe('hls-swarm proxy', { concurrency: true }, () => {
  test('prints one line of doors, counts what passes, and writes report and journal at SIGTERM', async () => {
    const body = Buffer.alloc(100_000, 'x');
    await using server = await serveFiles(new Map([['/seg0.ts', body]]));
    await using box = await sandbox();
    const files = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson')];
    await using program = startHlsSwarm(['proxy', '--doors', '2', '--json', ...CONTROL, ...files], box.env);
    const line = await program.until(() => /^\{.*\}\n/.exec(program.stdout)?.[0], 'the line of doors');
    const { doors } = JSON.parse(line) as { doors: readonly string[] };
    assert.equal(doors.length, 2);
    for (const door of doors) assert.match(door, /^http:\/\/127\.0\.0\.1:\d+$/);
    const received = await Promise.all(doors.map((door) => throughDoor(door, `${server.base}/seg0.ts`)));
    assert.deepEqual(received, [body.length, body.length]);
    assert.equal((await fetch(`${await program.controlUrl()}/ready`)).status, 200);
    program.signal('SIGTERM');
    const ended = await program.ended();
    assert.equal(ended.stdout, line, 'nothing but the line of doors');
    const { first, transfers, summary } = await readJournal(box.file('j.ndjson'));
    assertMeasured(ended, summary);
    assert.equal(first.type, 'run');
    assert.deepEqual(
      transfers.map(({ client, process, status, contentBytes }) => [client, process, status, contentBytes]).sort(),
      [
        [1, 0, 200, body.length],
        [2, 0, 200, body.length],
      ],
    );
    assert.deepEqual(await readSummary(box.file('r.json')), summary);
    assert.equal(summary.proxy?.transfers, 2);
  });

  test('a tap that nobody used has measured nothing, and that is what it was asked: 0, after --duration', async () => {
    await using box = await sandbox();
    const args = ['proxy', '--duration', '300ms', ...CONTROL, '--report', box.file('r.json')];
    const ended = await hlsSwarm(args, box.env);
    assertMeasured(ended, await readSummary(box.file('r.json')));
    assert.match(ended.stdout, /^door 1 {2}http:\/\/127\.0\.0\.1:\d+\n/);
  });
});

describe('around a run', { skip, concurrency: true }, () => {
  test('--print-cmd prints a line that a shell plays', async () => {
    const media = await vodMedia({ segments: 8, segmentSeconds: 1 });
    const advance = ({ elapsedMs }: { readonly elapsedMs: number }): number => Math.floor(elapsedMs / 1_000);
    await using origin = await ScriptedOrigin.start(live({ segments: media.segments, seconds: 1, window: 3, advance }));
    const url = origin.url('/live.m3u8?token=it%27s&$HOME');
    const header = ['--header', "X-Test: a 'quoted' $HOME"];
    const printed = await hlsSwarm([url, '--print-cmd', ...header, '--user-agent', 'swarm test/2']);
    assert.equal(printed.code, 0, printed.stderr);
    const looks = origin.requests.length;
    assert.ok(origin.requests.every(({ head }) => fieldOf(head, 'user-agent')?.startsWith('hls-swarm-preflight/')));
    await using shell = startShell('exec sh -c "$0"', [printed.stdout]);
    await origin.waitFor(({ requests }) => requests.some(({ target }) => target === '/seg3.ts'));
    assert.equal(shell.hasEnded, false);
    const first = origin.requests[looks];
    assert.equal(first?.target, '/live.m3u8?token=it%27s&$HOME');
    assert.match(first.head, /^User-Agent: swarm test\/2\/client-1\r$/m);
    assert.match(first.head, /^X-Test: a 'quoted' \$HOME\r$/m);
    // The progress goes to descriptor 3, which would be the first socket if the line did not send it elsewhere.
    for (const { received } of origin.connections) assert.doesNotMatch(received, /out_time|progress=/);
  });

  test('check plays one client for a while, whatever --clients says, and tells what it found', async () => {
    const media = await vodMedia();
    await using server = await serveFiles(media.files);
    await using box = await sandbox();
    const args = ['--clients', '7', '--pace', 'max', '--report', box.file('r.json'), '--ffmpeg', box.ffmpeg];
    const ended = await hlsSwarm(['check', `${server.base}/vod.m3u8`, ...args, ...CONTROL], box.env);
    const summary = await readSummary(box.file('r.json'));
    assertMeasured(ended, summary);
    const { clients, proxy } = summary;
    assert.deepEqual([clients.target, clients.starts], [1, 1]);
    assert.equal(proxy?.byKind.segment?.ok, media.segments.length);
    assert.match(ended.stdout, /summary of the run/);
    assert.deepEqual(box.processes(), []);
  });
});

/** Content bytes received. */
async function throughDoor(door: string, url: string): Promise<number> {
  const { hostname: host, port } = new URL(door);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { host: new URL(url).host, connection: 'close' };
  httpRequest({ host, port, path: url, headers }, (response) => {
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    response.on('end', () => resolve(bytes)).on('error', reject);
  })
    .on('error', reject)
    .end();
  return promise;
}
