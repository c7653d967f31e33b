// Players that are not ours behind doors of `hls-swarm proxy`, against `hls-swarm origin`: every transfer of each is in the
// journal, and equal to the octet to what the origin logged. The command lines are those of the README.
// Chromium is not here: what it asks for on its own account depends on its version.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { TransferEvent } from '../../src/events.ts';
import type { AccessLine } from '../../src/origin/account.ts';
import { runProgram } from '../../src/process.ts';
import { joinByPort, type LoggedRequest, type ReadJournal, readJournal, readSummary } from '../support/journal.ts';
import { assertMeasured, type HlsSwarm, type Sandbox, sandbox, startHlsSwarm } from '../support/program.ts';
import { requirement } from '../support/require.ts';

interface Player {
  readonly name: string;
  readonly args: (door: string, stream: string) => readonly string[];
  /** It plays segments, not only the playlist. */
  readonly plays: boolean;
}

const PLAYERS: readonly Player[] = [
  { name: 'curl', args: (door, stream) => ['-sS', '-x', door, '-o', '/dev/null', stream], plays: false },
  {
    name: 'ffmpeg',
    args: (door, stream) => [
      '-v',
      'error',
      '-http_proxy',
      door,
      '-i',
      stream,
      '-t',
      '2',
      '-c',
      'copy',
      '-f',
      'null',
      '-',
    ],
    plays: true,
  },
  {
    name: 'mpv',
    args: (door, stream) => [
      '--no-config',
      '--vo=null',
      '--ao=null',
      '--really-quiet',
      '--untimed',
      '--length=2',
      `--http-proxy=${door}`,
      stream,
    ],
    plays: true,
  },
  {
    name: 'streamlink',
    args: (door, stream) => [
      '--http-proxy',
      door,
      '--hls-duration',
      '2',
      '-o',
      '/dev/null',
      '-f',
      `hls://${stream}`,
      'best',
    ],
    plays: true,
  },
];
const LIMIT_MS = 30_000;
const SKIP = requirement('ffmpeg');

describe('players at the doors of hls-swarm proxy', { skip: SKIP, concurrency: false }, () => {
  let box: Sandbox;
  let origin: HlsSwarm;
  let proxy: HlsSwarm;
  let stream: string;
  let doors: readonly string[];
  const played: Player[] = [];

  before(async () => {
    box = await sandbox();
    const log = ['--access-log', box.file('access.ndjson')];
    origin = startHlsSwarm(
      ['origin', '--port', '0', '--profile', 'low-bitrate', '--ffmpeg', box.ffmpeg, ...log],
      box.env,
    );
    const files = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson')];
    const options = ['--doors', String(PLAYERS.length), '--json', '--metrics', '127.0.0.1:0', ...files];
    proxy = startHlsSwarm(['proxy', ...options], box.env);
    stream = await origin.until(() => /^stream +(http:\S+)$/m.exec(origin.stdout)?.[1], 'the stream');
    const line = await proxy.until(() => /^\{.*\}\n/.exec(proxy.stdout)?.[0], 'the doors');
    ({ doors } = JSON.parse(line) as { doors: readonly string[] });
  });

  after(async () => {
    await proxy[Symbol.asyncDispose]();
    await origin[Symbol.asyncDispose]();
    await box[Symbol.asyncDispose]();
  });

  for (const [position, player] of PLAYERS.entries())
    test(`${player.name} plays`, { skip: requirement(player.name) }, async () => {
      const args = player.args(doors[position] ?? '', stream);
      const { code, stderr, timedOut } = await runProgram(player.name, args, {
        timeoutMs: LIMIT_MS,
        maxBytes: 100_000,
      });
      assert.equal(timedOut, false, stderr);
      assert.equal(code, 0, stderr);
      played.push(player);
    });

  test('each was counted at its own door, as the origin logged it', async () => {
    proxy.signal('SIGTERM');
    assertMeasured(await proxy.ended(), await readSummary(box.file('r.json')));
    origin.signal('SIGTERM');
    await origin.ended();
    const journal = await readJournal(box.file('j.ndjson'));
    checkJoin(journal, await accessLog(box.file('access.ndjson')));
    for (const player of played)
      checkPlayer(
        player,
        journal.transfers.filter(({ client }) => client === PLAYERS.indexOf(player) + 1),
      );
    const { proxy: counted } = journal.summary;
    assert.equal(counted?.transfers, journal.transfers.length);
    const segments = journal.transfers.filter(({ kind }) => kind === 'segment');
    assert.equal(counted?.byKind.segment?.transfers, segments.length);
    assert.equal(
      counted?.byKind.segment?.contentBytes,
      segments.reduce((sum, { contentBytes }) => sum + contentBytes, 0),
    );
  });
});

function checkPlayer({ name, plays }: Player, transfers: readonly TransferEvent[]): void {
  const complete = (kind: TransferEvent['kind']): number =>
    transfers.filter((transfer) => transfer.kind === kind && transfer.termination === '--').length;
  assert.ok(complete('media-playlist') > 0, `${name}: no playlist`);
  assert.equal(complete('segment') > 0, plays, `${name}: segments`);
  const kinds = new Set(transfers.map(({ kind }) => kind));
  assert.deepEqual(
    [...kinds].filter((kind) => kind !== 'media-playlist' && kind !== 'segment'),
    [],
    name,
  );
}

function checkJoin({ transfers }: ReadJournal, logged: readonly LoggedRequest[]): void {
  const { joined, equal, different, missingAtOrigin, missingAtProxy } = joinByPort(transfers, logged);
  assert.deepEqual(
    { different, missingAtOrigin, missingAtProxy },
    { different: [], missingAtOrigin: [], missingAtProxy: [] },
  );
  assert.equal(equal, joined);
  assert.equal(joined, transfers.filter(({ termination }) => termination === '--').length);
}

/** The embedded origin's own log. */
async function accessLog(path: string): Promise<readonly LoggedRequest[]> {
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const logged = JSON.parse(line) as AccessLine;
    return {
      remotePort: logged.remote_port,
      requestIndex: logged.connection_requests,
      status: logged.status,
      bytesSent: logged.bytes_sent,
      bodyBytesSent: logged.body_bytes_sent,
      completed: logged.completed,
    };
  });
}
