// The recorded behaviour of go-ffmpeg-hls-swarm's preflight, read from where it was collected, held against ours.
// Where we differ is in ../support/peer-differences.ts; a vector that is neither equal nor listed fails.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { probeCapabilities, versionOf } from '../../src/swarm/capabilities.ts';
import { type Check, formatCheck, havePassed } from '../../src/swarm/check.ts';
import { ffmpegCheck } from '../../src/swarm/ffmpeg-checks.ts';
import { softLimit, systemChecks } from '../../src/swarm/system-limits.ts';
import { differenceOf } from '../support/peer-differences.ts';
import { holds } from '../support/peer-vectors.ts';

const NEEDS = { isHttps: false, isTapped: true };
/** What both ask for. */
const PORTS_PER_CLIENT = 4;
/** The original's own count of a range. */
const PORTS_AVAILABLE = /^(\d+) ephemeral ports/;

/** One client less than the machine grants nothing: every check has something to say. */
function checkOf(name: string, clients: number): Check | undefined {
  const limits = 'Max processes 1 1 processes\nMax open files 1 1 files\n';
  return systemChecks(clients, { limits, portRange: '1 2', isRoot: false }).find((check) => check.name === name);
}

async function ffmpegCheckOf(path: string): Promise<Check> {
  return ffmpegCheck(await probeCapabilities(path), path, NEEDS);
}

describe('recorded behaviour', () => {
  holds('preflight', {
    fd_required: ({ input, expected }) =>
      assert.match(checkOf('file_descriptors', input)?.fix ?? '', new RegExp(`ulimit -n ${expected}$`)),
    process_required: ({ input, expected }) =>
      assert.match(checkOf('process_limit', input)?.fix ?? '', new RegExp(`ulimit -u ${expected}$`)),
    ports_recommended: ({ input, expected }) =>
      assert.match(
        checkOf('ephemeral_ports', input)?.detail ?? '',
        new RegExp(` ${expected} connections to the origin`),
      ),
    fix_hint: async ({ input, expected }) => {
      const check = input === 'ffmpeg' ? await ffmpegCheckOf('/no/such/ffmpeg') : checkOf(input, 10);
      assert.ok((check?.fix ?? '').includes(expected), check?.fix);
    },
    process_limit_text: ({ input, expected, truth }) => {
      const soft = truth ?? expected;
      assert.equal(softLimit(input, 'Max processes'), typeof soft === 'number' ? soft : Number.POSITIVE_INFINITY);
    },
    ports: (vector) => {
      const { input, expected } = vector;
      // The original has no doors.
      const facts = { isRoot: false, portRange: input.range };
      const check = systemChecks(input.clients, facts, { isTapped: false })[2];
      const available = Number(PORTS_AVAILABLE.exec(check?.detail ?? '')?.[1]);
      const oneMore = differenceOf('preflight', vector, 'available') === undefined ? 0 : 1;
      assert.equal(available, expected.available + oneMore);
      const isJustEnough = oneMore > 0 && available === PORTS_PER_CLIENT * input.clients;
      assert.deepEqual([check?.ok, check?.level === 'warn'], [expected.passed, expected.warning && !isJustEnough]);
    },
    line: ({ input, expected }) => {
      const { name, passed, warning = false, message = '', actual = '', required = '' } = input;
      const level = !passed ? 'fail' : warning ? 'warn' : 'ok';
      const line = formatCheck({ name, ok: passed, level, detail: `${message}${actual} found, ${required} needed` });
      assert.ok(line.startsWith(`${expected.symbol} ${name}: `), line);
      for (const part of expected.contains ?? []) assert.ok(line.includes(part), line);
    },
    ffmpeg: async ({ input, expected }) => assert.equal((await ffmpegCheckOf(input)).ok, expected.passed),
    overall: ({ input, expected }) =>
      assert.equal(havePassed(input.map(({ passed }: { passed: boolean }) => ({ ok: passed }))), expected),
    version: ({ input, expected }) => assert.equal(versionOf(input) ?? 'unknown', expected),
  });
});
