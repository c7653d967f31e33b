// Clients that are brought up before the ramp and let go on its schedule: nothing of them has begun before, and nothing stays.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { StartingGates } from '../../src/swarm/starting-gate.ts';
import { Swarm } from '../../src/swarm/swarm.ts';
import { fakeProgram, isAlive, until } from '../support/processes.ts';
import { pidsNaming, processesNaming } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { serveFiles } from '../support/static-server.ts';
import { clientOf, recorder, swarmCommand } from '../support/swarm.ts';

const skip = process.platform === 'linux' ? requirement('mkfifo') : 'no /proc here tells when a process waits';

describe('clients at their gates', { skip }, () => {
  let gates: StartingGates;

  before(async () => {
    gates = await StartingGates.open(9, Date.now());
  });
  after(() => gates[Symbol.dispose]());

  test('a held client has not begun: no event, no process number, no uptime; let go, it plays', async () => {
    const named: number[] = [];
    const { client, clock, events, names } = clientOf('plays', { beforeStart: (_, process) => named.push(process) });
    await client.hold(gates.of(1));
    assert.deepEqual([client.state, client.processNumber, client.isActive], ['created', 0, false]);
    assert.deepEqual([events.length, named.length, client.uptimeMs(clock.nowMs())], [0, 0, undefined]);
    const letGoAtMs = clock.nowMs();
    client.start();
    assert.deepEqual([client.state, client.processNumber, named], ['running', 1, [1]]);
    assert.ok((client.uptimeMs(clock.nowMs()) ?? Number.NaN) <= clock.nowMs() - letGoAtMs);
    await until(() => events.some(({ type }) => type === 'progress'), 'progress');
    await client.stop();
    assert.deepEqual(names(), ['start', 'stop', 'exit']);
  });

  test('its start is told before it is let go: nothing that it does can be older', async (context) => {
    const gate = gates.of(9);
    const { client, names } = clientOf('plays');
    await client.hold(gate);
    const told: (readonly string[])[] = [];
    const open = gate.open.bind(gate);
    context.mock.method(gate, 'open', () => {
      told.push(names());
      open();
    });
    client.start();
    assert.deepEqual(told, [['start']]);
    await client.stop();
  });

  test('its gate is gone as soon as it plays', async () => {
    const gate = gates.of(2);
    const { client } = clientOf('plays');
    await client.hold(gate);
    assert.ok(existsSync(gate.path));
    client.start();
    await until(() => !existsSync(gate.path), 'the gate to go');
    await client.stop();
  });

  test('stopped before it is let go, it is gone without ever having begun', async () => {
    for (const [number, how] of [
      [3, 'stop'],
      [4, 'kill'],
    ] as const) {
      const { client, events } = clientOf('plays');
      await client.hold(gates.of(number));
      void client[how]();
      await client.finished;
      client.start();
      assert.deepEqual([events.length, client.state, client.isActive], [0, 'stopped', false]);
    }
  });

  test('one that dies at its gate, or never comes to it, is started like any other when its time comes', async () => {
    const { client, names } = clientOf('plays');
    const gate = gates.of(5);
    const held = client.hold(gate);
    await until(() => processesNaming(gate.path).length > 0, 'the process');
    for (const pid of pidsNaming(gate.path)) process.kill(pid, 'SIGKILL');
    await held;
    client.start();
    await until(() => names().length > 0, 'the start');
    await client.stop();
    assert.deepEqual(names(), ['start', 'stop', 'exit']);

    const lost = clientOf('plays', { path: '/nowhere/ffmpeg' }, 1);
    await lost.client.hold(gates.of(6));
    lost.client.start();
    await lost.client.finished;
    assert.match(lost.clientEvents().at(-1)?.reason ?? '', /nowhere/);
  });

  test('one that comes late to an open gate passes', async () => {
    const gate = gates.of(7);
    const { client, events } = clientOf('plays');
    const held = client.hold(gate);
    client.start();
    await held;
    await until(() => events.some(({ type }) => type === 'progress'), 'progress');
    await client.stop();
  });

  test('the process after the first waits for nobody', async () => {
    const { client, clientEvents } = clientOf('ends', {}, 2);
    await client.hold(gates.of(8));
    client.start();
    await client.finished;
    const processes = clientEvents().flatMap(({ event, process }) => (event === 'exit' ? [process] : []));
    assert.deepEqual(processes, [1, 2, 3]);
  });

  test('a swarm that is prepared goes on the ramp’s schedule from processes that are all there', async () => {
    using own = await StartingGates.open(12, Date.now());
    const seen = recorder();
    const swarm = new Swarm(seen, {
      ...swarmCommand(fakeProgram('ffmpeg-plays')),
      clients: 12,
      rampRatePerSecond: 50,
      rampJitterMs: 0,
    });
    await swarm.prepare(own);
    assert.deepEqual([seen.events.length, swarm.started, swarm.active], [0, 0, 0]);
    swarm.start();
    await until(() => seen.clientEvents().length === 12, 'the ramp');
    const [first, ...others] = seen.clientEvents().map(({ atMs }) => atMs);
    for (const [index, atMs] of others.entries()) {
      const dueMs = (first ?? Number.NaN) + (index + 1) * 20;
      assert.ok(atMs >= dueMs - 2, `client ${index + 2} was let go ${dueMs - atMs} ms early`);
    }
    await swarm.stop();
  });

  test('those who became due while the loop was busy are let go all at once, so that the ramp is not late', async () => {
    using own = await StartingGates.open(6, Date.now());
    const swarm = new Swarm(recorder(), {
      ...swarmCommand(fakeProgram('ffmpeg-plays')),
      clients: 6,
      rampRatePerSecond: 1_000,
      rampJitterMs: 0,
    });
    await swarm.prepare(own);
    swarm.start();
    const busyUntilMs = performance.now() + 20;
    while (performance.now() < busyUntilMs);
    // Between two turns of the check phase lies one of the timers.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    const { started } = swarm;
    await swarm.stop();
    assert.equal(started, 6);
  });

  test('a stop while the swarm is being prepared ends the preparing and every process of it', async () => {
    using own = await StartingGates.open(20, Date.now());
    const seen = recorder();
    const swarm = new Swarm(seen, {
      ...swarmCommand(fakeProgram('ffmpeg-plays')),
      clients: 20,
      rampRatePerSecond: 50,
      rampJitterMs: 0,
    });
    const preparing = swarm.prepare(own);
    await until(() => processesNaming(dirname(own.of(1).path)).length > 0, 'the first process');
    await swarm.stop();
    await preparing;
    assert.deepEqual([seen.events.length, swarm.active], [0, 0]);
  });
});

test('the folder of the gates goes with the last of them, or with all', { skip }, async () => {
  const gates = await StartingGates.open(2, Date.now());
  const [one, other] = [gates.of(1), gates.of(2)];
  const folder = dirname(one.path);
  one.close();
  one.close();
  assert.ok(existsSync(folder));
  other.close();
  assert.ok(!existsSync(folder));
  const unused = await StartingGates.open(1, Date.now());
  unused[Symbol.dispose]();
  assert.ok(!existsSync(dirname(unused.of(1).path)));
});

test('FFmpeg that is held has asked for nothing, and asks as soon as it is let go', {
  skip: skip || requirement('ffmpeg'),
}, async () => {
  using gates = await StartingGates.open(1, Date.now());
  const server = await serveFiles(new Map());
  const seen = recorder();
  const swarm = new Swarm(seen, {
    ...swarmCommand('ffmpeg'),
    url: `${server.base}/live.m3u8`,
    clients: 1,
    rampRatePerSecond: 1,
    rampJitterMs: 0,
  });
  await swarm.prepare(gates);
  assert.equal(server.requests.length, 0);
  swarm.start();
  const pid = swarm.states()[0]?.pid ?? Number.NaN;
  assert.ok(isAlive(pid));
  await until(() => server.requests.length > 0, 'its first request');
  await swarm.stop();
  await server.close();
});
