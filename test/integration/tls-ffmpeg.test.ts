// FFmpeg's whole play of live streams over https through the tap: every playlist, segment, key and map is seen, and each transfer
// is what the origin says it was. And the program as a user runs it: a swarm against https, and the file for other players.
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import type { TransferEvent } from '../../src/events.ts';
import { runProgram, withoutProxyVariables } from '../../src/process.ts';
import { readJournal, readSummary } from '../support/journal.ts';
import { assertMeasured, hlsSwarm, sandbox, startHlsSwarm } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { withLength } from '../support/scripted-answers.ts';
import { ScriptedOrigin } from '../support/scripted-origin.ts';
import { TapBench } from '../support/tap.ts';
import { TestAuthority } from '../support/tls-certificates.ts';
import {
  encryptedStream,
  type Files,
  fragmentedStream,
  type LiveList,
  liveScript,
  SEGMENTS,
} from '../support/tls-media.ts';

const LIMITS = { timeoutMs: 30_000, maxBytes: 4_000_000 };
const CONTROL = ['--metrics', '127.0.0.1:0'];
const authority = await TestAuthority.create();
const secure = await authority.forHost('localhost');

interface Stream {
  readonly name: string;
  readonly media: () => Promise<Files>;
  readonly list: (secured: number, plain: number) => LiveList;
  readonly kinds: Readonly<Record<string, number>>;
}

const STREAMS: readonly Stream[] = [
  {
    name: 'AES-128: relative, root-relative and absolute URIs, one of them http, and a key',
    media: encryptedStream,
    list: (secured, plain) => ({
      header: ['#EXT-X-KEY:METHOD=AES-128,URI="/keys/1.key"'],
      uris: [
        'seg0.ts',
        '/live/seg1.ts',
        `https://localhost:${secured}/live/seg2.ts`,
        `http://localhost:${plain}/live/seg3.ts`,
        '../live/seg4.ts',
        `//localhost:${secured}/live/seg5.ts`,
      ],
    }),
    kinds: { segment: SEGMENTS, key: 1 },
  },
  {
    name: 'fragmented MP4 with a map',
    media: fragmentedStream,
    list: (secured) => ({
      header: [`#EXT-X-MAP:URI="https://localhost:${secured}/live/init.mp4"`],
      uris: Array.from({ length: SEGMENTS }, (_, index) => `seg${index}.m4s`),
    }),
    kinds: { segment: SEGMENTS },
  },
];

describe('FFmpeg plays live over https through the tap', { skip: requirement('ffmpeg') }, () => {
  for (const { name, media, list, kinds } of STREAMS)
    test(name, async () => {
      const files = await media();
      let listOf = (): LiveList => ({ header: [], uris: [] });
      await using plain = await ScriptedOrigin.start(liveScript(files, () => listOf()));
      await using origin = await ScriptedOrigin.start(
        liveScript(files, () => listOf()),
        { secure },
      );
      listOf = () => list(origin.port, plain.port);
      const bench = await TapBench.open({ behaviour: { tls: { mode: 'intercept', verifiesOrigin: false } } });
      try {
        const run = await runProgram(
          'ffmpeg',
          [
            ...['-hide_banner', '-nostdin', '-loglevel', 'warning', '-http_proxy', bench.tap.doorUrl(1)],
            ...['-i', `https://localhost:${origin.port}/live/index.m3u8`, '-map', '0', '-c', 'copy', '-f', 'null', '-'],
          ],
          { ...LIMITS, env: withoutProxyVariables(process.env) },
        );
        assert.equal(run.code, 0, run.stderr);
        const { transfers } = await bench.account();
        sameAsOrigins(transfers, [origin, plain], files);
        const count = (kind: string): number => transfers.filter((transfer) => transfer.kind === kind).length;
        assert.deepEqual(Object.fromEntries(Object.keys(kinds).map((kind) => [kind, count(kind)])), kinds);
        assert.ok(count('media-playlist') > 1 && (count('init') > 0 || count('key') > 0));
        assert.equal(count('other'), 0);
      } finally {
        await bench.close();
      }
    });
});

describe('FFmpeg that verifies', { skip: requirement('ffmpeg') }, () => {
  test('takes the door when it is given the authority of the run, and is told on when it is not', async () => {
    const files = await fragmentedStream();
    await using origin = await ScriptedOrigin.start(
      liveScript(files, () => ({ header: [], uris: [] })),
      { secure },
    );
    const behaviour = { tls: { mode: 'intercept', verifiesOrigin: false, authority: authority.authority } } as const;
    const bench = await TapBench.open({ behaviour });
    await using box = await sandbox();
    const caFile = await written(box.file('ca.pem'), bench.tap.caCertificate ?? '');
    const play = (...options: string[]) =>
      runProgram(
        'ffprobe',
        [
          ...[
            '-hide_banner',
            '-loglevel',
            'error',
            '-http_proxy',
            bench.tap.doorUrl(1),
            '-tls_verify',
            '1',
            ...options,
          ],
          `https://localhost:${origin.port}/live/init.mp4`,
        ],
        { ...LIMITS, env: withoutProxyVariables(process.env) },
      );
    try {
      await play('-ca_file', caFile);
      assert.deepEqual(
        (await bench.account()).transfers.map(({ termination, status }) => [termination, status]),
        [['--', 206]],
      );
      await play();
      const { transfers, connections } = await bench.account();
      assert.equal(transfers.length, 0);
      assert.deepEqual(
        connections.map(({ tlsFailedWith }) => tlsFailedWith),
        ['client'],
      );
    } finally {
      await bench.close();
    }
  });
});

describe('hls-swarm against https', { skip: requirement('ffmpeg'), concurrency: true }, () => {
  test('a run whose origin is vouched for measures and agrees with its parser', async () => {
    await using box = await sandbox();
    await using origin = await startStream();
    const args = [
      streamOf(origin),
      '--clients',
      '2',
      '--report',
      box.file('r.json'),
      '--journal',
      box.file('j.ndjson'),
    ];
    const trust = { NODE_EXTRA_CA_CERTS: await written(box.file('ca.pem'), authority.certificate) };
    const ended = await hlsSwarm([...args, ...CONTROL], { ...box.env, ...trust });
    const summary = await readSummary(box.file('r.json'));
    assertMeasured(ended, summary);
    assert.equal(summary.proxy?.byKind.segment?.ok, 2 * SEGMENTS);
    const { segment } = summary.agreement;
    assert.deepEqual([segment.matched, segment.missed, segment.spurious], [2 * SEGMENTS, 0, 0]);
    const { transfers } = await readJournal(box.file('j.ndjson'));
    for (const { url } of transfers) assert.match(url, /^https:\/\/localhost:\d+\//);
    assert.deepEqual(box.leftovers(), []);
  });

  test('an origin that nobody vouches for ends the run before it begins, and --dangerous plays it', async () => {
    await using box = await sandbox();
    await using origin = await startStream();
    const refused = await hlsSwarm([streamOf(origin), ...CONTROL], box.env);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /the certificate is not trusted \(unable to verify .*\); --dangerous accepts any/);
    assert.equal(origin.requests.length, 0);
    const args = [streamOf(origin), '--dangerous', '--clients', '1', '--pace', 'max', '--report', box.file('r.json')];
    const ended = await hlsSwarm([...args, ...CONTROL], box.env);
    assertMeasured(ended, await readSummary(box.file('r.json')));
  });

  test('--tls tunnel plays, says that requests are unseen, and is degraded', async () => {
    await using box = await sandbox();
    await using origin = await startStream();
    const args = [
      streamOf(origin),
      '--dangerous',
      '--clients',
      '1',
      '--pace',
      'max',
      '--tls',
      'tunnel',
      '--report',
      box.file('r.json'),
    ];
    const ended = await hlsSwarm([...args, ...CONTROL], box.env);
    const summary = await readSummary(box.file('r.json'));
    assertMeasured(ended, summary);
    assert.match(ended.stderr, /requests to https origins pass unseen/);
    assert.equal(summary.proxy?.transfers, 0);
    assert.ok(summary.proxy?.opaqueBytes > 0);
    assert.notEqual(summary.instrument.verdict, 'valid');
    assert.match(summary.instrument.reasons.join(), /passed unseen in tunnels/);
    const { segment, playlist, estimators } = summary.agreement;
    assert.ok((summary.parser.requests?.segment ?? 0) > 0);
    assert.deepEqual([segment.spurious, segment.precision, playlist.spurious], [0, undefined, 0]);
    assert.deepEqual([...new Set(estimators.map(({ reason }) => reason))], ['unseen in tunnels']);
    assert.deepEqual([summary.proxy?.throughput, summary.proxy?.allBytesThroughput], [undefined, undefined]);
  });
});

describe('--tls-ca-out', { skip: requirement('curl'), concurrency: true }, () => {
  test('a player that is given the file takes the certificates of the tap, and others do not', async () => {
    await using box = await sandbox();
    await using origin = await ScriptedOrigin.start(() => withLength('hello'), { secure });
    const files = [
      '--tls-ca-out',
      box.file('ca.pem'),
      '--journal',
      box.file('j.ndjson'),
      '--report',
      box.file('r.json'),
    ];
    await using program = startHlsSwarm(['proxy', '--dangerous', '--json', ...CONTROL, ...files], box.env);
    const line = await program.until(() => /^\{.*\}\n/.exec(program.stdout)?.[0], 'the line of doors');
    const { doors } = JSON.parse(line) as { doors: readonly string[] };
    const curl = (...args: string[]) =>
      runProgram(
        'curl',
        [
          '--silent',
          '--show-error',
          '--proxy',
          doors[0] ?? '',
          ...args,
          origin.url('/a').replace('127.0.0.1', 'localhost'),
        ],
        {
          ...LIMITS,
          env: withoutProxyVariables(process.env),
        },
      );
    const trusting = await curl('--cacert', box.file('ca.pem'));
    assert.deepEqual([trusting.code, trusting.stdout], [0, 'hello'], trusting.stderr);
    const doubting = await curl();
    assert.equal(doubting.code, 60, doubting.stderr);
    program.signal('SIGTERM');
    const ended = await program.ended();
    assertMeasured(ended, await readSummary(box.file('r.json')));
    assert.match(ended.stderr, /tls-untrusted: client 1\n +seen +.*unknown ca/s);
    assert.match(await readFile(box.file('ca.pem'), 'utf8'), /^-----BEGIN CERTIFICATE-----/);
    assert.equal((await stat(box.file('ca.pem'))).mode & 0o777, 0o644);
    const { transfers } = await readJournal(box.file('j.ndjson'));
    assert.deepEqual(
      transfers.map(({ termination, contentBytes }) => [termination, contentBytes]),
      [['--', 5]],
    );
  });

  test('a file that cannot be written is said before any door is open', async () => {
    await using box = await sandbox();
    const args = ['proxy', '--json', '--tls-ca-out', box.file('no/such/ca.pem'), ...CONTROL];
    const ended = await hlsSwarm(args, box.env);
    assert.equal(ended.code, 1);
    assert.equal(ended.stdout, '');
    assert.match(ended.stderr, /--tls-ca-out: cannot write '.*no\/such\/ca\.pem': /);
  });
});

/** Joined by port and index, each transfer is a request of an origin, and each request a transfer. */
function sameAsOrigins(transfers: readonly TransferEvent[], origins: readonly ScriptedOrigin[], files: Files): void {
  const truth = origins.flatMap((origin) =>
    origin.requests.map(({ connection, index, target, head, method }) => ({
      key: `${connection.remotePort}/${index}`,
      method,
      url: origin.url(target).replace('127.0.0.1', 'localhost'),
      requestHeadBytes: head.length,
      contentBytes: files.get(target)?.length,
    })),
  );
  const seen = transfers.map(
    ({ upstreamLocalPort, upstreamRequestIndex, method, url, requestHeadBytes, contentBytes, kind }) => ({
      key: `${upstreamLocalPort}/${upstreamRequestIndex}`,
      method,
      url,
      requestHeadBytes,
      contentBytes: kind === 'media-playlist' ? undefined : contentBytes,
    }),
  );
  const byKey = (one: { readonly key: string }, other: { readonly key: string }): number =>
    one.key.localeCompare(other.key);
  assert.deepEqual(seen.sort(byKey), truth.sort(byKey));
}

async function startStream(): Promise<ScriptedOrigin> {
  const files = await fragmentedStream();
  const uris = Array.from({ length: SEGMENTS }, (_, index) => `seg${index}.m4s`);
  const whole = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:1', '#EXT-X-MAP:URI="init.mp4"'];
  const text = [...whole, ...uris.flatMap((uri) => ['#EXTINF:1.0,', uri]), '#EXT-X-ENDLIST', ''].join('\n');
  const served = new Map([...files, ['/live/vod.m3u8', Buffer.from(text)]]);
  return ScriptedOrigin.start(
    liveScript(served, () => ({ header: [], uris })),
    { secure },
  );
}

function streamOf({ port }: ScriptedOrigin): string {
  return `https://localhost:${port}/live/vod.m3u8`;
}

/** The path, once the file is there. */
async function written(path: string, text: string): Promise<string> {
  await writeFile(path, text);
  return path;
}
