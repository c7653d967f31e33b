// Clients that are started through the launcher, as in a run: the ramp at its steepest, restarts, and nothing left afterwards.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { getPriority } from 'node:os';
import { after, afterEach, before, test } from 'node:test';
import { Launcher } from '../../src/launcher.ts';
import { type ClientStatus, Swarm, type SwarmOptions } from '../../src/swarm/swarm.ts';
import { fakeProgram, isAlive, until } from '../support/processes.ts';
import { rampKeepsItsSchedule, watchStarts } from '../support/ramp-watch.ts';
import { recorder, swarmCommand } from '../support/swarm.ts';

let launcher: Launcher;
const swarms: Swarm[] = [];

before(async () => {
  launcher = await Launcher.open();
});
after(async () => {
  await launcher.close();
});
// A test that failed leaves nobody playing.
afterEach(async () => {
  for (const swarm of swarms.splice(0)) {
    swarm.kill();
    await swarm.finished;
  }
});

function swarmOf(kind: 'plays' | 'ends' | 'ignores-term', changes: Partial<SwarmOptions> = {}, by = launcher) {
  const seen = recorder();
  const { startProgram, asked } = watchStarts(by.startProgram, seen.clock);
  const swarm = new Swarm(
    { ...seen, startProgram },
    {
      ...swarmCommand(fakeProgram(`ffmpeg-${kind}`)),
      clients: 10,
      rampRatePerSecond: 100,
      rampJitterMs: 0,
      ...changes,
    },
  );
  swarms.push(swarm);
  return { swarm, asked, ...seen };
}

test('100 clients per second are 100 per second, and no start holds up the loop for longer than a gap', async () => {
  const ramp = { clients: 30, rampRatePerSecond: 100 };
  const { swarm, ...seen } = swarmOf('plays', ramp);
  const { delayP50Ms } = await rampKeepsItsSchedule(swarm, seen, ramp);
  await swarm.stop();
  assert.ok(delayP50Ms < 10, `p50 ${delayP50Ms} ms`);
});

/** Those that are open here. Everything else here opens and closes on its own account, the launcher's guards among it. */
function openPipes(): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map(targetOf)
    .filter((target) => target.includes('/hls-swarm-pipes-'));
}

test('all of it is gone after the stop: processes, zombies, pipes', async () => {
  assert.deepEqual(openPipes(), []);
  const { swarm } = swarmOf('plays');
  swarm.start();
  const isPlaying = ({ lines, pid }: ClientStatus): boolean => lines.progressLines > 0 && pid !== undefined;
  await until(() => swarm.states().every(isPlaying), 'ten playing clients');
  const pids = swarm.states().map(({ pid }) => pid ?? 0);
  assert.ok(pids.every(isAlive));
  assert.equal(new Set(openPipes()).size, 20);
  await swarm.stop();
  // isAlive takes a zombie for dead; that none is left the kernel's list says.
  assert.deepEqual(pids.filter(isAlive), []);
  assert.deepEqual(
    pids.filter((pid) => existsAtAll(pid)),
    [],
  );
  assert.deepEqual(openPipes(), []);
});

test('clients that hear nothing are gone 3 s after the stop began, all at once', async () => {
  const { swarm } = swarmOf('ignores-term');
  swarm.start();
  await until(() => swarm.lines().stderrLines === 10, 'the fakes to be ready');
  const startedAt = performance.now();
  await swarm.stop();
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs > 2_900 && tookMs < 4_000, `${tookMs} ms`);
});

test('a client whose process is killed from outside says so and starts again after its backoff', async () => {
  const { swarm, clientEvents } = swarmOf('plays', { clients: 1 });
  swarm.start();
  await until(() => clientEvents().length === 1, 'the first process');
  process.kill(clientEvents()[0]?.pid ?? 0, 'SIGSEGV');
  await until(() => clientEvents().length === 4, 'the second process');
  await swarm.stop();
  const [, exit, planned, next] = clientEvents();
  assert.deepEqual([exit?.category, exit?.signal], ['signal', 'SIGSEGV']);
  const waitedMs = (next?.atMs ?? 0) - (planned?.atMs ?? 0);
  assert.ok(waitedMs >= (planned?.delayMs ?? 0) && waitedMs < (planned?.delayMs ?? 0) + 500, `${waitedMs} ms`);
});

test('of many, a client comes before the others until it plays; one that comes again, or whose playing nobody sees, does not', async () => {
  const many = await Launcher.open(51);
  try {
    const priorities = ({ swarm }: ReturnType<typeof swarmOf>): string =>
      swarm
        .states()
        .map(({ pid }) => (pid === undefined ? '-' : getPriority(pid)))
        .join();
    const waits = swarmOf('ignores-term', { clients: 1 }, many);
    waits.swarm.start();
    await until(() => waits.swarm.lines().stderrLines === 1 && priorities(waits) === '5', 'one that does not play');
    const plays = swarmOf('plays', { clients: 2 }, many);
    plays.swarm.start();
    await until(() => priorities(plays) === '19,19', 'two that play');
    const unseen = swarmOf('ignores-term', { clients: 1, stats: false }, many);
    unseen.swarm.start();
    await until(() => priorities(unseen) === '19', 'one that nobody sees');
    assert.equal(priorities(waits), '5');
    process.kill(waits.swarm.states()[0]?.pid ?? 0, 'SIGKILL');
    await until(() => waits.swarm.states()[0]?.process === 2 && priorities(waits) === '19', 'its second process');
  } finally {
    for (const swarm of swarms) swarm.kill();
    await many.close();
  }
});

test('a stream with an end ends the swarm by itself when every client has played it', async () => {
  const { swarm, clientEvents } = swarmOf('ends', { isLive: false });
  swarm.start();
  await swarm.finished;
  const exits = clientEvents().filter(({ event }) => event === 'exit');
  assert.deepEqual(
    exits.map(({ category }) => category),
    new Array(10).fill('success'),
  );
});

function existsAtAll(pid: number): boolean {
  try {
    readFileSync(`/proc/${pid}/stat`);
    return true;
  } catch {
    return false;
  }
}

/** Of a descriptor here; empty when it has been closed since it was listed. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}
