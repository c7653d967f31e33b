// The only requests of our own: who they say they are, what they cost, and every way in which they fail.
// Local servers only; what the scrapers make of an answer is in their own tests.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Fetcher, type FetcherOptions, type FetchOptions } from '../src/fetch.ts';
import { listening, refusedUrl, serve, serveRaw } from './scrape/answers.ts';
import { startDeafListener } from './support/deaf-listener.ts';
import { requirement } from './support/require.ts';

/** Makes the one certificate that nobody trusts. */
const CERTIFICATE_MAKER = 'openssl';
const OPTIONS: FetchOptions = { purpose: 'preflight', timeoutMs: 5000 };

function fetcher(context: TestContext, options: Partial<FetcherOptions> = {}): Fetcher {
  const made = new Fetcher({ version: '1.0.0', ...options });
  context.after(() => made.close());
  return made;
}

/** The reason of a fetch that must fail. */
async function failure(made: Fetcher, url: string, options: Partial<FetchOptions> = {}): Promise<string> {
  const answer = await made.fetchText(url, { ...OPTIONS, ...options });
  assert.equal(answer.ok, false);
  return answer.ok ? '' : answer.reason;
}

test('our own requests say who they are, ask for identity and keep one connection', async (context) => {
  const seen: unknown[] = [];
  const url = await serve(context, (request, response) => {
    seen.push([request.headers['user-agent'], request.headers['accept-encoding'], request.socket.remotePort]);
    response.setHeader('Content-Type', 'Text/Plain; charset=utf-8').end('body');
  });
  const made = fetcher(context);
  const first = await made.fetchText(`${url}/a?b=1`, OPTIONS);
  await made.fetchText(url, { ...OPTIONS, purpose: 'listing' });
  assert.ok(first.ok);
  assert.deepEqual(
    [first.status, first.text, first.mediaType, first.url, first.isCut],
    [200, 'body', 'text/plain', `${url}/a?b=1`, false],
  );
  const [[agent, coding, port], [laterAgent, , laterPort]] = seen as [unknown[], unknown[]];
  assert.deepEqual([agent, coding, laterAgent], ['hls-swarm-preflight/1.0.0', 'identity', 'hls-swarm-listing/1.0.0']);
  assert.equal(port, laterPort);
});

test('ownBytes is what went over the socket, to the octet, also for requests made at once; what came back is told apart', async (context) => {
  const server = await serveRaw(context, 'HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 4\r\n\r\nbody', () => {});
  const made = fetcher(context);
  const answers = await Promise.all([1, 2, 3].map(() => made.fetchText(server.url, OPTIONS)));
  assert.ok(answers.every(({ ok }) => ok));
  const total = answers.reduce((sum, { ownBytes }) => sum + ownBytes, 0);
  assert.equal(total, server.received() + server.sent());
  assert.ok(answers.every(({ ownBytes }) => ownBytes === total / 3));
  const received = answers.reduce((sum, { ownReceivedBytes }) => sum + ownReceivedBytes, 0);
  assert.equal(received, server.sent());
});

test('onAnswer is called when a head is there, before the content is', async (context) => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>();
  const url = await serve(context, (_request, response) => {
    response.writeHead(200, { 'Content-Length': '4' }).flushHeaders();
    void mayEnd.then(() => response.end('body'));
  });
  const answer = await fetcher(context).fetchText(url, { ...OPTIONS, onAnswer: end });
  assert.ok(answer.ok && answer.text === 'body');
});

test('other statuses are answers: the caller judges them', async (context) => {
  const url = await serve(context, (_request, response) => response.writeHead(404).end('nothing here'));
  const answer = await fetcher(context).fetchText(url, OPTIONS);
  assert.ok(answer.ok);
  assert.deepEqual([answer.status, answer.text], [404, 'nothing here']);
});

test('redirects are followed to the final URL, a loop is not', async (context) => {
  const url = await serve(context, (request, response) => {
    const to: Record<string, string> = { '/a': 'b', '/b': '/c/d', '/loop': '/loop', '/out': 'ftp://host/x' };
    const location = to[request.url ?? ''];
    if (location === undefined) response.end('here');
    else response.writeHead(302, { Location: location }).end();
  });
  const made = fetcher(context);
  const answer = await made.fetchText(`${url}/a`, OPTIONS);
  assert.ok(answer.ok);
  assert.deepEqual([answer.url, answer.text], [`${url}/c/d`, 'here']);
  assert.equal(await failure(made, `${url}/loop`), 'more than 5 redirects, in a circle');
  assert.equal(await failure(made, `${url}/out`), 'the redirect is not an http:// or https:// URL');
});

test('each way to fail gives a sentence', async (context) => {
  const made = fetcher(context);
  assert.match(await failure(made, 'ftp://host/x'), /not an http:\/\/ or https:\/\/ URL/);
  assert.match(await failure(made, 'nonsense'), /not an http:\/\/ or https:\/\/ URL/);
  assert.match(await failure(made, await refusedUrl()), /^connection refused/);
  const truncated = await serveRaw(context, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this');
  assert.match(await failure(made, truncated.url), /ended before the answer was complete/);
  const silent = await serveRaw(context, '');
  assert.match(await failure(made, silent.url), /ended before the answer was complete/);
  const garbage = await serveRaw(context, 'SSH-2.0-OpenSSH_9.2\r\n');
  assert.match(await failure(made, garbage.url), /not HTTP\/1\.1/);
});

test('a stalled and a slow answer end at the time limit', async (context) => {
  const made = fetcher(context);
  const stalled = await serveRaw(context, 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc', () => {});
  assert.equal(await failure(made, stalled.url, { timeoutMs: 80 }), 'no complete answer within 80 ms');
  const slow = await serve(context, (_request, response) => {
    const timer = setInterval(() => response.write('x'), 10);
    response.on('close', () => clearInterval(timer));
  });
  assert.equal(await failure(made, slow, { timeoutMs: 80 }), 'no complete answer within 80 ms');
});

test('a fetch ends when its caller gives up', async (context) => {
  const stalled = await serveRaw(context, 'HTTP/1.1 200 OK\r\n', () => {});
  const abort = new AbortController();
  const pending = failure(fetcher(context), stalled.url, { signal: abort.signal });
  abort.abort();
  assert.equal(await pending, 'given up because the run is stopping');
});

test('the limit and the caller hold while the connection is being made, and later requests are not harmed', async (context) => {
  await using deaf = await startDeafListener();
  const made = fetcher(context);
  for (const scheme of ['http', 'https']) {
    const url = `${scheme}://127.0.0.1:${deaf.port}/`;
    const startedAt = performance.now();
    assert.equal(await failure(made, url, { timeoutMs: 300 }), 'no complete answer within 300 ms');
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs > 250 && tookMs < 1_000, `${scheme}: ${tookMs} ms`);
    const abort = new AbortController();
    const pending = failure(made, url, { signal: abort.signal });
    const waiting = failure(made, url, { timeoutMs: 100 });
    assert.equal(await waiting, 'no complete answer within 100 ms', 'its turn had not come');
    const abortedAt = performance.now();
    abort.abort();
    assert.equal(await pending, 'given up because the run is stopping');
    assert.ok(performance.now() - abortedAt < 200);
    assert.equal(await failure(made, url, { signal: abort.signal }), 'given up because the run is stopping');
  }
  const dials = process
    .getActiveResourcesInfo()
    .filter((name) => name === 'TCPSocketWrap' || name === 'TCPConnectWrap');
  assert.ok(!dials.includes('TCPConnectWrap'), 'no dial is left behind');
});

test('a connection is used again after a fetch on it was given up', async (context) => {
  const url = await serve(context, (request, response) => {
    if (request.url === '/prompt') response.end('here');
  });
  const made = fetcher(context);
  assert.equal(await failure(made, `${url}/never`, { timeoutMs: 50 }), 'no complete answer within 50 ms');
  const answer = await made.fetchText(`${url}/prompt`, OPTIONS);
  assert.equal(answer.ok && answer.text, 'here');
});

test('a huge answer is not read beyond the limit: it fails, or is cut where the caller wants its beginning', async (context) => {
  const url = await serve(context, (_request, response) => {
    const fill = (): void => {
      while (!response.destroyed && response.write('y'.repeat(1000)));
    };
    response.on('drain', fill);
    fill();
  });
  const made = fetcher(context);
  assert.equal(await failure(made, url, { maxBytes: 5000 }), 'the answer is larger than the limit of 5000 bytes');
  const cut = await made.fetchText(url, { ...OPTIONS, maxBytes: 5000, onOverflow: 'cut' });
  assert.ok(cut.ok);
  assert.deepEqual([cut.octets.length, cut.isCut], [5000, true]);
});

test('what comes compressed all the same is decoded within the limit; an unknown coding is refused', async (context) => {
  const url = await serve(context, (request, response) => {
    const coding = request.url?.slice(1) ?? '';
    const body = coding === 'bomb' ? Buffer.alloc(100_000) : Buffer.from('#EXTM3U');
    response.setHeader('Content-Encoding', coding === 'bomb' ? 'gzip' : coding).end(gzipSync(body));
  });
  const made = fetcher(context);
  const answer = await made.fetchText(`${url}/gzip`, OPTIONS);
  assert.ok(answer.ok);
  assert.equal(answer.text, '#EXTM3U');
  assert.match(await failure(made, `${url}/bomb`, { maxBytes: 1000 }), /gzip coding cannot be decoded/);
  assert.match(await failure(made, `${url}/br`), /br coding cannot be decoded/);
  assert.match(await failure(made, `${url}/zstd`), /content coding "zstd"/);
});

test('proxy settings of the environment are not followed', async (context) => {
  const url = await serve(context, (_request, response) => response.end('direct'));
  const before = { ...process.env };
  const nowhere = await refusedUrl();
  Object.assign(process.env, { http_proxy: nowhere, HTTP_PROXY: nowhere, all_proxy: nowhere });
  context.after(() => {
    for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy']) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
  const answer = await fetcher(context).fetchText(url, OPTIONS);
  assert.equal(answer.ok && answer.text, 'direct');
});

test('an untrusted certificate is refused with that reason, and taken when the caller says so', {
  skip: requirement(CERTIFICATE_MAKER),
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'hls-swarm-fetch-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const make = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=127.0.0.1';
  execFileSync(CERTIFICATE_MAKER, [...make.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) => {
    response.end('secret');
  });
  const url = (await listening(context, server, () => server.closeAllConnections())).replace('http:', 'https:');
  assert.match(await failure(fetcher(context), url), /^the certificate is not trusted/);
  const answer = await fetcher(context, { verifiesTls: false }).fetchText(url, OPTIONS);
  assert.equal(answer.ok && answer.text, 'secret');
});

test('--resolve sends connections for a host elsewhere and leaves the Host field', async (context) => {
  const url = await serve(context, (request, response) => response.end(request.headers.host));
  const { port } = new URL(url);
  const made = fetcher(context, { resolve: { host: 'stream.invalid', address: '127.0.0.1' } });
  const answer = await made.fetchText(`http://stream.invalid:${port}/x`, OPTIONS);
  assert.equal(answer.ok && answer.text, `stream.invalid:${port}`);
  assert.match(await failure(made, 'http://other.invalid/'), /cannot be resolved/);
});

test('cookies that an origin sets go back to it and to no other, beside those given, when they are kept', async (context) => {
  const seen: (string | undefined)[] = [];
  const url = await serve(context, (request, response) => {
    seen.push(request.headers.cookie);
    const isFirst = request.url === '/first';
    const fields = isFirst ? { location: '/next', 'set-cookie': ['a=1; Path=/', 'b = 2', 'nonsense'] } : {};
    response.writeHead(isFirst ? 302 : 200, fields).end();
  });
  const other = await serve(context, (request, response) => {
    seen.push(request.headers.cookie);
    response.end();
  });
  const made = fetcher(context, { keepsCookies: true });
  await made.fetchText(`${url}/first`, { ...OPTIONS, headers: { Cookie: 'own=x; b=mine' } });
  await made.fetchText(url, OPTIONS);
  await made.fetchText(other, OPTIONS);
  assert.deepEqual(seen, ['own=x; b=mine', 'own=x; b=mine; a=1', 'a=1; b=2', undefined]);
  seen.length = 0;
  await fetcher(context).fetchText(`${url}/first`, OPTIONS);
  assert.deepEqual(seen, [undefined, undefined]);
});

test('cookies of the user go to the one origin that they are for, after redirects too, and win over those that it sets', async (context) => {
  const seen: (string | undefined)[] = [];
  const other = await serve(context, (request, response) => {
    seen.push(request.headers.cookie);
    response.end();
  });
  const url = await serve(context, (request, response) => {
    seen.push(request.headers.cookie);
    const isAway = request.url === '/away';
    response.writeHead(isAway ? 302 : 200, { 'set-cookie': 'a=theirs', ...(isAway ? { location: other } : {}) }).end();
  });
  const cookies = { origin: url, cookies: ['a=ours', 'b=2'] };
  const made = fetcher(context, { keepsCookies: true, cookies });
  await made.fetchText(`${url}/away`, OPTIONS);
  await made.fetchText(url, { ...OPTIONS, headers: { cookie: 'b=given' } });
  assert.deepEqual(seen, ['a=ours; b=2', undefined, 'b=given; a=ours']);
});

test('user information of the URL is sent as Basic credentials, decoded, and to no other origin', async (context) => {
  const seen: (string | undefined)[] = [];
  const note = (value: string | undefined): number =>
    seen.push(value?.replace(/^Basic (.*)$/, (_, text) => atob(text)));
  const other = await serve(context, (request, response) => {
    note(request.headers.authorization);
    response.end();
  });
  const url = await serve(context, (request, response) => {
    note(request.headers.authorization);
    const to: Record<string, string> = { '/there': '/here', '/away': other };
    const location = to[request.url ?? ''];
    response.writeHead(location === undefined ? 200 : 302, location === undefined ? {} : { location }).end();
  });
  const withUser = (path: string): string => `${url.replace('//', '//user:p%40%zz@')}${path}`;
  const made = fetcher(context);
  for (const path of ['/there', '/away']) await made.fetchText(withUser(path), OPTIONS);
  assert.deepEqual(seen, ['user:p@%zz', 'user:p@%zz', 'user:p@%zz', undefined]);
  seen.length = 0;
  await made.fetchText(withUser('/x'), { ...OPTIONS, headers: { Authorization: 'Bearer own' } });
  assert.deepEqual(seen, ['Bearer own']);
});

test('there is one User-Agent, ours, and other fields go out octet by octet', async (context) => {
  let head: readonly string[] = [];
  const url = await serve(context, (request, response) => {
    head = request.rawHeaders;
    response.end();
  });
  const headers = { 'User-Agent': 'own', 'X-Name': 'Zoë ☃' };
  const answer = await fetcher(context).fetchText(url, { ...OPTIONS, headers });
  assert.ok(answer.ok, JSON.stringify(answer));
  const values = (name: string): readonly (string | undefined)[] =>
    head.flatMap((text, at) => (at % 2 === 0 && text.toLowerCase() === name ? [head[at + 1]] : []));
  assert.deepEqual(values('user-agent'), ['hls-swarm-preflight/1.0.0']);
  assert.deepEqual(
    values('x-name').map((value) => Buffer.from(value ?? '', 'latin1').toString()),
    ['Zoë ☃'],
  );
});
