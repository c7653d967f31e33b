// Options of the clients as an origin meets them: what it is asked, with the tap and without it, where connections go with
// --resolve, which segments and variants are played. Each run is a real swarm against an origin that keeps every octet.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { readJournal, readSummary } from '../support/journal.ts';
import { assertMeasured, type Ended, hlsSwarm, type Sandbox, sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { files, live, responseHead } from '../support/scripted-answers.ts';
import { fieldOf, type RecordedRequest, type Script, ScriptedOrigin, send } from '../support/scripted-origin.ts';
import { TestAuthority } from '../support/tls-certificates.ts';

const skip = requirement('ffmpeg');
const CLIENTS = 2;

/** A short swarm against `url`; it must have measured. */
async function play(url: string, options: readonly string[], box: Sandbox): Promise<Ended> {
  const args = ['--clients', String(CLIENTS), '--ramp-rate', '50', '--pace', 'max', '--metrics', '127.0.0.1:0'];
  const outputs = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson')];
  const run = [url, ...args, '--no-tui', '--ffmpeg', box.ffmpeg, ...outputs, ...options];
  const ended = await hlsSwarm(run, box.env);
  assertMeasured(ended, await readSummary(box.file('r.json')));
  return ended;
}

/** What the clients asked for: our own requests say what they are. */
const ofClients = ({ requests }: ScriptedOrigin): readonly RecordedRequest[] =>
  requests.filter(({ head }) => fieldOf(head, 'user-agent')?.startsWith('hls-swarm-') !== true);

const ways = [
  ['through the tap', []],
  ['directly', ['--no-proxy']],
] as const;

describe('every request of every client carries what was asked for', { skip, concurrency: 2 }, () => {
  for (const [way, direct] of ways) {
    test(`${way}: --no-cache, --header, --cookie, --browser-like, --user-agent without its ending`, async () => {
      const { files: media } = await vodMedia();
      await using origin = await ScriptedOrigin.start(files(media));
      await using box = await sandbox();
      const headers = ['--header', 'X-Test: one', '--header', `X-Quoted: $HOME & "two" 'three' %`, '--no-cache'];
      const cookies = ['--cookie', 'session=a=b', '--cookie', 'theme=dark blue'];
      const agent = ['--user-agent', 'Player (X11; "quoted")/1.0', '--no-user-agent-suffix', '--browser-like'];
      await play(origin.url('/vod.m3u8'), [...headers, ...cookies, ...agent, ...direct], box);
      const asked = ofClients(origin);
      assert.equal(asked.length, CLIENTS * media.size);
      for (const { head } of asked) {
        assert.equal(fieldOf(head, 'user-agent'), 'Player (X11; "quoted")/1.0');
        assert.equal(fieldOf(head, 'x-test'), 'one');
        assert.equal(fieldOf(head, 'x-quoted'), `$HOME & "two" 'three' %`);
        assert.equal(fieldOf(head, 'cache-control'), 'no-cache, no-store, must-revalidate');
        assert.equal(fieldOf(head, 'pragma'), 'no-cache');
        assert.equal(fieldOf(head, 'cookie'), 'session=a=b; theme=dark blue');
        assert.equal(fieldOf(head, 'range'), undefined);
        assert.equal(fieldOf(head, 'icy-metadata'), undefined);
      }
      const [look] = origin.requests;
      assert.equal(fieldOf(look?.head ?? '', 'cookie'), 'session=a=b; theme=dark blue');
      assert.equal(fieldOf(look?.head ?? '', 'x-test'), 'one');
    });

    test(`${way}: without options each client names itself and asks as FFmpeg does`, async () => {
      const { files: media } = await vodMedia();
      await using origin = await ScriptedOrigin.start(files(media));
      await using box = await sandbox();
      await play(origin.url('/vod.m3u8'), ['--user-agent', 'player/2.0', ...direct], box);
      const asked = ofClients(origin);
      const agents = Map.groupBy(asked, ({ head }) => fieldOf(head, 'user-agent'));
      assert.deepEqual([...agents.keys()].sort(), ['player/2.0/client-1', 'player/2.0/client-2']);
      for (const own of agents.values()) assert.equal(own.length, media.size);
      for (const { head } of asked) {
        assert.equal(fieldOf(head, 'range'), 'bytes=0-');
        assert.equal(fieldOf(head, 'icy-metadata'), '1');
        for (const absent of ['cookie', 'cache-control', 'pragma']) assert.equal(fieldOf(head, absent), undefined);
      }
    });
  }

  test('a cookie goes to the host and port of the URL, and to no other origin that the playlist names', async () => {
    const { files: media } = await vodMedia();
    await using other = await ScriptedOrigin.start(files(media));
    await using origin = await ScriptedOrigin.start(files(elsewhere(media, other)));
    for (const [, direct] of ways) {
      await using box = await sandbox();
      await play(origin.url('/vod.m3u8'), ['--cookie', 'session=secret', ...direct], box);
    }
    assert.ok(ofClients(origin).every(({ head }) => fieldOf(head, 'cookie') === 'session=secret'));
    assert.equal(other.requests.length, ways.length * CLIENTS);
    assert.ok(other.requests.every(({ head }) => fieldOf(head, 'cookie') === undefined));
  });

  test('over https, --cookie and --browser-like are the same inside', async () => {
    const { files: media } = await vodMedia();
    const secure = await (await TestAuthority.create()).forHost('localhost');
    await using origin = await ScriptedOrigin.start(files(media), { secure, host: 'localhost' });
    await using box = await sandbox();
    await play(origin.url('/vod.m3u8'), ['--dangerous', '--cookie', 'a=b', '--browser-like'], box);
    const asked = ofClients(origin);
    assert.equal(asked.length, CLIENTS * media.size);
    for (const { head } of asked) {
      assert.equal(fieldOf(head, 'cookie'), 'a=b');
      assert.equal(fieldOf(head, 'range'), undefined);
    }
  });
});

describe('--resolve: connections go to the address, everything else stays the host', { skip, concurrency: 2 }, () => {
  const HOST = 'stream.example';
  for (const [scheme, address, tls] of [
    ['http', '127.0.0.1', 'intercept'],
    ['http', '[::1]', 'intercept'],
    ['http', 'localhost', 'intercept'],
    ['https', '127.0.0.1', 'intercept'],
    ['https', '::1', 'intercept'],
    ['https', '127.0.0.1', 'tunnel'],
  ] as const) {
    test(`${scheme} to ${address}, with --tls ${tls}`, async () => {
      const { files: media } = await vodMedia();
      const secure = await (await TestAuthority.create()).forHost(HOST);
      const host = address.replace(/^\[|\]$/g, '');
      await using origin = await ScriptedOrigin.start(files(media), { host, ...(scheme === 'http' ? {} : { secure }) });
      await using box = await sandbox();
      const base = `${scheme}://${HOST}:${origin.port}`;
      await play(`${base}/vod.m3u8`, ['--resolve', address, '--dangerous', '--tls', tls], box);
      assert.equal(ofClients(origin).length, CLIENTS * media.size);
      for (const { head, connection } of origin.requests) {
        assert.equal(fieldOf(head, 'host'), `${HOST}:${origin.port}`);
        if (scheme === 'https') assert.equal(connection.tls?.serverName, HOST);
      }
      const { transfers } = await readJournal(box.file('j.ndjson'));
      assert.equal(transfers.length, tls === 'tunnel' ? 0 : CLIENTS * media.size);
      for (const transfer of transfers) {
        assert.ok(transfer.url.startsWith(`${base}/`), transfer.url);
        assert.match(transfer.upstreamAddress ?? '', new RegExp(`:${origin.port}$`));
      }
    });
  }

  test('a redirect on the same host is taken along, one to another host is not', async () => {
    const { files: media } = await vodMedia();
    await using other = await ScriptedOrigin.start(files(media));
    const redirecting: Script = (request) => {
      const place = new URL(request.target, 'http://origin').pathname;
      if (place === '/start.m3u8') return moved('/vod.m3u8');
      if (place === '/seg1.ts') return moved(`http://${HOST}:${origin.port}/moved/seg1.ts`);
      if (place === '/seg2.ts') return moved(`http://127.0.0.1:${other.port}/seg2.ts`);
      return files(new Map([...media, ['/moved/seg1.ts', media.get('/seg1.ts') ?? Buffer.alloc(0)]]))(request);
    };
    await using origin = await ScriptedOrigin.start(redirecting);
    await using box = await sandbox();
    const url = `http://${HOST}:${origin.port}/start.m3u8`;
    await play(url, ['--resolve', '127.0.0.1', '--dangerous'], box);
    const at = (path: string, from: ScriptedOrigin): number =>
      ofClients(from).filter(({ target }) => target === path).length;
    assert.equal(at('/moved/seg1.ts', origin), CLIENTS);
    assert.deepEqual([at('/seg2.ts', other), other.requests.length], [CLIENTS, CLIENTS]);
    for (const { head } of other.requests) assert.equal(fieldOf(head, 'host'), `127.0.0.1:${other.port}`);
  });
});

describe('which media is played', { skip, concurrency: 2 }, () => {
  test('--live-start-index counts from either end of the live list', async () => {
    const media = await vodMedia();
    for (const [index, first] of [
      ['0', 'seg0.ts'],
      ['-1', 'seg3.ts'],
    ] as const) {
      const script = live({ segments: media.segments, seconds: media.segmentSeconds, window: 4, advance: () => 0 });
      await using origin = await ScriptedOrigin.start(script);
      await using box = await sandbox();
      // Long enough for a first segment on a machine that is busy.
      const options = ['--live-start-index', index, '--clients', '1', '--duration', '5s'];
      await play(origin.url('/live.m3u8'), options, box);
      const segments = ofClients(origin).filter(({ target }) => target.endsWith('.ts'));
      assert.equal(segments[0]?.target, `/${first}`, `index ${index}`);
    }
  });

  test('--variant takes an index, a size or a BANDWIDTH; what is not there is 1, with what is', async () => {
    const { files: media } = await vodMedia();
    const multivariant = [
      ...['#EXTM3U', '#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=320x180', 'low/vod.m3u8'],
      ...['#EXT-X-STREAM-INF:BANDWIDTH=900000,RESOLUTION=640x360', 'high/vod.m3u8', ''],
    ].join('\n');
    const all = new Map<string, Buffer>([['/main.m3u8', Buffer.from(multivariant)]]);
    for (const [path, octets] of media) for (const variant of ['low', 'high']) all.set(`/${variant}${path}`, octets);
    await using origin = await ScriptedOrigin.start(files(all));
    for (const [choice, wanted] of [
      ['0', 'low'],
      ['1', 'high'],
      ['640x360', 'high'],
      ['400000', 'low'],
      ['highest', 'high'],
      ['lowest', 'low'],
    ] as const) {
      await using box = await sandbox();
      const before = origin.requests.length;
      await play(origin.url('/main.m3u8'), ['--variant', choice, '--clients', '1'], box);
      const asked = origin.requests.slice(before).map(({ target }) => target);
      assert.ok(asked.includes(`/${wanted}/seg4.ts`), `${choice}: ${asked}`);
      assert.ok(!asked.includes(`/${wanted === 'low' ? 'high' : 'low'}/seg4.ts`), `${choice}: ${asked}`);
    }
    await using box = await sandbox();
    const args = ['--variant', '1920x1080', '--metrics', '127.0.0.1:0', '--no-tui', '--ffmpeg', box.ffmpeg];
    const refused = await hlsSwarm([origin.url('/main.m3u8'), ...args], box.env);
    assert.equal(refused.code, 1);
    assert.match(
      refused.stderr,
      /--variant 1920x1080: the stream has no such variant; there is 0: 320x180 400000, 1: 640x360 900000$/m,
    );
  });

  test('--loop: each client plays a stream with an end again and again, and that is no restart', async () => {
    const { files: media } = await vodMedia();
    await using origin = await ScriptedOrigin.start(files(media));
    await using box = await sandbox();
    await play(origin.url('/vod.m3u8'), ['--loop', '--duration', '4s'], box);
    const { clients, findings } = await readSummary(box.file('r.json'));
    assert.ok(clients.exits.success > CLIENTS, `${clients.exits.success} rounds`);
    assert.ok(clients.starts > CLIENTS);
    assert.equal(clients.restarts, 0);
    assert.deepEqual(findings, []);
  });
});

/** The same list with its last segment on another origin. */
function elsewhere(media: ReadonlyMap<string, Buffer>, { port }: ScriptedOrigin): ReadonlyMap<string, Buffer> {
  const list = media.get('/vod.m3u8')?.toString().replace('seg4.ts', `http://127.0.0.1:${port}/seg4.ts`) ?? '';
  return new Map([...media, ['/vod.m3u8', Buffer.from(list)]]);
}

function moved(location: string): ReturnType<Script> {
  return [send(responseHead({ status: 302, reason: 'Found', fields: { Location: location, 'Content-Length': '0' } }))];
}
