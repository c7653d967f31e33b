// What the log says about clients: the peer's event names, causes at warn, and no flood when a thousand crash at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '../../src/log.ts';
import { seededRandom } from '../../src/random.ts';
import { Client } from '../../src/swarm/client.ts';
import { ClientLog, MAX_LINES_PER_SECOND } from '../../src/swarm/client-log.ts';
import { RestartPolicy } from '../../src/swarm/restart-policy.ts';
import { Swarm } from '../../src/swarm/swarm.ts';
import { fakeProgram } from '../support/processes.ts';
import { recorder, swarmCommand } from '../support/swarm.ts';

const QUICK = { initialMs: 5, maxMs: 20, multiplier: 2, jitterRatio: 0 };

function listeningLog(): { readonly log: Log; readonly said: [level: string, event: string, facts: object][] } {
  const said: [string, string, object][] = [];
  const at =
    (level: string) =>
    (facts: object, event: string): void =>
      void said.push([level, event, facts]);
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, said };
}

test('a client that fails says why at each exit, when it starts again and why it ends for good', async () => {
  const { log, said } = listeningLog();
  const options = { client: 3, path: fakeProgram('fake-ffmpeg'), args: ['fails'], env: process.env, isLive: true };
  const client = new Client(
    { ...recorder(), log },
    { ...options, stats: true, statsBuffer: 1_000, verbose: false },
    new RestartPolicy(seededRandom(1), 1, QUICK),
  );
  client.start();
  await client.finished;
  assert.deepEqual(
    said.map(([level, event]) => `${level} ${event}`),
    [
      'debug client_started',
      'warn client_exited',
      'info client_restart_scheduled',
      'debug client_started',
      'warn client_exited',
      'info client_ended',
    ],
  );
  const [, exited, scheduled, , , ended] = said.map(([, , facts]) => facts as Record<string, unknown>);
  assert.equal(exited?.['category'], 'error');
  assert.ok(typeof exited?.['uptimeMs'] === 'number');
  assert.ok(String(exited?.['reason']).length > 0);
  assert.equal(scheduled?.['delayMs'], 5);
  assert.equal(ended?.['exitReason'], exited?.['reason']);
});

test('more lines than a reader can use within one second are counted, and the count is told', () => {
  const { log, said } = listeningLog();
  let nowMs = 5_000;
  const lines = new ClientLog(log, () => nowMs);
  const exit = { type: 'client', event: 'exit', process: 1, category: 'error', uptimeMs: 4.6, atMs: 0 } as const;
  for (let client = 1; client <= MAX_LINES_PER_SECOND + 7; client += 1) lines.note({ ...exit, client });
  assert.equal(said.length, MAX_LINES_PER_SECOND);
  nowMs = 6_000;
  lines.note({ ...exit, client: 1 });
  assert.deepEqual(said.at(-2), ['warn', 'client_lines_left_out', { lines: 7 }]);
  assert.deepEqual(said.at(-1), ['warn', 'client_exited', { client: 1, process: 1, category: 'error', uptimeMs: 5 }]);
  lines.close();
  assert.equal(said.length, MAX_LINES_PER_SECOND + 2);
});

test('what we stopped ourselves and what has played to its end is no warning', () => {
  const { log, said } = listeningLog();
  const lines = new ClientLog(log, () => 0);
  const event = { type: 'client', client: 1, process: 1, atMs: 0 } as const;
  for (const category of ['stopped', 'success'] as const) lines.note({ ...event, event: 'exit', category });
  lines.note({ ...event, event: 'restart-scheduled', category: 'success', delayMs: 0 });
  lines.note({ ...event, event: 'stop' });
  assert.deepEqual(
    said.map(([level]) => level),
    ['debug', 'debug', 'debug', 'debug'],
  );
  lines.note({ ...event, event: 'stop', reason: 'stalled for 9 s' });
  assert.deepEqual(said.at(-1)?.slice(0, 2), ['warn', 'client_stalling']);
});

test('the ramp says when it begins, when the last client was started, and when it was cut short', async () => {
  for (const [rate, last] of [
    [100, 'ramp_complete'],
    [1, 'ramp_cancelled'],
  ] as const) {
    const { log, said } = listeningLog();
    const swarm = new Swarm(
      { ...recorder(), log },
      {
        ...swarmCommand(fakeProgram('ffmpeg-ends')),
        isLive: false,
        clients: 2,
        rampRatePerSecond: rate,
        rampJitterMs: 0,
      },
    );
    swarm.start();
    if (last === 'ramp_complete') await swarm.finished;
    await swarm.stop();
    const ramp = said.filter(([, event]) => event.startsWith('ramp_')).map(([, event]) => event);
    assert.deepEqual(ramp, ['ramp_starting', last]);
  }
});
