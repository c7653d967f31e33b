// The built commands with the FFmpeg that is installed: it must take every option of them and play, HLS and MPEG-TS alike.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { runProgram } from '../../src/process.ts';
import { clientArguments } from '../../src/swarm/arguments.ts';
import { type Capabilities, probeCapabilities } from '../../src/swarm/capabilities.ts';
import { resolveMapping } from '../../src/swarm/probe.ts';
import { Swarm } from '../../src/swarm/swarm.ts';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { until } from '../support/processes.ts';
import { requirement } from '../support/require.ts';
import { type StaticServer, serveFiles } from '../support/static-server.ts';
import { command, recorder } from '../support/swarm.ts';

const MASTER =
  '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=300000\nvod.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=900000\nother.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=100000\nlow.m3u8\n';
const skip = requirement('ffmpeg');

describe('the installed FFmpeg', { skip }, () => {
  let server: StaticServer;
  let capabilities: Capabilities;

  before(async () => {
    const probed = await probeCapabilities('ffmpeg');
    assert.ok(probed.ok);
    capabilities = probed.capabilities;
    server = await serveFiles(await mediaFiles());
  });

  after(() => server.close());

  for (const [kind, path, isHls] of [
    ['HLS', '/vod.m3u8', true],
    ['MPEG-TS', '/seg0.ts', false],
  ] as const) {
    test(`${kind} over http plays to its end with every option that we may give`, async () => {
      const { args } = clientArguments(
        {
          ...command,
          url: server.base + path,
          isHls,
          segmentRetries: 3,
          noCache: true,
          headers: ['X-A: b'],
          map: ['0:v:0?', '0:a:0?'],
        },
        capabilities,
      );
      // The run has no descriptor 3; all that matters here is that the options are accepted.
      const output = await runProgram('sh', ['-c', 'exec "$0" "$@" 3>/dev/null', 'ffmpeg', ...args], {
        timeoutMs: 10_000,
        maxBytes: 2_000_000,
      });
      assert.equal(output.code, 0, output.stderr.slice(-2_000));
      assert.match(output.stderr, new RegExp(`request: GET ${path.replace('.', '\\.')} HTTP/1\\.1`));
      assert.equal(server.requests.at(-1)?.userAgent, 'hls-swarm/1.0/client-1');
    });
  }

  test('the reconnect options change nothing about a healthy stream: the same requests, the same end', async () => {
    const requestsWith = async (reconnect: boolean): Promise<readonly string[]> => {
      const before = server.requests.length;
      const { args } = clientArguments(
        { ...command, url: `${server.base}/vod.m3u8`, reconnect, stats: false },
        capabilities,
      );
      const output = await runProgram('ffmpeg', args, { timeoutMs: 10_000, maxBytes: 2_000_000 });
      assert.equal(output.code, 0, output.stderr.slice(-2_000));
      return server.requests.slice(before).map(({ line }) => line);
    };
    assert.deepEqual(await requestsWith(true), await requestsWith(false));
  });

  test('highest and lowest map the program of that bandwidth, asked once by a request that says who it is', async () => {
    const options = {
      url: `${server.base}/master.m3u8`,
      failurePolicy: 'fail',
      ffmpegPath: 'ffmpeg',
      userAgent: 'hls-swarm-probe/1.0.0',
      headers: [],
      timeoutMs: 5_000,
    } as const;
    assert.deepEqual(await resolveMapping({ ...options, variant: 'highest' }), {
      ok: true,
      map: ['0:p:1'],
      bandwidthBitsPerSecond: 900_000,
    });
    assert.deepEqual(await resolveMapping({ ...options, variant: 'lowest' }), {
      ok: true,
      map: ['0:p:2'],
      bandwidthBitsPerSecond: 100_000,
    });
    assert.equal(server.requests.at(-1)?.userAgent, 'hls-swarm-probe/1.0.0');
    const gone = { ...options, url: `${server.base}/gone.m3u8`, variant: 'highest' } as const;
    const failed = await resolveMapping(gone);
    assert.ok(!failed.ok && /^--variant highest: ffprobe failed: .*404/.test(failed.reason), JSON.stringify(failed));
    const fallback = await resolveMapping({ ...gone, failurePolicy: 'fallback' });
    assert.ok(fallback.ok && fallback.map.length === 2 && /; using first$/.test(fallback.note ?? ''));
  });

  test('three clients of a VOD play it in real time, are parsed, and end with success', async () => {
    const seen = recorder();
    const { client: _client, doorUrl: _doorUrl, ...shared } = command;
    const swarm = new Swarm(seen, {
      ...shared,
      url: `${server.base}/vod.m3u8`,
      isPaced: true,
      isLive: false,
      clients: 3,
      rampRatePerSecond: 20,
      rampJitterMs: 20,
      seed: 1,
      capabilities,
      statsBuffer: 1_000,
      maxRestarts: 1,
      restartOnStall: true,
      targetDurationMs: 6_000,
      verbose: false,
    });
    swarm.start();
    await until(() => swarm.active === 3, 'three clients');
    await swarm.finished;
    const exits = seen.clientEvents().filter(({ event }) => event === 'exit');
    assert.deepEqual(
      exits.map(({ category }) => category),
      ['success', 'success', 'success'],
      JSON.stringify(exits),
    );
    assert.ok(
      exits.every(({ uptimeMs }) => (uptimeMs ?? 0) > 1_500),
      'paced',
    );
    for (const client of [1, 2, 3]) {
      const requested = seen.events.filter(
        (event) => event.type === 'parsed' && event.client === client && event.rule === 'request',
      );
      assert.equal(requested.length, 3, 'one playlist, two segments');
      assert.ok(seen.events.some((event) => event.type === 'progress' && event.client === client && event.isEnd));
    }
    const lines = swarm.lines();
    assert.deepEqual([lines.unparsedLines, lines.droppedStderrLines, lines.overlongLines], [0, 0, 0]);
  });
});

/** Two segments of a second each, listed as they are and as three variants. */
async function mediaFiles(): Promise<ReadonlyMap<string, Buffer>> {
  const { files } = await vodMedia({ segments: 2, segmentSeconds: 1 });
  const list = files.get('/vod.m3u8') ?? Buffer.alloc(0);
  return new Map([...files, ['/other.m3u8', list], ['/low.m3u8', list], ['/master.m3u8', Buffer.from(MASTER)]]);
}
