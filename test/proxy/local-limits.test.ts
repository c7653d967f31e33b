// What this machine lacks is told apart from what an origin does: a tap in a process with few descriptors.
// The dial alone is in dial.test.ts.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Event, TransferEvent } from '../../src/events.ts';
import { until } from '../support/processes.ts';
import { RawClient } from '../support/raw-client.ts';
import { withLength } from '../support/scripted-answers.ts';
import { answering, octetsOf, request } from '../support/tap.ts';
import { checkEnding, DIALLED } from '../support/tap-endings.ts';
import { checkLedger, checkTransfer } from '../support/tap-laws.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/bin/tap-program.ts', import.meta.url));
/** Node itself opens about 20. */
const DESCRIPTORS = 48;
const ANSWER = withLength('twelve bytes');

test('RC: without a descriptor for a dial the client is reset, and the tap lives on', async () => {
  await using origin = await answering(ANSWER);
  await using tap = await startTap();
  const client = await RawClient.connect(tap.port);
  const fillers: RawClient[] = [];
  // The first that the door turns away says that there is no descriptor left.
  while (fillers.every(({ ended }) => ended === undefined) && fillers.length < 2 * DESCRIPTORS)
    fillers.push(await RawClient.connect(tap.port));
  await until(() => fillers.some(({ ended }) => ended !== undefined), 'a door without descriptors');
  await client.send(request(origin, '/').sent);
  assert.equal(await client.end(), 'reset');
  assert.equal(origin.connections.length, 0);
  for (const filler of fillers) filler.destroy();
  const next = await tap.servedAgain(request(origin, '/').sent);
  next.destroy();
  const events = await tap.closed();
  const transfers = events.filter((event) => event.type === 'transfer');
  transfers.forEach(checkTransfer);
  checkLedger(events, 1);
  checkEnding(transfers[0], { code: 'RC', phases: ['queueMs', 'connectMs'], record: { requestHeadBytes: 0 } });
  const served: TransferEvent | undefined = transfers.at(-1);
  const phases = [...DIALLED, 'headersMs', 'receiveMs', 'deliverMs'] as const;
  checkEnding(served, { code: '--', phases, record: { integrity: 'complete', status: 200 } });
  const connection = events.find((event) => event.type === 'connection' && event.failure !== undefined);
  assert.match(JSON.stringify(connection), /EMFILE/);
});

interface TapProcess {
  readonly port: number;
  /** A client that was answered, asked anew until the tap has descriptors again. */
  servedAgain(sent: string): Promise<RawClient>;
  closed(): Promise<readonly Event[]>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function startTap(): Promise<TapProcess> {
  const limited = `ulimit -n ${DESCRIPTORS}; exec "$0" "$1"`;
  const child: ChildProcess = spawn('sh', ['-c', limited, process.execPath, PROGRAM], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  assert.ok(stdin !== null && stdout !== null);
  const exited = once(child, 'exit');
  const lines: (Event | { readonly type: 'door'; readonly port: number })[] = [];
  createInterface({ input: stdout }).on('line', (line) => lines.push(JSON.parse(line)));
  await until(() => lines.some(({ type }) => type === 'door'), 'the door of a tap in a process');
  const door = lines.find((line) => line.type === 'door');
  assert.ok(door !== undefined);
  return {
    port: door.port,
    servedAgain: async (sent) => {
      for (;;) {
        const client = await RawClient.connect(door.port);
        await client.send(sent);
        await client.until(
          ({ receivedBytes, ended }) => receivedBytes > 0 || ended !== undefined,
          'an answer or an end',
        );
        if (client.text === octetsOf(ANSWER).toString('latin1')) return client;
      }
    },
    closed: async () => {
      stdin.end();
      await exited;
      return lines.filter((line) => line.type !== 'door');
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
