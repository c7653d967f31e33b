// The recorded behaviour of go-ffmpeg-hls-swarm for ramp, backoff and supervision: real clients are driven with the vectors' own
// commands. Where we differ is in ../support/peer-differences.ts; a vector that is neither equal nor listed fails.
import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseCommand } from '../../src/config/parse.ts';
import { type Program, type StartProgram, startProgram } from '../../src/process.ts';
import { seededRandom } from '../../src/random.ts';
import { Client, type ClientState } from '../../src/swarm/client.ts';
import { rampSchedule } from '../../src/swarm/ramp.ts';
import {
  type Backoff,
  backoffMs,
  CLIENT_BACKOFF,
  exitCategory,
  RestartPolicy,
} from '../../src/swarm/restart-policy.ts';
import { Swarm } from '../../src/swarm/swarm.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { holds, type PeerVector } from '../support/peer-vectors.ts';
import { fakeProgram, until } from '../support/processes.ts';
import { recorder, swarmCommand } from '../support/swarm.ts';

const QUICK: Backoff = { initialMs: 5, maxMs: 20, multiplier: 2, jitterRatio: 0 };

describe('recorded behaviour', () => {
  holds('backoff', {
    defaults: ({ expected }) => {
      assert.deepEqual(
        [CLIENT_BACKOFF.initialMs, CLIENT_BACKOFF.maxMs, CLIENT_BACKOFF.multiplier, 2 * CLIENT_BACKOFF.jitterRatio],
        [expected.initial_ms, expected.max_ms, expected.multiplier, expected.jitter_fraction_total],
      );
    },
    delay: ({ input, expected }) => assertClose(backoffMs(input.attempts, backoffOf(input)), expected.delay_ms),
    next: ({ input, expected }) => {
      const policy = new RestartPolicy(seededRandom(1), 0, backoffOf(input));
      for (let attempt = 0; attempt < input.attempts; attempt += 1) delayOf(policy, 0);
      for (const delayMs of expected.delays_ms) assertClose(delayOf(policy, 0), delayMs);
    },
    reset: ({ input, expected }) => {
      const policy = new RestartPolicy(seededRandom(1), 0, backoffOf(input));
      for (let attempt = 0; attempt < input.attempts; attempt += 1) delayOf(policy, 0);
      assertClose(delayOf(policy, 30_000), expected.next_delay_ms);
    },
    jitter: ({ input, expected }) => {
      if (expected.sequences_equal === undefined) {
        const policy = new RestartPolicy(seededRandom(1), 0, backoffOf(input));
        for (let draw = 0; draw < 100; draw += 1) {
          const delayMs = delayOf(policy, 0);
          assert.ok(delayMs >= expected.range_ms[0] && delayMs <= expected.range_ms[1], `${delayMs}`);
        }
        return;
      }
      const [one, other] = input.clients.map((client: number) => delaysOf(input.seed, client));
      assert.equal(JSON.stringify(one) === JSON.stringify(other), expected.sequences_equal);
    },
    should_reset: ({ input, expected }) => {
      const policy = new RestartPolicy(seededRandom(1), 0, { ...CLIENT_BACKOFF, jitterRatio: 0 });
      for (let attempt = 0; attempt < 5; attempt += 1) delayOf(policy, 0);
      const category = exitCategory({ code: input.exit_code }, { isStopping: false, isLive: true });
      const decision = policy.decide(category, input.uptime_ms);
      assert.equal(decision.restart && decision.delayMs === CLIENT_BACKOFF.initialMs, expected);
    },
  });

  holds('ramp_scheduler', {
    accessors: ({ input, expected }) => {
      const schedule = rampSchedule(
        { clients: 100, ratePerSecond: input.rate, jitterMs: input.max_jitter_ms },
        seededRandom(1),
      );
      schedule.forEach((atMs, slot) => {
        const slotMs = expected.rate > 0 ? (slot * 1_000) / expected.rate : 0;
        assert.ok(Math.abs(atMs - slotMs) <= expected.max_jitter_ms + 1e-6, `slot ${slot}`);
      });
    },
    // The recorded delay is from one start to the next; ours lies around the slot, so its bounds are those of one shift.
    delay: ({ input, expected }) => {
      const ramp = { clients: 2, ratePerSecond: input.rate, jitterMs: input.max_jitter_ms };
      const [gapMs, highMs] = expected.delay_range_ms;
      const widthMs = highMs - gapMs;
      for (let seed = 0; seed < 100; seed += 1) {
        const second = rampSchedule(ramp, seededRandom(seed))[1] ?? -1;
        assert.ok(Math.abs(second - gapMs) <= Math.max(widthMs, 0) + 1e-6, `${second}`);
      }
    },
    cancel: async ({ input, expected }) => {
      const seen = recorder();
      const { rate: rampRatePerSecond, max_jitter_ms: rampJitterMs } = input;
      const command = swarmCommand(fakeProgram('ffmpeg-plays'));
      const swarm = new Swarm(seen, { ...command, clients: 2, rampRatePerSecond, rampJitterMs });
      swarm.start();
      const startedAtMs = performance.now();
      await pause(input.deadline_ms);
      const isCut = swarm.started < 2;
      const stopped = swarm.stop();
      const elapsedMs = performance.now() - startedAtMs;
      await stopped;
      assert.equal(isCut, expected.result === 'deadline');
      // A timer and a turn of a loaded machine may be late; nothing may wait for the second client's turn.
      if (!isCut) return;
      assert.ok(elapsedMs >= expected.elapsed_range_ms[0] && elapsedMs < 1_000 / rampRatePerSecond, `${elapsedMs} ms`);
    },
    estimate: (vector) => {
      const { input, expected, truth } = vector;
      const ramp = { clients: input.clients, ratePerSecond: input.rate, jitterMs: 0 };
      const isOurs = differenceOf('ramp_scheduler', vector, 'estimate_ms') !== undefined;
      const estimateMs = isOurs ? (Math.max(0, input.clients - 1) / input.rate) * 1_000 : expected.estimate_ms;
      const [low, high] = truth?.real_range_ms ?? [estimateMs - 1e-6, estimateMs + 1e-6];
      const ours = rampSchedule(ramp, seededRandom(1)).at(-1) ?? 0;
      assert.ok(ours >= low && ours <= high, `${ours}`);
    },
  });

  holds('supervisor', {
    defaults: (vector) => {
      const { input, expected } = vector;
      const words = Object.entries(DEFAULTED).flatMap(([name, option]) =>
        input[name] === undefined ? [] : [`${option}=${input[name]}`],
      );
      const parsed = parseCommand(['run', ...words, 'http://origin.example/x.m3u8'], {}, () => '');
      assert.ok(parsed.ok && 'options' in parsed);
      const { stats, statsBufferLines, statsDropThreshold } = parsed.options;
      assert.deepEqual([statsBufferLines, statsDropThreshold], [expected.buffer, expected.threshold]);
      if (differenceOf('supervisor', vector, 'stats') === undefined) assert.equal(stats, expected.stats);
    },
    state: async ({ input, expected }) => {
      const state = STATES[input];
      assert.ok(state !== undefined);
      const { client, end } = await clientIn(state);
      assert.deepEqual([client.state, client.isActive], [expected.name, expected.active]);
      assert.equal(await isFinished(client), expected.terminal);
      end();
    },
    exit_code: async ({ input, expected }) => {
      const script = input.signal === undefined ? `exit ${input.exit ?? 0}` : `kill -${input.signal} $$`;
      const path = (input.error ?? null) === null ? 'sh' : '/no/such/program';
      const exit = await startProgram(path, ['-c', script], { stdio: { stdout: 'ignore', stderr: 'ignore' } }).exited;
      // The recorded code of what is no ending of a process; ours tells what failed.
      if (exit.failure !== undefined) {
        assert.equal(expected, 1);
        return;
      }
      // Ours tells the signal's name; the recorded code is what a shell makes of it.
      const signal = exit.signal as NodeJS.Signals | undefined;
      assert.equal(exit.code ?? 128 + (signal === undefined ? Number.NaN : constants.signals[signal]), expected);
    },
    lifecycle,
    pipes: async ({ input, expected }) => {
      const script = [
        input.fd3 === undefined ? '' : `echo ${input.fd3} >&3`,
        input.stderr === undefined ? '' : `echo ${input.stderr} >&2`,
        `echo ${input.stdout ?? ''}`,
      ].join('\n');
      const { client } = clientOf({ command: script, stats: input.stats, max_restarts: 1 });
      client.start();
      await client.finished;
      const { progressLines, stderrLines } = client.lines;
      if (expected.progress_lines_ge !== undefined) assert.ok(progressLines >= expected.progress_lines_ge);
      if (expected.progress_lines !== undefined) assert.equal(progressLines, expected.progress_lines);
      if (expected.stderr_lines !== undefined) assert.equal(stderrLines, expected.stderr_lines);
      if (expected.stderr_lines_ge !== undefined) assert.ok(stderrLines >= expected.stderr_lines_ge);
    },
    callbacks: async ({ input, expected }) => {
      const { client, clientEvents } = clientOf(input);
      const first = (name: string) => clientEvents().find(({ event }) => event === name);
      client.start();
      await until(() => first('exit') !== undefined, 'an exit');
      // Without a limit it would never be finished.
      await (input.max_restarts > 0 ? client.finished : client.stop());
      assert.equal(first('start')?.client, expected.start.client_id);
      assert.ok((first('start')?.pid ?? 0) > expected.start.pid_gt);
      assert.equal(first('exit')?.client, expected.exit.client_id);
      assert.equal(first('restart-scheduled') !== undefined, expected.restart);
    },
  });
});

async function lifecycle({ input, expected }: PeerVector): Promise<void> {
  const { client, clock, states, clientEvents } = clientOf(input);
  if (input.command !== undefined) client.start();
  const uptimeMs = (): number => client.uptimeMs(clock.nowMs()) ?? 0;
  if (expected.uptime_while_running_gt_ms !== undefined)
    await until(() => uptimeMs() > expected.uptime_while_running_gt_ms, 'uptime');
  await pause(input.cancel_after_ms ?? input.run_for_ms ?? 0);
  const before = performance.now();
  if (expected.restarts_gt !== undefined) assert.ok(client.restarts > expected.restarts_gt);
  if (expected.state !== undefined) {
    const { state, restarts } = client;
    assert.deepEqual([state, restarts, uptimeMs()], [expected.state, expected.restarts, expected.uptime_ms]);
  }
  if (expected.restarts_gt !== undefined || expected.result === 'cancelled') await client.stop();
  if (expected.uptime_after_stop_ms !== undefined) {
    await client.stop();
    assert.equal(uptimeMs(), expected.uptime_after_stop_ms);
  }
  if (expected.final === undefined) return;
  await (input.max_restarts > 0 ? client.finished : client.stop());
  assert.equal(client.state, expected.final);
  states.push(client.state);
  assert.deepEqual(states.slice(0, expected.states_prefix?.length ?? 0), expected.states_prefix ?? []);
  assert.ok(states.length >= (expected.min_state_changes ?? 0));
  if (expected.within_ms !== undefined) assert.ok(performance.now() - before < expected.within_ms);
  if (expected.restarts === undefined) return;
  assert.equal(client.restarts, expected.restarts);
  assert.equal(clientEvents().filter(({ event }) => event === 'exit').length, expected.restarts + 1);
}

/** Fields of the peer's structure -> the options that they come from. */
const DEFAULTED = { stats: '-stats', buffer: '-stats-buffer', threshold: '-stats-drop-threshold' };

/** The states as the vectors number them. */
const STATES: readonly ClientState[] = ['created', 'starting', 'running', 'backoff', 'stopped'];

// biome-ignore lint/suspicious/noExplicitAny: the vectors' inputs have a shape per operation
function clientOf(input: any, start: StartProgram = startProgram) {
  const seen = recorder();
  const states: ClientState[] = [];
  /** An exit is told in the state that it ends. */
  const note = (): void => {
    if (states.at(-1) !== client.state) states.push(client.state);
  };
  const client: Client = new Client(
    {
      ...seen,
      startProgram: start,
      emit: (event) => {
        seen.emit(event);
        note();
      },
    },
    {
      client: input.client_id ?? 1,
      path: 'sh',
      args: ['-c', input.command ?? 'exit 0'],
      env: process.env,
      isLive: true,
      stats: input.stats ?? true,
      statsBuffer: 1_000,
      verbose: false,
      beforeStart: note,
    },
    new RestartPolicy(seededRandom(1), input.max_restarts ?? 0, QUICK),
  );
  return { client, ...seen, states };
}

async function clientIn(state: ClientState): Promise<{ readonly client: Client; readonly end: () => void }> {
  if (state === 'starting') {
    const { promise, resolve } = Promise.withResolvers<{ code: number }>();
    const never: Program = { exited: promise, stop: () => promise, kill: () => resolve({ code: 0 }) };
    const { client } = clientOf({}, () => never);
    client.start();
    return { client, end: () => client.kill() };
  }
  const { client } = clientOf({ command: state === 'running' ? 'sleep 60' : 'exit 1' });
  if (state !== 'created') client.start();
  if (state === 'backoff') await until(() => client.state === 'backoff', 'backoff');
  if (state === 'stopped') await client.stop();
  return { client, end: () => client.kill() };
}

async function isFinished(client: Client): Promise<boolean> {
  return await Promise.race([client.finished.then(() => true), pause(0, false)]);
}

const backoffOf = (input: { initial_ms: number; max_ms: number; multiplier: number; jitter: number }): Backoff => ({
  initialMs: input.initial_ms,
  maxMs: input.max_ms,
  multiplier: input.multiplier,
  jitterRatio: input.jitter / 2,
});

/** The forks that the swarm makes. */
function delaysOf(seed: number, client: number): readonly number[] {
  const policy = new RestartPolicy(seededRandom(seed).fork(`restart-${client}`), 0);
  return Array.from({ length: 10 }, () => delayOf(policy, 0));
}

function delayOf(policy: RestartPolicy, uptimeMs: number): number {
  const decision = policy.decide('error', uptimeMs);
  assert.ok(decision.restart);
  return decision.delayMs;
}

/** Powers of a multiplier that no binary fraction is. */
function assertClose(ours: number, expected: number): void {
  assert.ok(Math.abs(ours - expected) <= 1e-9 * Math.max(1, expected), `${ours} for ${expected}`);
}
