// The scripted origin of the tests, itself tested: what it plays is what node:http reads, what it records is what was sent.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import {
  chunked,
  earlyHints,
  files,
  http10,
  knownOctets,
  live,
  untilClose,
  vodFiles,
  withLength,
} from '../support/scripted-answers.ts';
import { fin, finWhenIdle, reset, ScriptedOrigin, send, throttle, until, wait } from '../support/scripted-origin.ts';
import { RawClient, requestText } from './raw-client.ts';

test('every framing is read by node as the same content', async () => {
  const content = knownOctets(7, 5_000);
  const answers = {
    '/length': withLength(content),
    '/chunked': chunked([content.subarray(0, 1), content.subarray(1)], {
      extension: ';a=b',
      trailers: { Digest: 'x' },
    }),
    '/close': untilClose(content),
    '/http10': http10(content),
    '/hints': earlyHints(withLength(content)),
    '/slow': [send('HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n'), throttle(content, 200_000)],
  };
  await using origin = await ScriptedOrigin.start(({ target }) => answers[target as keyof typeof answers]);
  for (const path of Object.keys(answers)) {
    const response = await fetch(origin.url(path));
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), content, path);
  }
  assert.deepEqual(
    origin.requests.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6],
  );
});

test('every octet of every connection is recorded, pipelined requests are told apart and answered in order', async () => {
  const gate = Promise.withResolvers<void>();
  await using origin = await ScriptedOrigin.start(({ index }) => [
    ...(index === 1 ? [until(gate.promise)] : []),
    ...withLength(`answer ${index}`),
  ]);
  const client = await RawClient.connect(origin.port);
  const sent = `${requestText('/a')}${requestText('/b', { 'Content-Length': '3' }, 'POST')}xyz${requestText('/c')}`;
  client.socket.write(sent);
  await origin.waitFor(({ requests }) => requests.length === 3);
  assert.equal(client.receivedBytes, 0, 'the second answer waits for the first');
  gate.resolve();
  for (const index of [1, 2, 3]) assert.equal((await client.read()).body.toString(), `answer ${index}`);
  const [connection] = origin.connections;
  assert.equal(connection?.received, sent);
  assert.equal(connection?.remotePort, client.localPort);
  assert.equal(connection?.sentBytes, client.receivedBytes);
  assert.deepEqual(
    connection?.requests.map(({ index, method, target, body }) => [index, method, target, body.toString()]),
    [
      [1, 'GET', '/a', ''],
      [2, 'POST', '/b', 'xyz'],
      [3, 'GET', '/c', ''],
    ],
  );
  client.close();
});

test('who closed, and how, is recorded', async () => {
  await using origin = await ScriptedOrigin.start(({ target }) => {
    if (target === '/fin') return [...withLength('x'), fin];
    if (target === '/reset') return [...withLength('x'), wait(1), reset];
    return target === '/idle' ? [...withLength('x'), finWhenIdle(20)] : withLength('x');
  });
  const closed = async (path: string, close: (client: RawClient) => unknown): Promise<string | undefined> => {
    const client = await RawClient.connect(origin.port);
    await client.ask(path);
    close(client);
    const connection = origin.connections.at(-1);
    await origin.waitFor(() => connection?.closedAtMs !== undefined);
    client.close();
    return connection?.closedBy;
  };
  assert.equal(await closed('/fin', (client) => client.socket.end()), 'origin-fin');
  assert.equal(await closed('/reset', () => {}), 'origin-reset');
  assert.equal(await closed('/idle', (client) => client.closed().then(() => client.close())), 'origin-fin');
  assert.equal(await closed('/keep', (client) => client.socket.end()), 'client-fin');
  assert.equal(await closed('/keep', (client) => client.socket.resetAndDestroy()), 'client-reset');
});

test('a connection that is refused on accept never carries a request', async () => {
  await using origin = await ScriptedOrigin.start(() => [], { onConnection: () => [reset] });
  const socket = connect(origin.port, '127.0.0.1').on('error', () => {});
  await origin.waitFor(({ connections }) => connections[0]?.closedAtMs !== undefined);
  assert.deepEqual([origin.connections[0]?.closedBy, origin.requests], ['origin-reset', []]);
  socket.destroy();
});

test('a VOD is a list and its segments, answered 206 to the range that FFmpeg sends', async () => {
  const segments = [knownOctets(1, 1_000), knownOctets(2, 2_000)];
  await using origin = await ScriptedOrigin.start(files(vodFiles({ segments, seconds: 2 })));
  const list = await (await fetch(origin.url('/vod.m3u8'))).text();
  assert.match(list, /#EXT-X-TARGETDURATION:2\n[\s\S]*seg0\.ts\n#EXTINF:2\.000000,\nseg1\.ts\n#EXT-X-ENDLIST\n$/);
  const response = await fetch(origin.url('/seg1.ts'), { headers: { range: 'bytes=0-' } });
  assert.equal(response.status, 206);
  assert.deepEqual(Buffer.from(await response.arrayBuffer()), segments[1]);
});

test('a live list moves by its reloads and ends when asked to', async () => {
  const segments = Array.from({ length: 5 }, (_, index) => knownOctets(index, 100));
  const script = live({ segments, seconds: 1, window: 3, advance: ({ reloads }) => reloads, isEnded: true });
  await using origin = await ScriptedOrigin.start(script);
  const seen: string[] = [];
  for (let reload = 0; reload < 4; reload += 1) {
    const text = await (await fetch(origin.url('/live.m3u8'))).text();
    const [, first] = /MEDIA-SEQUENCE:(\d+)/.exec(text) ?? [];
    seen.push(`${first}: ${text.match(/seg\d/g)?.join(' ')}${text.includes('ENDLIST') ? ' end' : ''}`);
  }
  assert.deepEqual(seen, ['0: seg0 seg1 seg2', '1: seg1 seg2 seg3', '2: seg2 seg3 seg4 end', '2: seg2 seg3 seg4 end']);
});
