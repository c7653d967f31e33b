// One dial: addresses in the resolver's order, each tried once, marks for each step, and a code for every way to fail.
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { after, before, mock, test } from 'node:test';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import { Dial, type DialFailure, type DialRequest, type DialTarget } from '../../src/proxy/dial.ts';
import type { SecureDial } from '../../src/proxy/tls/origin-handshake.ts';
import { startDeafListener } from '../support/deaf-listener.ts';
import { ScriptedOrigin } from '../support/scripted-origin.ts';
import { TestAuthority } from '../support/tls-certificates.ts';

let server: Server;
let port: number;

before(async () => {
  server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ({ port } = server.address() as AddressInfo);
});
after(() => server.close());

const UNVERIFIED: SecureDial = {
  hello: { offersHttp11: false, isResumed: false },
  verifies: false,
  onSession: () => {},
};

interface Outcome {
  readonly address?: string | undefined;
  readonly failure?: DialFailure;
  readonly marks: Dial['marks'];
}

function dial(target: Partial<DialTarget & Pick<DialRequest, 'secure'>>, timeoutMs = 2_000): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const made: Dial = new Dial({
    host: '127.0.0.1',
    port,
    isAddress: true,
    ...target,
    timeoutMs,
    onread: { buffer: Buffer.alloc(8), callback: () => true },
    clock: clockFrom(clockOrigin()),
    onConnected: (socket) => {
      resolve({ address: socket.remoteAddress, marks: made.marks });
      socket.destroy();
    },
    onFailure: (failure) => resolve({ failure, marks: made.marks }),
  });
  return promise;
}

/** The resolver answers with these; `undefined` = it knows no such name. */
async function resolvingTo<Result>(
  addresses: readonly string[] | undefined,
  run: () => Promise<Result>,
): Promise<Result> {
  type Callback = (error: NodeJS.ErrnoException | null, addresses: readonly { address: string }[]) => void;
  const fake = mock.method(dns, 'lookup', (_host: string, _options: object, done: Callback) => {
    const error = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    setImmediate(() =>
      done(
        addresses === undefined ? error : null,
        (addresses ?? []).map((address) => ({ address })),
      ),
    );
  });
  syncBuiltinESMExports();
  try {
    return await run();
  } finally {
    fake.mock.restore();
    syncBuiltinESMExports();
  }
}

test('an address is dialled without resolving, and connected is marked', async () => {
  const { address, marks } = await dial({});
  assert.equal(address, '127.0.0.1');
  assert.equal(marks.resolvedAtMs, undefined);
  assert.ok((marks.connectedAtMs ?? 0) >= marks.beganAtMs);
});

test('the next address is tried when one refuses, in the order of the resolver', async () => {
  const name = { host: 'origin.example', isAddress: false };
  const { address, marks } = await resolvingTo(['127.0.0.3', '127.0.0.2', '127.0.0.1'], () => dial(name));
  assert.equal(address, '127.0.0.1');
  assert.ok((marks.resolvedAtMs ?? 0) >= marks.beganAtMs);
  assert.ok((marks.connectedAtMs ?? 0) >= (marks.resolvedAtMs ?? Number.POSITIVE_INFINITY));
});

test('when all refuse, the last refusal is the reason', async () => {
  const name = { host: 'origin.example', isAddress: false };
  const { failure } = await resolvingTo(['127.0.0.3', '127.0.0.2'], () => dial(name));
  assert.equal(failure?.code, 'SC');
  assert.match(failure?.reason ?? '', /ECONNREFUSED 127\.0\.0\.2/);
});

for (const [what, addresses, reason] of [
  ['that nobody knows', undefined, /origin\.example: ENOTFOUND/],
  ['without an address', [], /origin\.example: no address/],
] as const)
  test(`a name ${what} is XD`, async () => {
    const { failure, marks } = await resolvingTo(addresses, () => dial({ host: 'origin.example', isAddress: false }));
    assert.equal(failure?.code, 'XD');
    assert.match(failure?.reason ?? '', reason);
    assert.equal(marks.connectedAtMs, undefined);
  });

test('a dial that hangs is sC after its limit', async () => {
  await using deaf = await startDeafListener();
  const { failure } = await dial({ port: deaf.port }, 100);
  assert.deepEqual(failure, { code: 'sC', reason: 'no connection within 100 ms' });
});

for (const scheme of ['http', 'https'] as const)
  test(`an origin of ${scheme} is not blamed for what our own thread was held up by`, async () => {
    const secure = scheme === 'https' ? await (await TestAuthority.create()).forHost('127.0.0.1') : undefined;
    await using origin = await ScriptedOrigin.start(() => undefined, secure === undefined ? {} : { secure });
    const dialled = dial({ port: origin.port, ...(secure === undefined ? {} : { secure: UNVERIFIED }) }, 200);
    const heldUpUntilMs = performance.now() + 600;
    while (performance.now() < heldUpUntilMs);
    const { failure } = await dialled;
    assert.equal(failure, undefined);
  });

test('RC: what this machine lacks is not the origin’s refusal, and no other address would help', async () => {
  let attempts = 0;
  const fake = mock.method(Socket.prototype, 'connect', function connect(this: Socket): Socket {
    attempts += 1;
    return this.destroy(Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' }));
  });
  try {
    const name = { host: 'origin.example', isAddress: false };
    const { failure } = await resolvingTo(['127.0.0.3', '127.0.0.1'], () => dial(name));
    assert.deepEqual([failure?.code, attempts], ['RC', 1]);
  } finally {
    fake.mock.restore();
  }
});

test('a cancelled dial says nothing more', async () => {
  await using deaf = await startDeafListener();
  let calls = 0;
  const cancelled = new Dial({
    host: '127.0.0.1',
    port: deaf.port,
    isAddress: true,
    timeoutMs: 30,
    onread: { buffer: Buffer.alloc(8), callback: () => true },
    clock: clockFrom(clockOrigin()),
    onConnected: () => {
      calls += 1;
    },
    onFailure: () => {
      calls += 1;
    },
  });
  cancelled.cancel();
  // A dial with a longer limit ends after the cancelled one would have.
  await dial({ port: deaf.port }, 60);
  assert.equal(calls, 0);
});
