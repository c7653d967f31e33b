// The recorded behaviour of go-ffmpeg-hls-swarm for the rooms that swarm/ rebuilds, read from where it was collected.
// Where we differ is in ../support/peer-differences.ts; a vector that is neither equal nor listed fails. The log's vectors are
// in peer-log-vectors.test.ts, those of ramp and supervision in peer-supervision-vectors.test.ts.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { clientArguments } from '../../src/swarm/arguments.ts';
import { chooseProgram, ffprobeBeside, parsePrograms, resolveMapping } from '../../src/swarm/probe.ts';
import { holds } from '../support/peer-vectors.ts';
import { command, newCapabilities } from '../support/swarm.ts';

describe('recorded behaviour', () => {
  holds('ffmpeg_args', {
    args: ({ input, expected }) => assert.deepEqual(comparable(ourArguments(input)), comparable(expected)),
    map: async ({ input, expected }) => {
      // A program is what a probe found for these two; nobody probes for the others.
      if (input.program_id >= 0 && (input.variant === 'highest' || input.variant === 'lowest')) {
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
    // Where there is none beside it: the folder of a path is one that no machine has.
    find_ffprobe: ({ input, expected }) =>
      assert.equal(ffprobeBeside(input.ffmpeg.replace(/^\//, '/no/such/')), expected),
    bitrate: ({ input, expected }) => {
      const [program] = parsePrograms(JSON.stringify({ programs: [programOf(input)] })) ?? [];
      // The peer's 0 for what is no bandwidth is absent here.
      assert.equal(program?.bandwidthBitsPerSecond ?? 0, Number(expected));
    },
    select: ({ input, expected, truth }) => {
      const programs = input.programs.map(({ id, bitrate }: { id: number; bitrate: number | null }) =>
        bitrate === null ? { id } : { id, bandwidthBitsPerSecond: bitrate },
      );
      assert.equal(chooseProgram(programs, input.variant)?.id, (truth ?? expected).program_id);
    },
  });
});

// biome-ignore lint/suspicious/noExplicitAny: the vectors' inputs have a shape per operation
function ourArguments(input: any): readonly string[] {
  return clientArguments(
    {
      ...command,
      url: input.url,
      userAgent: input.user_agent ?? 'go-ffmpeg-hls-swarm/1.0',
      client: input.client_id ?? 0,
      userAgentSuffix: (input.client_id ?? 0) > 0,
      map: input.variant === undefined || input.variant === 'all' ? ['0'] : mapOf(input),
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

function programOf(bitrate: string) {
  return { program_id: 0, tags: { variant_bitrate: bitrate } };
}

/** As the peer's builder has it: by program when one was probed. */
function mapOf({ variant, program_id: program = -1 }: { variant: string; program_id?: number }): readonly string[] {
  return program >= 0 && variant !== 'first' ? [`0:p:${program}`] : ['0:v:0?', '0:a:0?'];
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
    .map((pair) => pair.replace('pipe:1', 'pipe:3').replace('-loglevel info', '-loglevel repeat+level+info'))
    .sort();
}

/** In every command of ours: the status text garbles the log, and FFmpeg 7 gives up after 3 reloads. */
const ADDED = ['-nostats', '-max_reload'];
