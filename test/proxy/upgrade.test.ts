// After a 101 the octets are another protocol's: relayed both ways unseen, counted as opaque, never as content.
import assert from 'node:assert/strict';
import { responseHead } from '../support/scripted-answers.ts';
import { ScriptedOrigin, send } from '../support/scripted-origin.ts';
import { onBothThreads, request } from '../support/tap.ts';

onBothThreads('rule 4: a switched protocol', [
  [
    'is relayed both ways, counted as opaque and kept out of content',
    async (bench) => {
      const head = responseHead({
        status: 101,
        reason: 'Switching Protocols',
        fields: { Upgrade: 'chat', Connection: 'Upgrade' },
      });
      await using origin = await ScriptedOrigin.start(() => [send(head), send('hello from there')]);
      const client = await bench.client();
      const { sent } = request(origin, '/chat', { fields: ['Upgrade: chat', 'Connection: Upgrade'] });
      await client.send(sent);
      const answered = head.length + 'hello from there'.length;
      await client.until(({ receivedBytes }) => receivedBytes === answered, 'the switch');
      await client.send('GET this is no request\r\n');
      await origin.waitFor(({ connections }) => connections[0]?.received.includes('this is no request') === true);
      client.finish();
      const { transfers, connections } = await bench.account();
      assert.equal(transfers.length, 1);
      assert.deepEqual([transfers[0]?.status, transfers[0]?.contentBytes], [101, 0]);
      const opaqueBytes = 'hello from there'.length + 'GET this is no request\r\n'.length;
      assert.deepEqual([connections[0]?.opaqueBytes, connections[0]?.imbalanceBytes], [opaqueBytes, 0]);
    },
  ],
]);
