// FFmpeg direct and FFmpeg through the tap, against the same origin: the origin gets the same octets on the same connections,
// and FFmpeg's own log tells the same story. Only what must differ is made equal: the absolute-form in its request lines.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runProgram, withoutProxyVariables } from '../../src/process.ts';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { requirement } from '../support/require.ts';
import { files, live, vodFiles } from '../support/scripted-answers.ts';
import { finWhenIdle, type Script, ScriptedOrigin } from '../support/scripted-origin.ts';
import { TapBench } from '../support/tap.ts';

const LIMITS = { timeoutMs: 20_000, maxBytes: 4_000_000 };
/** Shorter than a paced segment lasts, so that every kept connection is dead when FFmpeg comes back to it. */
const IDLE_CLOSE_MS = 300;

interface Run {
  readonly exitCode: number | undefined;
  /** Per connection in the order of accepting: every octet that the origin received, and who closed. */
  readonly connections: readonly { readonly received: string; readonly closedBy: string | undefined }[];
  readonly requests: number;
  readonly log: readonly string[];
}

interface Scenario {
  readonly name: string;
  readonly path: string;
  readonly options?: readonly string[];
  readonly script: (segments: readonly Buffer[]) => Script;
  /** Guards against a scenario that does not show what it is for. */
  readonly check: (run: Run) => void;
}

const SECONDS = 1;
const LIVE_SEGMENTS = 5;
/** Paced playback takes a second for each. */
const PACED_SEGMENTS = 3;

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a VOD list',
    path: '/vod.m3u8',
    script: (segments) => files(vod(segments)),
    check: ({ requests, log }) => {
      assert.equal(requests, LIVE_SEGMENTS + 1);
      assert.equal(getLines(log), requests);
    },
  },
  {
    name: 'a live list that moves with every reload and ends',
    path: '/live.m3u8',
    script: (segments) =>
      live({ segments, seconds: SECONDS, window: 3, advance: ({ reloads }) => reloads, isEnded: true }),
    check: ({ requests, log }) => {
      assert.equal(requests, LIVE_SEGMENTS + 3);
      assert.equal(getLines(log), requests);
    },
  },
  {
    name: 'an origin that closes idle connections: dead connections stay dead',
    path: '/vod.m3u8',
    options: ['-re'],
    script: (segments) => {
      const serve = files(vod(segments.slice(0, PACED_SEGMENTS)));
      return (request) => [...(serve(request) ?? []), finWhenIdle(IDLE_CLOSE_MS)];
    },
    check: ({ requests, log, connections }) => {
      // Lines for requests that no origin ever saw: FFmpeg wrote them on connections that were closed meanwhile.
      assert.ok(getLines(log) > requests, `${getLines(log)} request lines, ${requests} requests`);
      assert.ok(connections.length > PACED_SEGMENTS, `${connections.length} connections`);
    },
  },
];

describe('FFmpeg direct and tapped', { skip: requirement('ffmpeg'), concurrency: true }, () => {
  for (const { name, path, options = [], script, check } of SCENARIOS)
    test(name, async () => {
      const { segments } = await vodMedia({ segments: LIVE_SEGMENTS, segmentSeconds: SECONDS });
      let answer = script(segments);
      await using origin = await ScriptedOrigin.start((request) => answer(request));
      const bench = await TapBench.open();
      try {
        const direct = await play(origin, path, options);
        answer = script(segments);
        const tapped = await play(origin, path, [...options, '-http_proxy', bench.tap.doorUrl(1)]);
        check(direct);
        assert.deepEqual(tapped, direct);
        const { transfers } = await bench.account();
        const ended = transfers.filter(({ termination }) => termination === '--');
        assert.equal(ended.length, tapped.requests);
      } finally {
        await bench.close();
      }
    });
});

function vod(segments: readonly Buffer[]): ReadonlyMap<string, string | Buffer> {
  return vodFiles({ segments, seconds: SECONDS });
}

async function play(origin: ScriptedOrigin, path: string, options: readonly string[]): Promise<Run> {
  const before = origin.connections.length;
  const run = await runProgram(
    'ffmpeg',
    [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'repeat+level+debug', '-user_agent', 'player/1'],
      ...[...options, '-i', origin.url(path), '-map', '0', '-c', 'copy', '-f', 'null', '-'],
    ],
    { ...LIMITS, env: withoutProxyVariables(process.env) },
  );
  await origin.waitFor(({ connections }) => connections.every(({ closedAtMs }) => closedAtMs !== undefined));
  const connections = origin.connections.slice(before);
  return {
    exitCode: run.code,
    connections: connections.map(({ received, closedBy }) => ({ received, closedBy })),
    requests: connections.reduce((sum, { requests }) => sum + requests.length, 0),
    log: story(run.stderr, new URL(origin.url('')).origin),
  };
}

const TOLD =
  /request: |Opening '|HLS request|keepalive|HTTP error|ends prematurely|Failed to|Unable|Statistics|Media sequence|\[error\]|\[warning\]/;

/** The lines about requests and their fate, without pointers and in origin-form. */
function story(stderr: string, origin: string): readonly string[] {
  return stderr
    .split(/\r?\n|\r/)
    .filter((line) => TOLD.test(line))
    .map((line) => line.replace(/ @ 0x[0-9a-f]+/g, '').replace(`request: GET ${origin}/`, 'request: GET /'));
}

function getLines(log: readonly string[]): number {
  return log.filter((line) => line.includes('request: GET ')).length;
}
