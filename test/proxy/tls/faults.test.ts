// Faults on purpose inside intercepted TLS: the same octets, codes and flags as in the clear.
// What each fault does in detail is ../faults.test.ts.
import assert from 'node:assert/strict';
import { faultRules } from '../../../src/faults/parse.ts';
import { knownOctets, withLength } from '../../support/scripted-answers.ts';
import { ScriptedOrigin } from '../../support/scripted-origin.ts';
import { octetsOf, onBothThreads, type TapCase } from '../../support/tap.ts';
import { TestAuthority } from '../../support/tls-certificates.ts';
import { secureClient } from '../../support/tls-client.ts';

const authority = await TestAuthority.create();
const certified = await authority.forHost('localhost');
const run = await TestAuthority.create();

const HALF = 100_000;
const ANSWER = withLength(knownOctets(9, 2 * HALF));
const HEAD_BYTES = octetsOf(ANSWER).length - 2 * HALF;
const FAULTS = faultRules([
  'url=https://*/status status=404',
  'url=/truncate truncate=50%',
  'url=/reset after=100kB reset',
  'url=/stall stall=50ms after=100kB',
  'url=/throttle throttle=2MB/s',
]);

const cases: readonly TapCase[] = [
  ...(['/status', '/truncate', '/reset', '/stall', '/throttle'] as const).map(
    (path): TapCase => [
      `${path} within TLS`,
      async (bench) => {
        await using origin = await ScriptedOrigin.start(() => ANSWER, { secure: certified });
        const { client } = await secureClient(bench, `localhost:${origin.port}`);
        await client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        if (path === '/status') await client.until(({ text }) => text.endsWith('on purpose\n'), 'the answer');
        else if (path === '/stall' || path === '/throttle') await client.receives(octetsOf(ANSWER));
        else {
          await client.end();
          // A reset may overtake what the client has not read yet.
          if (path === '/truncate') assert.equal(client.receivedBytes, HEAD_BYTES + HALF);
          else assert.ok(client.receivedBytes <= HEAD_BYTES + HALF);
        }
        const isWhole = path === '/stall' || path === '/throttle';
        if (isWhole) await bench.until(({ openTransfers }) => openTransfers === 0, 'the end of the transfer');
        const { transfers } = await bench.account();
        const [transfer] = transfers;
        const code = path === '/status' ? 'LR' : isWhole ? '--' : 'SD';
        assert.deepEqual([transfer?.injected, transfer?.termination], [path.slice(1), code]);
        assert.equal(origin.requests.length, path === '/status' ? 0 : 1);
        assert.equal(transfer?.clientBlockedMs, 0);
      },
    ],
  ),
];

onBothThreads('faults within TLS', cases, {
  behaviour: {
    faults: FAULTS,
    seed: 1,
    tls: { mode: 'intercept', verifiesOrigin: false, authority: run.authority },
  },
});
