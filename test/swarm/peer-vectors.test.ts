// The recorded behaviour of go-ffmpeg-hls-swarm for the rooms that swarm/ rebuilds, read from where it was collected.
// Where we differ is in ../support/peer-differences.ts; a vector that is neither equal nor listed fails. The log's vectors are
// in peer-log-vectors.test.ts.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { seededRandom } from '../../src/random.ts';
import { clientArguments } from '../../src/swarm/arguments.ts';
import { chooseProgram, parsePrograms, resolveMapping } from '../../src/swarm/probe.ts';
import { rampDurationMs, rampSchedule } from '../../src/swarm/ramp.ts';
import { backoffMs, CLIENT_BACKOFF, exitCategory, RestartPolicy } from '../../src/swarm/restart-policy.ts';
import { softLimit, systemChecks } from '../../src/swarm/system-limits.ts';
import { holds } from '../support/peer-vectors.ts';
import { command, newCapabilities } from '../support/swarm.ts';

describe('recorded behaviour', () => {
  holds('backoff', {
    defaults: ({ expected }) => {
      assert.deepEqual(
        [CLIENT_BACKOFF.initialMs, CLIENT_BACKOFF.maxMs, CLIENT_BACKOFF.multiplier, 2 * CLIENT_BACKOFF.jitterRatio],
        [expected.initial_ms, expected.max_ms, expected.multiplier, expected.jitter_fraction_total],
      );
    },
    delay: ({ input, expected }) =>
      assert.ok(Math.abs(backoffMs(input.attempts, backoffOf(input)) - expected.delay_ms) < 1e-9),
    next: ({ input, expected }) => {
      const policy = new RestartPolicy(seededRandom(1), 0, backoffOf(input));
      assert.deepEqual(
        expected.delays_ms.map(() => delayOf(policy, 0)),
        expected.delays_ms,
      );
    },
    reset: ({ input, expected }) => {
      const policy = new RestartPolicy(seededRandom(1), 0, backoffOf(input));
      for (let attempt = 0; attempt < input.attempts; attempt += 1) delayOf(policy, 0);
      assert.equal(delayOf(policy, 30_000), expected.next_delay_ms);
    },
    jitter: ({ input, expected }) => {
      if (expected.range_ms === undefined) return;
      const policy = new RestartPolicy(seededRandom(1), 0, backoffOf(input));
      for (let draw = 0; draw < 100; draw += 1) {
        const delayMs = delayOf(policy, 0);
        assert.ok(delayMs >= expected.range_ms[0] && delayMs <= expected.range_ms[1]);
      }
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
    // The recorded delay is from one start to the next; ours lies around the slot, so its bounds are those of one shift.
    delay: ({ input, expected }) => {
      const ramp = { clients: 2, ratePerSecond: input.rate, jitterMs: input.max_jitter_ms };
      const gapMs = input.rate > 0 ? 1_000 / input.rate : 0;
      const widthMs = expected.delay_range_ms[1] - expected.delay_range_ms[0];
      for (let seed = 0; seed < 100; seed += 1) {
        const second = rampSchedule(ramp, seededRandom(seed))[1] ?? -1;
        assert.ok(Math.abs(second - gapMs) <= Math.max(widthMs, 0) + 1e-6, `${second}`);
      }
    },
    estimate: ({ input, expected, truth }) => {
      const ramp = { clients: input.clients, ratePerSecond: input.rate, jitterMs: input.max_jitter_ms };
      const [low, high] = truth?.real_range_ms ?? [expected.estimate_ms, expected.estimate_ms];
      const ours = rampDurationMs(ramp);
      assert.ok(ours >= low && ours <= high, `${ours}`);
    },
  });

  holds('ffmpeg_args', {
    args: ({ input, expected }) => assert.deepEqual(comparable(ourArguments(input)), comparable(expected)),
    map: async ({ input, expected }) => {
      if (input.program_id >= 0) {
        assert.deepEqual(expected, ['-map', `0:p:${input.program_id}`]);
        return;
      }
      const mapping = await resolveMapping({
        url: 'http://127.0.0.1:1/',
        variant: input.variant,
        failurePolicy: 'fallback',
        ffmpegPath: '/no/such/ffmpeg',
        userAgent: 'x',
        headers: [],
        timeoutMs: 1_000,
      });
      assert.ok(mapping.ok);
      assert.deepEqual(
        mapping.map.flatMap((specifier) => ['-map', specifier]),
        expected,
      );
    },
    headers: ({ input, expected }) => {
      const args = ourArguments(input);
      const block = args.includes('-headers') ? (args[args.indexOf('-headers') + 1] ?? '') : '';
      assert.deepEqual(
        block.split('\r\n').filter((line) => line !== ''),
        expected,
      );
    },
    probe_json: ({ input, expected }) => {
      const programs = parsePrograms(input);
      assert.equal(programs === undefined, expected.error);
      if (expected.programs !== null) assert.equal(programs?.length, expected.programs);
    },
    select: ({ input, expected, truth }) => {
      const programs = input.programs.map(({ id, bitrate }: { id: number; bitrate: number | null }) =>
        bitrate === null ? { id } : { id, bandwidthBitsPerSecond: bitrate },
      );
      assert.equal(chooseProgram(programs, input.variant)?.id, (truth ?? expected).program_id);
    },
  });

  holds('preflight', {
    fd_required: ({ input, expected }) =>
      assert.match(checkOf('file_descriptors', input)?.fix ?? '', new RegExp(` ${expected}$`)),
    process_required: ({ input, expected }) =>
      assert.match(checkOf('process_limit', input)?.fix ?? '', new RegExp(` ${expected}$`)),
    ports_recommended: ({ input, expected }) =>
      assert.match(checkOf('ephemeral_ports', input)?.detail ?? '', new RegExp(`about ${expected} used`)),
    fix_hint: ({ input, expected }) => {
      if (input === 'file_descriptors') assert.ok(checkOf(input, 10)?.fix?.includes(expected));
    },
    process_limit_text: ({ input, expected }) =>
      assert.equal(
        softLimit(input, 'Max processes'),
        typeof expected === 'number' ? expected : Number.POSITIVE_INFINITY,
      ),
    ports: ({ input, expected }) => {
      const check = systemChecks(input.clients, { isRoot: false, portRange: input.range })[2];
      assert.deepEqual([check?.ok, check?.level === 'warn'], [expected.passed, expected.warning]);
    },
  });

  holds('supervisor', {});
});

const backoffOf = (input: { initial_ms: number; max_ms: number; multiplier: number; jitter: number }) => ({
  initialMs: input.initial_ms,
  maxMs: input.max_ms,
  multiplier: input.multiplier,
  jitterRatio: input.jitter / 2,
});

function delayOf(policy: RestartPolicy, uptimeMs: number): number {
  const decision = policy.decide('error', uptimeMs);
  assert.ok(decision.restart);
  return decision.delayMs;
}

function checkOf(name: string, clients: number) {
  const limits = 'Max processes 1 1 processes\nMax open files 1 1 files\n';
  return systemChecks(clients, { limits, portRange: '1 2', isRoot: false }).find((check) => check.name === name);
}

// biome-ignore lint/suspicious/noExplicitAny: the vectors' inputs have a shape per operation
function ourArguments(input: any): readonly string[] {
  return clientArguments(
    {
      ...command,
      url: input.url,
      userAgent: input.user_agent ?? 'go-ffmpeg-hls-swarm/1.0',
      client: input.client_id ?? 1,
      stats: input.stats ?? false,
      statsLogLevel: input.ffmpeg_debug === true ? 'debug' : (input.stats_loglevel ?? 'debug'),
      reconnect: input.reconnect ?? true,
      noCache: input.no_cache ?? false,
      headers: input.headers ?? [],
      segmentRetries: 3,
    },
    newCapabilities,
  ).args;
}

/** Options as pairs without order, and without what differs everywhere for a reason of ours. */
function comparable(args: readonly string[]): readonly string[] {
  const flags = new Set(['-hide_banner', '-nostdin', '-nostats']);
  const pairs: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const name = args[index] ?? '';
    if (flags.has(name) || name === '-') pairs.push(name);
    else {
      index += 1;
      pairs.push(`${name} ${args[index]}`);
    }
  }
  return pairs
    .filter((pair) => !ADDED.some((added) => pair.startsWith(added)))
    .map((pair) =>
      pair
        .replace(/\/client-1$/, '')
        .replace('pipe:1', 'pipe:3')
        .replace('-loglevel info', '-loglevel repeat+level+info'),
    )
    .sort();
}

/** In every command of ours: the status text garbles the log, and FFmpeg 7 gives up after 3 reloads. */
const ADDED = ['-nostats', '-max_reload'];
