// `--answer-errors`: what a client is told where an origin fails before its answer, and that the record stays what it was.
// Without the option the same failures are resets: mirror-failures.test.ts.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { Termination } from '../../src/events.ts';
import { startDeafListener } from '../support/deaf-listener.ts';
import { responseHead, withLength } from '../support/scripted-answers.ts';
import { fin, finWhenIdle, reset, ScriptedOrigin, send, until } from '../support/scripted-origin.ts';
import { answering, onBothThreads, request, type TapBench, type TapCase } from '../support/tap.ts';
import { DIALLED, ended } from '../support/tap-endings.ts';

const DIAL_TIMEOUT_MS = 200;

interface Told {
  readonly status: string;
  readonly reason: RegExp;
  readonly code: Termination;
  readonly phases: typeof DIALLED;
}

/** One request, its answer by the tap, and the connection closed after it. */
async function told(bench: TapBench, sent: string, { status, reason, code, phases }: Told): Promise<void> {
  const client = await bench.client();
  await client.send(sent);
  assert.equal(await client.end(), 'fin');
  const [head = '', content = ''] = client.text.split('\r\n\r\n');
  assert.equal(head.split('\r\n')[0], `HTTP/1.1 ${status}`);
  assert.match(head, new RegExp(`^Content-Length: ${content.length}\r$`, 'm'));
  assert.match(content, /^hls-swarm tap: [^\n]+\n$/);
  assert.match(content, reason);
  // None of it is the origin's: no status, no octet.
  await ended(bench, { code, phases, record: { responseHeadBytes: 0, contentBytes: 0, deliveredBytes: 0 } });
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const cases: readonly TapCase[] = [
  [
    'a refused connection is a 502',
    async (bench) => {
      const port = await closedPort();
      await told(bench, request({ port }, '/seg1.ts').sent, {
        status: '502 Bad Gateway',
        reason: new RegExp(`http://127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`),
        code: 'SC',
        phases: ['queueMs', 'connectMs'],
      });
    },
  ],
  [
    'a name that does not resolve is a 502',
    async (bench) => {
      const { sent } = request({ port: 1 }, '/', { authority: 'no-such-host.invalid' });
      const reason = /http:\/\/no-such-host\.invalid:80: no-such-host\.invalid: [A-Z_]+/;
      await told(bench, sent, {
        status: '502 Bad Gateway',
        reason,
        code: 'XD',
        phases: ['queueMs', 'dnsMs'],
      });
    },
  ],
  [
    'a connection that does not come about in time is a 504',
    async (bench) => {
      await using deaf = await startDeafListener();
      const reason = new RegExp(`no .*connection within ${DIAL_TIMEOUT_MS} ms`);
      const status = '504 Gateway Timeout';
      await told(bench, request(deaf, '/').sent, { status, reason, code: 'sC', phases: ['queueMs', 'connectMs'] });
    },
  ],
  [
    'an origin that closes or resets before its answer is a 502',
    async (bench) => {
      for (const ending of [fin, reset]) {
        await using origin = await answering([ending]);
        const reason = ending === fin ? /closed before an answer/ : /ECONNRESET|closed/;
        await told(bench, request(origin, '/').sent, {
          status: '502 Bad Gateway',
          reason,
          code: 'SH',
          phases: DIALLED,
        });
      }
    },
  ],
  [
    'an answer that is none is a 502 with the reason',
    async (bench) => {
      await using origin = await answering([send('garbage\r\n\r\n')]);
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      assert.equal(await client.end(), 'fin');
      assert.match(client.text, /^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*\r\n\r\nhls-swarm tap: http:.*\n$/);
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination, deliveredBytes }) => [termination, deliveredBytes]),
        [['PH', 0]],
      );
    },
  ],
  [
    'once an octet of the answer went on, the end is the origin’s own',
    async (bench) => {
      const partial = 'HTTP/1.1 200 OK\r\nContent-';
      for (const [sent, code] of [
        [partial, 'SH'],
        [`${responseHead({ fields: { 'Content-Length': '10' } })}0123`, 'SD'],
      ] as const) {
        await using origin = await answering([send(sent), reset]);
        const client = await bench.client();
        await client.send(request(origin, '/').sent);
        await client.end();
        assert.doesNotMatch(client.text, /502|hls-swarm/);
        const { transfers } = await bench.account();
        assert.deepEqual(
          transfers.map(({ termination }) => termination),
          [code],
        );
      }
    },
  ],
  [
    'a connection that was lost between two requests stays a reset: the player repeats by itself',
    async (bench) => {
      await using origin = await ScriptedOrigin.start(({ index }) => (index === 1 ? withLength('one') : [reset]));
      const client = await bench.client();
      await client.send(request(origin, '/1').sent);
      await client.until(({ text }) => text.endsWith('one'), 'the first answer');
      await client.send(request(origin, '/2').sent);
      await client.end();
      assert.doesNotMatch(client.text, /502/);
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination, stale }) => [termination, stale]),
        [
          ['--', false],
          ['SH', true],
        ],
      );
    },
  ],
  [
    'what was pipelined before the failure is answered first, what was asked behind it not at all',
    async (bench) => {
      const gate = Promise.withResolvers<void>();
      const script = { 1: withLength('one'), 2: [until(gate.promise), send('garbage\r\n\r\n')] };
      await using origin = await ScriptedOrigin.start(({ index }) => script[index as 1 | 2]);
      const client = await bench.client();
      await client.send(['/1', '/2', '/3'].map((path) => request(origin, path).sent).join(''));
      await client.until(({ text }) => text.endsWith('one'), 'the first answer');
      gate.resolve();
      assert.equal(await client.end(), 'fin');
      assert.match(client.text, /^HTTP\/1\.1 200 [\s\S]*?\r\n\r\none/);
      const { transfers } = await bench.account();
      assert.match(client.text, /one[\s\S]*HTTP\/1\.1 502 [\s\S]*\n$/);
      assert.deepEqual(
        transfers.map(({ termination }) => termination),
        ['--', 'PH', 'SH'],
      );
    },
  ],
  [
    'a connection that the origin closed while nobody asked is closed as ever',
    async (bench) => {
      await using origin = await answering([...withLength('one'), finWhenIdle(10)]);
      const client = await bench.client();
      await client.send(request(origin, '/').sent);
      assert.equal(await client.end(), 'fin');
      assert.match(client.text, /one$/);
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ termination }) => termination),
        ['--'],
      );
    },
  ],
];

onBothThreads('--answer-errors', cases, { dialTimeoutMs: DIAL_TIMEOUT_MS, behaviour: { answersErrors: true } });
