// Shared connections over TLS: who began alike shares, who did not does not, and a tunnel is nobody else's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withLength } from '../support/scripted-answers.ts';
import { ScriptedOrigin } from '../support/scripted-origin.ts';
import { octetsOf, TapBench } from '../support/tap.ts';
import { TestAuthority } from '../support/tls-certificates.ts';
import { secureClient } from '../support/tls-client.ts';

const authority = await TestAuthority.create();
const certified = await authority.forHost('localhost');

const ANSWER = withLength('twelve bytes');
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const NEVER_MS = 60_000;

for (const [mode, inThread] of [
  ['intercept', true],
  ['intercept', false],
  ['tunnel', true],
] as const)
  test(`${mode}: what origins see of four clients, two of them alike (tap in ${inThread ? 'this thread' : 'a worker'})`, async () => {
    await using origin = await ScriptedOrigin.start(() => ANSWER, { secure: certified });
    const bench = await TapBench.open({
      inThread,
      behaviour: {
        upstream: 'shared',
        shared: { maxConnectionsPerOrigin: 8, idleMs: NEVER_MS },
        tls: { mode, verifiesOrigin: false, authority: authority.authority },
      },
    });
    try {
      for (const options of [
        { servername: 'localhost' },
        { servername: 'localhost' },
        { servername: 'other.example' },
        { servername: 'localhost', ALPNProtocols: ['http/1.1'] },
      ]) {
        const { client } = await secureClient(bench, `localhost:${origin.port}`, options);
        await client.send(GET);
        await client.receives(octetsOf(ANSWER));
      }
      await bench.until(({ openTransfers }) => openTransfers === 0, 'the end of all transfers');
      assert.deepEqual(
        origin.connections.map(({ requests }) => requests.length),
        mode === 'intercept' ? [2, 1, 1] : [1, 1, 1, 1],
      );
      const { transfers } = await bench.close();
      assert.ok(transfers.every(({ termination }) => mode === 'tunnel' || termination === '--'));
      assert.equal(transfers.filter(({ phases }) => phases.tlsMs !== undefined).length, mode === 'intercept' ? 3 : 0);
    } finally {
      await bench.close();
    }
  });
