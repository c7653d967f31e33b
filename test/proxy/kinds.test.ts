// Kinds through a door: what its playlists listed decides, a redirect hands it on, and each list is told of once.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import type { Event, Kind } from '../../src/events.ts';
import { until } from '../support/processes.ts';
import { knownOctets, responseHead, withLength } from '../support/scripted-answers.ts';
import { type Action, ScriptedOrigin, send } from '../support/scripted-origin.ts';
import { type Account, octetsOf, onBothThreads, request, type TapBench, type TapCase } from '../support/tap.ts';

const PLAYLIST_TYPE = { 'Content-Type': 'application/vnd.apple.mpegurl' };
const OCTETS = { 'Content-Type': 'application/octet-stream' };

type Resource = readonly Action[];
const playlist = (lines: readonly string[]): Resource =>
  withLength(['#EXTM3U', ...lines, ''].join('\n'), { fields: PLAYLIST_TYPE });
const blob = (bytes: number): Resource => withLength(knownOctets(bytes, bytes), { fields: OCTETS });
const redirectTo = (location: string): Resource =>
  withLength('', { status: 302, reason: 'Found', fields: { Location: location } });

const MEDIA = playlist([
  '#EXT-X-TARGETDURATION:2',
  '#EXT-X-MEDIA-SEQUENCE:7',
  '#EXT-X-KEY:METHOD=AES-128,URI="secret.bin"',
  '#EXT-X-MAP:URI="first.bin"',
  '#EXTINF:2.0,',
  'seven.bin',
  '#EXTINF:1.5,',
  'eight.bin?token=1',
  '#EXT-X-PART:DURATION=0.5,URI="nine.0.bin"',
]);
const MULTIVARIANT = playlist([
  '#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=320x180',
  'low/list',
  '#EXT-X-STREAM-INF:BANDWIDTH=900000',
  'high/list',
]);

/** Asks for the paths one after the other on one connection and hands back what the tap made of it. */
async function play(
  bench: TapBench,
  door: number,
  resources: ReadonlyMap<string, Resource>,
  paths: readonly string[],
): Promise<Account & { readonly kinds: readonly Kind[]; readonly base: string }> {
  await using origin = await ScriptedOrigin.start(({ target }) => resources.get(target));
  const client = await bench.client(door);
  let expectedBytes = 0;
  for (const path of paths) {
    const [target = '', range] = path.split(' ');
    await client.send(request(origin, target, { fields: range === undefined ? [] : [`Range: bytes=${range}`] }).sent);
    expectedBytes += octetsOf(resources.get(target) ?? []).length;
    const bytes = expectedBytes;
    await client.until(({ receivedBytes }) => receivedBytes === bytes, path);
  }
  const account = await bench.account();
  return { ...account, kinds: account.transfers.map(({ kind }) => kind), base: origin.url('') };
}

/** Without the instants. */
function told(events: readonly Event[]): readonly object[] {
  return events.map((event) => {
    const readMs = 'readMs' in event ? event.readMs : 0;
    assert.ok(readMs !== undefined && readMs >= 0);
    return Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'atMs' && name !== 'readMs'));
  });
}

const cases: readonly TapCase[] = [
  ['a playlist decides what its resources are, whatever they are called, from the next request on', listed],
  ['a playlist is told of once, its segments once each, and again only when it changed', toldOnce],
  ['the door knows which process was given the end of a list, told of or not', endOfEach],
  ['a multivariant playlist lists media playlists and is told of once', multivariant],
  ['what one door’s playlists list, another door does not know', otherDoor],
  ['a listed byte range of a URL has its own kind', ranges],
  ['a redirect hands on what the playlist listed', redirected],
  ['a redirect of something unknown leaves its target to its own content', unknownRedirect],
  ['a gzip playlist is read, and passes as it came', compressed],
  ['a playlist of more than 256 KiB is one by its content, and lists nothing', tooLarge],
  ['an endless MPEG-TS body is a stream', stream],
];

async function listed(bench: TapBench): Promise<void> {
  const resources = new Map([
    ['/live/list', MEDIA],
    ...['secret', 'first', 'seven', 'nine.0', 'unknown'].map((name) => [`/live/${name}.bin`, blob(600)] as const),
    ['/live/eight.bin?token=1', blob(700)],
  ]);
  const paths = ['unknown', 'seven'].map((name) => `/live/${name}.bin`);
  const names = ['secret', 'first', 'seven', 'nine.0'].map((name) => `/live/${name}.bin`);
  const all = [...paths, '/live/list', ...names, '/live/eight.bin?token=1', '/live/unknown.bin'];
  const { kinds } = await play(bench, 1, resources, all);
  assert.deepEqual(kinds, [
    ...['other', 'other', 'media-playlist'],
    ...['key', 'init', 'segment', 'part', 'segment', 'other'],
  ]);
}

async function toldOnce(bench: TapBench): Promise<void> {
  const lines = ['#EXT-X-TARGETDURATION:2', '#EXT-X-MEDIA-SEQUENCE:1', '#EXTINF:2,', 'a.ts', '#EXTINF:1.5,', 'b.ts'];
  const changed = playlist([...lines, '#EXTINF:2,', 'c.ts', '#EXT-X-ENDLIST']);
  const answers = [playlist(lines), playlist(lines), changed];
  await using origin = await ScriptedOrigin.start(({ index }) => answers[index - 1]);
  bench.tap.setProcess(2, 3);
  const client = await bench.client(2);
  for (const count of [1, 2, 3]) {
    await client.send(request(origin, '/m.m3u8').sent);
    await client.until(
      ({ receivedBytes }) => receivedBytes === octetsOf(answers.slice(0, count).flat()).length,
      `list ${count}`,
    );
  }
  const { others } = await bench.account();
  const url = origin.url('/m.m3u8');
  const base = { type: 'playlist', client: 2, process: 3, url, mediaSequence: 1, targetDurationSeconds: 2 };
  const segment = (name: string, mediaSequence: number, durationSeconds: number): object => ({
    ...{ type: 'segment-listed', url: origin.url(`/${name}.ts`), playlistUrl: url, mediaSequence, durationSeconds },
  });
  assert.deepEqual(told(others), [
    { ...base, segmentCount: 2, listedSeconds: 3.5, lastSegmentUrl: origin.url('/b.ts'), endlist: false },
    segment('a', 1, 2),
    segment('b', 2, 1.5),
    { ...base, segmentCount: 3, listedSeconds: 5.5, lastSegmentUrl: origin.url('/c.ts'), endlist: true },
    segment('c', 3, 2),
  ]);
}

async function endOfEach(bench: TapBench): Promise<void> {
  const lines = ['#EXT-X-TARGETDURATION:2', '#EXTINF:2,', 'a.ts'];
  const [live, ended] = [playlist(lines), playlist([...lines, '#EXT-X-ENDLIST'])];
  const answers = [live, ended, live, ended];
  await using origin = await ScriptedOrigin.start(({ index }) => answers[index - 1]);
  const client = await bench.client(2);
  const seen: (number | undefined)[] = [];
  for (const [at, process] of [7, 7, 8, 9].entries()) {
    bench.tap.setProcess(2, process);
    await client.send(request(origin, '/m.m3u8').sent);
    const due = octetsOf(answers.slice(0, at + 1).flat()).length;
    await client.until(({ receivedBytes }) => receivedBytes === due, `list ${at + 1}`);
    await until(
      () => (at % 2 === 0 ? true : bench.tap.door(2)?.get('endedProcess') === process),
      'the end to be noted',
    );
    seen.push(bench.tap.door(2)?.get('endedProcess'));
  }
  assert.deepEqual(seen.slice(1), [7, 7, 9]);
}

async function multivariant(bench: TapBench): Promise<void> {
  const resources = new Map([
    ['/main', MULTIVARIANT],
    ['/low/list', withLength('gone', { status: 404, reason: 'Not Found' })],
  ]);
  const { kinds, others, base } = await play(bench, 3, resources, ['/main', '/main', '/low/list']);
  assert.deepEqual(kinds, ['multivariant-playlist', 'multivariant-playlist', 'media-playlist']);
  assert.deepEqual(told(others), [
    {
      ...{ type: 'variants', client: 3, process: 0, url: `${base}/main` },
      variants: [
        { url: `${base}/low/list`, bandwidthBitsPerSecond: 300_000, resolution: '320x180' },
        { url: `${base}/high/list`, bandwidthBitsPerSecond: 900_000 },
      ],
    },
  ]);
}

async function otherDoor(bench: TapBench): Promise<void> {
  await using origin = await ScriptedOrigin.start(({ target }) => (target === '/list' ? MEDIA : blob(600)));
  for (const [door, path, bytes] of [
    [4, '/list', octetsOf(MEDIA).length],
    [5, '/seven.bin', octetsOf(blob(600)).length],
    [4, '/seven.bin', octetsOf(blob(600)).length],
  ] as const) {
    const client = await bench.client(door);
    await client.send(request(origin, path).sent);
    await client.until(({ receivedBytes }) => receivedBytes === bytes, path);
  }
  const { transfers } = await bench.account();
  assert.deepEqual(
    transfers.map(({ client, kind }) => [client, kind]),
    [
      [4, 'media-playlist'],
      [5, 'other'],
      [4, 'segment'],
    ],
  );
}

async function ranges(bench: TapBench): Promise<void> {
  const list = playlist([
    '#EXT-X-TARGETDURATION:2',
    '#EXT-X-MAP:URI="all.bin",BYTERANGE="100@0"',
    '#EXTINF:2,',
    '#EXT-X-BYTERANGE:500@100',
    'all.bin',
  ]);
  const resources = new Map([
    ['/list', list],
    ['/all.bin', blob(600)],
  ]);
  const { kinds, transfers } = await play(bench, 6, resources, ['/list', '/all.bin 0-99', '/all.bin 100-599']);
  assert.deepEqual(kinds, ['media-playlist', 'init', 'segment']);
  assert.deepEqual(
    transfers.map(({ range }) => range),
    [undefined, [0, 99], [100, 599]],
  );
}

async function redirected(bench: TapBench): Promise<void> {
  const resources = new Map([
    ['/list', MEDIA],
    ['/seven.bin', redirectTo('/elsewhere/x')],
    ['/secret.bin', redirectTo('/elsewhere/y')],
    ['/elsewhere/x', redirectTo('/elsewhere/z')],
    ['/elsewhere/y', blob(16)],
    ['/elsewhere/z', blob(600)],
  ]);
  const { kinds } = await play(bench, 7, resources, [
    ...['/list', '/seven.bin', '/elsewhere/x', '/elsewhere/z'],
    ...['/secret.bin', '/elsewhere/y'],
  ]);
  assert.deepEqual(kinds, ['media-playlist', 'redirect', 'redirect', 'segment', 'redirect', 'key']);
}

async function unknownRedirect(bench: TapBench): Promise<void> {
  const resources = new Map([
    ['/go', redirectTo('/there.ts')],
    ['/there.ts', withLength(knownOctets(1, 600), { fields: { 'Content-Type': 'video/mp2t' } })],
    ['/start', redirectTo('/list')],
    ['/list', MEDIA],
  ]);
  const { kinds } = await play(bench, 8, resources, ['/go', '/there.ts', '/start', '/list']);
  assert.deepEqual(kinds, ['redirect', 'segment', 'redirect', 'media-playlist']);
}

async function compressed(bench: TapBench): Promise<void> {
  const text = octetsOf(MEDIA).toString().split('\r\n\r\n')[1] ?? '';
  const resources = new Map([
    ['/list', withLength(gzipSync(text), { fields: { ...PLAYLIST_TYPE, 'Content-Encoding': 'gzip' } })],
    ['/seven.bin', blob(600)],
  ]);
  const { kinds, others } = await play(bench, 9, resources, ['/list', '/seven.bin']);
  assert.deepEqual(kinds, ['media-playlist', 'segment']);
  assert.deepEqual(
    others.filter(({ type }) => type === 'playlist').map((event) => 'segmentCount' in event && event.segmentCount),
    [2],
  );
}

async function tooLarge(bench: TapBench): Promise<void> {
  const lines = Array.from({ length: 10_000 }, (_, index) => `#EXTINF:2,\nvery-long-name-${index}.bin`);
  const resources = new Map([
    ['/list', withLength(['#EXTM3U', ...lines].join('\n'), { fields: OCTETS })],
    ['/very-long-name-1.bin', blob(600)],
  ]);
  const { kinds, others } = await play(bench, 10, resources, ['/list', '/very-long-name-1.bin']);
  assert.deepEqual(kinds, ['media-playlist', 'other']);
  assert.deepEqual(others, []);
}

async function stream(bench: TapBench): Promise<void> {
  const packet = Buffer.alloc(188, 0xff);
  packet[0] = 0x47;
  const packets = Buffer.concat(Array.from({ length: 20 }, () => packet));
  await using origin = await ScriptedOrigin.start(() => [send(responseHead({ fields: OCTETS })), send(packets)]);
  const client = await bench.client(1);
  await client.send(request(origin, '/tv').sent);
  await client.until(({ receivedBytes }) => receivedBytes > packets.length, 'packets');
  client.destroy();
  const { transfers } = await bench.account();
  assert.deepEqual([transfers[0]?.kind, transfers[0]?.termination], ['stream', 'CD']);
}

onBothThreads('kinds', cases, { doors: 10 });
