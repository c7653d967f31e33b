// The tap against an independent counter on `http-proxy`: the same play of FFmpeg and the same requests of curl through each give
// the same requests, statuses and content, transfer by transfer. What curl itself says of a body is a third account.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { runProgram, withoutProxyVariables } from '../../src/process.ts';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { type CountedTransfer, type HttpProxyCounter, startHttpProxyCounter } from '../support/http-proxy-counter.ts';
import { until } from '../support/processes.ts';
import { requirement } from '../support/require.ts';
import { chunked, files, knownOctets, live, responseHead, vodFiles, withLength } from '../support/scripted-answers.ts';
import { fieldOf, type Script, ScriptedOrigin, send } from '../support/scripted-origin.ts';
import { TapBench } from '../support/tap.ts';

const LIMITS = { timeoutMs: 20_000, maxBytes: 1_000_000 };
const SEGMENTS = 5;
const SECONDS = 1;

/** What both counters tell of a transfer. */
type Told = Pick<CountedTransfer, 'method' | 'url' | 'status' | 'contentBytes' | 'isComplete'>;

interface Asked {
  readonly name: string;
  readonly options: readonly string[];
  readonly path: string;
  readonly status: number;
  readonly contentBytes: number;
}

const MEGABYTE = 1_000_000;
const TEXT = Buffer.from('#EXTM3U\n'.repeat(500));
const ZIPPED = gzipSync(TEXT);
const PARTS = [knownOctets(2, 1), knownOctets(3, 70_000), knownOctets(4, 5_000)];

/** One of each framing and each way to have no content. */
const REQUESTS: readonly Asked[] = [
  { name: 'GET', options: [], path: '/text', status: 200, contentBytes: TEXT.length },
  { name: 'HEAD', options: ['--head'], path: '/text', status: 200, contentBytes: 0 },
  { name: 'a range', options: ['--range', '100-299'], path: '/text', status: 206, contentBytes: 200 },
  { name: 'a 304', options: ['--header', 'If-None-Match: "tag"'], path: '/text', status: 304, contentBytes: 0 },
  { name: 'chunks', options: [], path: '/chunked', status: 200, contentBytes: 75_001 },
  { name: 'a 404', options: [], path: '/missing', status: 404, contentBytes: 10 },
  { name: 'gzip', options: ['--compressed'], path: '/gzip', status: 200, contentBytes: ZIPPED.length },
  { name: '1 MB', options: [], path: '/large', status: 200, contentBytes: MEGABYTE },
];

describe('the tap and an independent counter agree', { concurrency: true }, () => {
  test('on what curl asks for, one by one', { skip: requirement('curl') }, async () => {
    await using origin = await ScriptedOrigin.start(curlScript());
    const [tapped, counted] = await throughBoth(async (proxy) => {
      for (const asked of REQUESTS) {
        const said = await curl(['-o', '/dev/null', ...asked.options, origin.url(asked.path)], proxy);
        assert.equal(said, `${asked.status} ${asked.contentBytes}`, `what curl says of ${asked.name}`);
      }
    });
    assert.deepEqual(tapped, counted);
    assert.deepEqual(
      tapped.map(({ status, contentBytes }) => [status, contentBytes]),
      REQUESTS.map(({ status, contentBytes }) => [status, contentBytes]),
    );
  });

  test('on what curl asks for on one connection', { skip: requirement('curl') }, async () => {
    await using origin = await ScriptedOrigin.start(curlScript());
    const urls = ['/text', '/chunked', '/missing', '/large', '/gzip'].map((path) => origin.url(path));
    const [tapped, counted] = await throughBoth(async (proxy) => {
      const said = await curl(
        urls.flatMap((url) => ['-o', '/dev/null', url]),
        proxy,
      );
      assert.equal(said.split('\n').length, urls.length);
    });
    assert.deepEqual(tapped, counted);
    assert.equal(tapped.length, urls.length);
  });

  test('on a VOD that FFmpeg plays', { skip: requirement('ffmpeg') }, async () => {
    const { segments } = await vodMedia({ segments: SEGMENTS, segmentSeconds: SECONDS });
    await using origin = await ScriptedOrigin.start(files(vodFiles({ segments, seconds: SECONDS })));
    const [tapped, counted] = await throughBoth((proxy) => play(origin.url('/vod.m3u8'), proxy));
    assert.deepEqual(tapped, counted);
    assert.equal(tapped.length, SEGMENTS + 1);
    assert.equal(contentOf(tapped, /\.ts$/), contentOf(counted, /\.ts$/));
    assert.equal(
      contentOf(tapped, /\.ts$/),
      segments.reduce((sum, { length }) => sum + length, 0),
    );
  });

  test('on a short live stream that FFmpeg plays', { skip: requirement('ffmpeg') }, async () => {
    const { segments } = await vodMedia({ segments: SEGMENTS, segmentSeconds: SECONDS });
    const stream = (): Script =>
      live({ segments, seconds: SECONDS, window: 3, advance: ({ reloads }) => reloads, isEnded: true });
    let script = stream();
    await using origin = await ScriptedOrigin.start((request) => script(request));
    const [tapped, counted] = await throughBoth(async (proxy) => {
      script = stream();
      await play(origin.url('/live.m3u8'), proxy);
    });
    assert.deepEqual(tapped, counted);
    assert.ok(tapped.filter(({ url }) => url.endsWith('.m3u8')).length > 1, 'the list was reloaded');
  });
});

/** The same traffic through each, one after the other; what each tells, in the order of the requests. */
async function throughBoth(
  traffic: (proxy: string) => Promise<void>,
): Promise<readonly [tapped: readonly Told[], counted: readonly Told[]]> {
  await using counter = await startHttpProxyCounter();
  const bench = await TapBench.open();
  try {
    await traffic(bench.tap.doorUrl(1));
    await traffic(counter.url);
    const { transfers } = await bench.account();
    const tapped = transfers
      .toSorted((left, right) => left.startedAtMs - right.startedAtMs)
      .map(({ method, url, status, contentBytes, termination, integrity }) => ({
        ...{ method, url, contentBytes, isComplete: termination === '--' && integrity === 'complete' },
        ...(status === undefined ? {} : { status }),
      }));
    await settled(counter);
    return [tapped, counter.transfers];
  } finally {
    await bench.close();
  }
}

function settled({ transfers }: HttpProxyCounter): Promise<void> {
  return until(() => transfers.every(({ isComplete }) => isComplete), 'the counter has seen every end');
}

async function curl(args: readonly string[], proxy: string): Promise<string> {
  const run = await runProgram('curl', ['-sS', '-x', proxy, '-w', '%{http_code} %{size_download}\n', ...args], {
    ...LIMITS,
    env: withoutProxyVariables(process.env),
  });
  assert.equal(run.code, 0, run.stderr);
  return run.stdout.trim();
}

async function play(url: string, proxy: string): Promise<void> {
  const run = await runProgram(
    'ffmpeg',
    [
      ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error', '-http_proxy', proxy],
      ...['-i', url, '-map', '0', '-c', 'copy', '-f', 'null', '-'],
    ],
    { ...LIMITS, env: withoutProxyVariables(process.env) },
  );
  assert.equal(run.code, 0, run.stderr);
}

function curlScript(): Script {
  return ({ target, method, head }) => {
    if (target === '/chunked') return chunked(PARTS);
    if (target === '/gzip') return withLength(ZIPPED, { fields: { 'Content-Encoding': 'gzip' } });
    if (target === '/large') return withLength(knownOctets(1, MEGABYTE));
    if (target !== '/text') return withLength('not found\n', { status: 404, reason: 'Not Found' });
    if (fieldOf(head, 'if-none-match') !== undefined)
      return [send(responseHead({ status: 304, reason: 'Not Modified', fields: { ETag: '"tag"' } }))];
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(fieldOf(head, 'range') ?? '') ?? [];
    if (first !== undefined && last !== undefined)
      return withLength(TEXT.subarray(Number(first), Number(last) + 1), {
        ...{ status: 206, reason: 'Partial Content' },
        fields: { 'Content-Range': `bytes ${first}-${last}/${TEXT.length}` },
      });
    if (method === 'HEAD') return [send(responseHead({ fields: { 'Content-Length': String(TEXT.length) } }))];
    return withLength(TEXT);
  };
}

function contentOf(transfers: readonly Told[], url: RegExp): number {
  return transfers.reduce((sum, one) => sum + (url.test(one.url) ? one.contentBytes : 0), 0);
}
