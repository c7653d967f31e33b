// What responses say of caches, and the fields that the user asked for, on their way through the tap into its records.
import assert from 'node:assert/strict';
import { withLength } from '../support/scripted-answers.ts';
import { ScriptedOrigin } from '../support/scripted-origin.ts';
import { octetsOf, onBothThreads, request, type TapCase } from '../support/tap.ts';

const FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '/hit': { 'Cache-Status': '"far"; fwd=miss, near; hit; ttl=30', Age: '12', 'X-Served-By': 'cache-a, cache-b' },
  '/miss': { 'X-Cache': 'Miss from cloudfront', 'X-Served-By': 'cache-c' },
  '/plain': {},
};

const cases: readonly TapCase[] = [
  [
    'cache, age and asked fields are in the record of their own transfer, octets pass unchanged',
    async (bench) => {
      const answer = (path: string): ReturnType<typeof withLength> =>
        withLength(path, { fields: { 'Set-Cookie': 'secret=1', ...FIELDS[path] } });
      await using origin = await ScriptedOrigin.start(({ target }) => answer(target));
      const client = await bench.client();
      for (const path of Object.keys(FIELDS)) await client.send(request(origin, path).sent);
      await client.receives(octetsOf(Object.keys(FIELDS).flatMap(answer)));
      const { transfers } = await bench.account();
      assert.deepEqual(
        transfers.map(({ cache, ageSeconds, recordedFields }) => [cache, ageSeconds, recordedFields]),
        [
          [
            'hit',
            12,
            [
              ['x-served-by', 'cache-a, cache-b'],
              ['age', '12'],
            ],
          ],
          ['miss', undefined, [['x-served-by', 'cache-c']]],
          ['unknown', undefined, undefined],
        ],
      );
      const address = `127.0.0.1:${origin.port}`;
      assert.deepEqual(new Set(transfers.map(({ upstreamAddress }) => upstreamAddress)), new Set([address]));
      assert.doesNotMatch(JSON.stringify(transfers), /secret/);
    },
  ],
];

onBothThreads('recorded fields', cases, { behaviour: { recordFields: ['x-served-by', 'age'] } });
