// Requests through the tap, to the octet (rules 2 to 5): keep-alive, pipelining, bodies, Expect, fields that speak to a proxy, and
// octets beyond a message. What answers look like is in octets.test.ts.
import assert from 'node:assert/strict';
import { chunked, knownOctets, withLength } from '../support/scripted-answers.ts';
import { type Action, fin, ScriptedOrigin, send } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, type TapBench, type TapCase } from '../support/tap.ts';

const BODY = 'twelve bytes';

const requests: readonly TapCase[] = [
  [
    'keep-alive: many requests share one upstream connection, in order',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(({ index }) => withLength(`answer ${index}`));
      const client = await bench.client();
      const paths = Array.from({ length: 20 }, (_, index) => `/seg${index}.ts`);
      for (const [index, path] of paths.entries()) {
        await client.send(request(origin, path).sent);
        await client.until(({ text }) => text.endsWith(`answer ${index + 1}`), `answer ${index + 1}`);
      }
      const { transfers } = await bench.account();
      assert.equal(origin.connections[0]?.received, paths.map((path) => request(origin, path).arrives).join(''));
      assert.deepEqual(
        transfers.map(({ requestIndex, upstreamRequestIndex, upstreamReused, url }) => ({
          requestIndex,
          upstreamRequestIndex,
          upstreamReused,
          path: new URL(url).pathname,
        })),
        paths.map((path, index) => ({
          requestIndex: index + 1,
          upstreamRequestIndex: index + 1,
          upstreamReused: index > 0,
          path,
        })),
      );
      assert.ok(transfers.slice(1).every(({ phases }) => phases.connectMs === undefined && phases.dnsMs === undefined));
    },
  ],
  ['three pipelined requests: answers in order, each its own record', threePipelined],
  ['a request in one write per octet arrives whole', oneOctetAtATime],
  ['a request body with a length passes and is counted', bodyWithLength],
  ['a request body in chunks passes with its framing', bodyInChunks],
  ['a 3 MB request body passes while the origin reads slowly', largeBody],
  ['Expect: 100-continue is between the client and the origin', expectContinue],
  ['an answer before the end of the request body: the transfer ends when both have', earlyAnswer],
  ['Proxy-Connection and Proxy-Authorization stay here, and are counted', proxyFields],
  ['answers in the clear that set a cookie with a Path are counted, and pass as they are', pathCookies],
  ['an empty path becomes a slash and Host stays as sent', emptyPath],
  ['octets beyond the message pass too, and are counted as excess', excessOctets],
  ['a body that answers HEAD passes, and is excess', bodyToHead],
  ['octets beyond the message that come later are excess of the connection only', lateExcess],
];

async function threePipelined(bench: TapBench): Promise<void> {
  const answers = [withLength('one'), chunked(['two']), withLength('three')];
  await using origin = await ScriptedOrigin.start(({ index }) => answers[index - 1]);
  const asked = ['/1', '/2', '/3'].map((path) => request(origin, path));
  const client = await bench.client();
  await client.send(asked.map(({ sent }) => sent).join(''));
  await client.receives(octetsOf(answers.flat()));
  const { transfers } = await bench.account();
  assert.equal(origin.connections[0]?.received, asked.map(({ arrives }) => arrives).join(''));
  assert.deepEqual(
    transfers.map(({ contentBytes, deliveredBytes, termination }) => [contentBytes, deliveredBytes, termination]),
    answers.map((answer, index) => [[3, 3, 5][index], octetsOf(answer).length, '--']),
  );
}

async function oneOctetAtATime(bench: TapBench): Promise<void> {
  await using origin = await answering(withLength(BODY));
  const asked = request(origin, '/slow', { method: 'POST', fields: ['Content-Length: 3'], body: 'abc' });
  const client = await bench.client();
  for (const octet of asked.sent) await client.send(octet);
  await client.receives(octetsOf(withLength(BODY)));
  const { transfers } = await bench.account();
  assert.equal(origin.connections[0]?.received, asked.arrives);
  assert.equal(transfers[0]?.requestBodyBytes, 3);
}

async function bodyWithLength(bench: TapBench): Promise<void> {
  await using origin = await answering(withLength('thanks'));
  const body = 'x'.repeat(100_000);
  const asked = request(origin, '/post', { method: 'POST', fields: ['Content-Length: 100000'], body });
  const client = await bench.client();
  await client.send(asked.sent + request(origin, '/next').sent);
  await client.receives(octetsOf([...withLength('thanks'), ...withLength('thanks')]));
  const { transfers } = await bench.account();
  assert.equal(origin.connections[0]?.received, asked.arrives + request(origin, '/next').arrives);
  assert.deepEqual(
    transfers.map(({ requestHeadBytes, requestBodyBytes }) => [requestHeadBytes, requestBodyBytes]),
    [
      [asked.arrives.length - 100_000, 100_000],
      [request(origin, '/next').arrives.length, 0],
    ],
  );
}

async function bodyInChunks(bench: TapBench): Promise<void> {
  const body = '5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n';
  const { promise: hasBody, resolve } = Promise.withResolvers<void>();
  const answer = withLength('thanks');
  await using origin = await ScriptedOrigin.start(({ index }) =>
    index === 1 ? [{ kind: 'until', promise: hasBody }, ...answer] : undefined,
  );
  const asked = request(origin, '/post', { method: 'PUT', fields: ['Transfer-Encoding: chunked'], body });
  const client = await bench.client();
  await client.send(asked.sent);
  await origin.waitFor(({ connections }) => connections[0]?.received.endsWith('\r\n\r\n') === true);
  await origin.waitFor(({ connections }) => connections[0]?.received.length === asked.arrives.length);
  resolve();
  await client.receives(octetsOf(answer));
  const { transfers } = await bench.account();
  assert.equal(origin.connections[0]?.received, asked.arrives);
  assert.equal(transfers[0]?.requestBodyBytes, body.length);
}

async function largeBody(bench: TapBench): Promise<void> {
  await using origin = await answering(withLength('thanks'));
  const body = knownOctets(1, 3_000_000).toString('latin1');
  const asked = request(origin, '/post', { method: 'POST', fields: [`Content-Length: ${body.length}`], body });
  const client = await bench.client();
  await client.send(asked.sent);
  await client.receives(octetsOf(withLength('thanks')));
  const { transfers } = await bench.account();
  assert.ok(origin.connections[0]?.received === asked.arrives, 'the origin got other octets');
  assert.equal(transfers[0]?.requestBodyBytes, 3_000_000);
}

async function expectContinue(bench: TapBench): Promise<void> {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
  const { promise: hasBody, resolve } = Promise.withResolvers<void>();
  const actions: readonly Action[] = [send(interim), { kind: 'until', promise: hasBody }, ...withLength('thanks')];
  await using origin = await ScriptedOrigin.start(({ index }) => (index === 1 ? actions : undefined));
  const fields = ['Expect: 100-continue', 'Transfer-Encoding: chunked'];
  const asked = request(origin, '/post', { method: 'PUT', fields });
  const client = await bench.client();
  await client.send(asked.sent);
  await client.until(({ text }) => text === interim, 'the origin’s 100');
  assert.equal(origin.connections[0]?.received, asked.arrives);
  await client.send('3\r\nabc\r\n0\r\n\r\n');
  await origin.waitFor(({ connections }) => connections[0]?.received.endsWith('0\r\n\r\n') === true);
  resolve();
  await client.receives(octetsOf(actions));
  const { transfers } = await bench.account();
  assert.deepEqual(
    [transfers[0]?.interimHeadBytes, transfers[0]?.requestBodyBytes, transfers[0]?.status],
    [interim.length, 13, 200],
  );
}

async function earlyAnswer(bench: TapBench): Promise<void> {
  const answer = withLength('no', { status: 413, reason: 'Too Large' });
  await using early = await ScriptedOrigin.start(({ index }) => (index === 1 ? answer : undefined));
  const asked = request(early, '/post', { method: 'PUT', fields: ['Transfer-Encoding: chunked'] });
  const client = await bench.client();
  await client.send(asked.sent);
  await client.receives(octetsOf(answer));
  await client.send('3\r\nabc\r\n0\r\n\r\n');
  await early.waitFor(({ connections }) => connections[0]?.received.endsWith('0\r\n\r\n') === true);
  const { transfers } = await bench.account();
  assert.deepEqual([transfers[0]?.termination, transfers[0]?.status, transfers[0]?.requestBodyBytes], ['--', 413, 13]);
}

async function proxyFields(bench: TapBench): Promise<void> {
  await using origin = await answering(withLength(BODY));
  const before = bench.tap.meters().meters.removedFields;
  const fields = ['proxy-connection: keep-alive', 'A: 1', 'Proxy-Authorization: Basic eA==', 'Connection: keep-alive'];
  const client = await bench.client();
  await client.send(request(origin, '/', { fields }).sent);
  await client.receives(octetsOf(withLength(BODY)));
  await bench.account();
  const kept = request(origin, '/', { fields: ['A: 1', 'Connection: keep-alive'] });
  assert.equal(origin.connections[0]?.received, kept.arrives);
  assert.equal(bench.tap.meters().meters.removedFields - before, 2);
}

async function pathCookies(bench: TapBench): Promise<void> {
  await using origin = await answering(withLength(BODY, { fields: { 'Set-Cookie': 'a=1; Path=/' } }));
  const before = bench.tap.meters().meters.pathCookies;
  const client = await bench.client();
  await client.send(request(origin, '/').sent);
  await client.receives(octetsOf(withLength(BODY, { fields: { 'Set-Cookie': 'a=1; Path=/' } })));
  await bench.account();
  assert.equal(bench.tap.meters().meters.pathCookies - before, 1);
}

async function emptyPath(bench: TapBench): Promise<void> {
  await using origin = await answering(withLength(BODY));
  const client = await bench.client();
  await client.send(`GET http://127.0.0.1:${origin.port} HTTP/1.1\r\nhOST:odd.example\r\n\r\n`);
  await client.receives(octetsOf(withLength(BODY)));
  await bench.account();
  assert.equal(origin.connections[0]?.received, 'GET / HTTP/1.1\r\nhOST:odd.example\r\n\r\n');
}

async function excessOctets(bench: TapBench): Promise<void> {
  const answer = [send(Buffer.concat([octetsOf(withLength(BODY)), Buffer.from('more')])), fin];
  await using origin = await answering(answer);
  const client = await bench.client();
  await client.send(request(origin, '/').sent);
  await client.receives(octetsOf(answer));
  assert.equal(await client.end(), 'fin');
  const { transfers, connections } = await bench.account();
  assert.deepEqual(
    [transfers[0]?.integrity, transfers[0]?.contentBytes, connections[0]?.excessBytes],
    ['excess', 12, 4],
  );
}

async function bodyToHead(bench: TapBench): Promise<void> {
  await using origin = await answering(withLength(BODY));
  const client = await bench.client();
  await client.send(request(origin, '/', { method: 'HEAD' }).sent);
  await client.receives(octetsOf(withLength(BODY)));
  const { transfers, connections } = await bench.account();
  assert.deepEqual(
    [transfers[0]?.integrity, transfers[0]?.contentBytes, connections[0]?.excessBytes],
    ['excess', 0, 12],
  );
}

async function lateExcess(bench: TapBench): Promise<void> {
  const { promise: isTaken, resolve } = Promise.withResolvers<void>();
  const actions: readonly Action[] = [...withLength(BODY), { kind: 'until', promise: isTaken }, send('more')];
  await using origin = await answering(actions);
  const client = await bench.client();
  await client.send(request(origin, '/').sent);
  await client.receives(octetsOf(withLength(BODY)));
  resolve();
  await client.receives(octetsOf(actions));
  const { transfers, connections } = await bench.account();
  assert.deepEqual([transfers[0]?.integrity, connections[0]?.excessBytes], ['complete', 4]);
}

onBothThreads('octets of requests', requests);
