// The two plain-JavaScript doors into a clone: scripts/setup.js and bin/hls-swarm.js, run in copies of a small project.
// npm, apt-get and FFmpeg are stand-ins here: nothing is downloaded and nothing is installed on this machine.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { NODE_OPTIONS } from './support/program.ts';
import { requirement } from './support/require.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  if (text.startsWith('#!')) chmodSync(path, 0o755);
}

const LOCK = {
  packages: {
    '': { name: 'small' },
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
    'node_modules/b-elsewhere': { version: '1.0.0', optional: true, os: ['elsewhere'] },
    'node_modules/c-of-b': { version: '1.0.0', optional: true },
  },
};
const INSTALLED = { packages: { 'node_modules/a': LOCK.packages['node_modules/a'] } };
const TOOL = '#!/bin/sh\n';

/** A project with our two scripts, a fake npm that records and installs, and a PATH of its own. */
function project(programs: readonly string[]): { folder: string; path: string; log: string; npm: string } {
  const folder = mkdtempSync(join(tmpdir(), 'hls-swarm-setup-'));
  folders.push(folder);
  for (const script of ['scripts/setup.js', 'bin/hls-swarm.js']) cpSync(join(root, script), join(folder, script));
  const path = join(folder, 'path');
  const log = join(folder, 'log');
  const npm = join(folder, 'npm-cli.js');
  for (const program of programs) write(join(path, program), TOOL);
  write(join(folder, 'package.json'), '{"type":"module"}');
  write(join(folder, 'package-lock.json'), JSON.stringify(LOCK));
  const installed = join(folder, 'node_modules', '.package-lock.json');
  write(
    npm,
    `import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
appendFileSync(${JSON.stringify(log)}, 'npm ' + process.argv.slice(2).join(' ') + ' loglevel=' + process.env.npm_config_loglevel + '\\n');
mkdirSync(${JSON.stringify(join(folder, 'node_modules', '.bin'))}, { recursive: true });
symlinkSync(process.execPath, ${JSON.stringify(join(folder, 'node_modules', '.bin', 'node'))});
writeFileSync(${JSON.stringify(installed)}, ${JSON.stringify(JSON.stringify(INSTALLED))});
`,
  );
  return { folder, path, log, npm };
}

interface SetupResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly log: string;
}

/** A Node that this user may run: a clone in a folder of root's hides its own from everybody else. */
function nodeFor(uid: number | undefined): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const candidates = [process.execPath, ...folders.map((folder) => join(folder, 'node'))];
  const mayRun = (node: string): boolean =>
    uid === undefined || spawnSync(node, ['--version'], { uid, cwd: '/' }).status === 0;
  return candidates.find(mayRun) ?? assert.fail(`user ${uid} can run none of ${candidates.join(', ')}`);
}

function setup(
  of: ReturnType<typeof project>,
  environment: Readonly<Record<string, string>> = {},
  uid?: number,
): SetupResult {
  const result = spawnSync(nodeFor(uid), [join(of.folder, 'scripts', 'setup.js')], {
    cwd: of.folder,
    encoding: 'utf8',
    env: { PATH: of.path, npm_execpath: of.npm, npm_config_loglevel: 'error', ...environment },
    ...(uid === undefined ? {} : { uid }),
  });
  return {
    status: result.status,
    stdout: result.stdout,
    stderr: result.stderr,
    log: existsSync(of.log) ? readFileSync(of.log, 'utf8') : '',
  };
}

test('setup installs packages once, says one line, and then nothing at all', () => {
  const small = project(['ffmpeg', 'ffprobe']);
  const first = setup(small);
  assert.deepEqual(first, {
    status: 0,
    stdout: 'setup: npm ci\n',
    stderr: '',
    log: 'npm ci --include=dev --include=optional loglevel=error\n',
  });
  assert.deepEqual(setup(small), { ...first, stdout: '' });
});

test('setup installs again when the lock file says something else than what is there', () => {
  const small = project(['ffmpeg', 'ffprobe']);
  setup(small);
  for (const changed of [
    { ...LOCK.packages, 'node_modules/a': { version: '1.0.1', integrity: 'sha512-x' } },
    { ...LOCK.packages, 'node_modules/d': { version: '1.0.0' } },
    {
      ...LOCK.packages,
      'node_modules/n': { version: '1.0.0', optional: true, os: process.platform, cpu: process.arch },
    },
    { '': { name: 'small' } },
  ]) {
    write(join(small.folder, 'package-lock.json'), JSON.stringify({ packages: changed }));
    assert.equal(setup(small).stdout, 'setup: npm ci\n');
  }
});

test('setup says that npm failed, and stops', () => {
  const small = project(['ffmpeg', 'ffprobe']);
  write(small.npm, 'process.exitCode = 7;\n');
  const { status, stderr } = setup(small);
  assert.equal(status, 1);
  assert.equal(stderr, 'setup: npm ci failed (exit 7); its messages are above\n');
});

const isRoot = process.getuid?.() === 0;
const onlyRoot = { skip: isRoot ? false : 'needs root, as apt-get does' };

/** An apt-get that records its words and brings the programs when asked to install. */
function addApt(small: ReturnType<typeof project>, extra: string): void {
  const bring = ['ffmpeg', 'ffprobe']
    .map((name) => `: > ${small.path}/${name}; /bin/chmod 755 ${small.path}/${name}`)
    .join('; ');
  write(
    join(small.path, 'apt-get'),
    `${TOOL}echo "apt-get $* $DEBIAN_FRONTEND" >> ${small.log}\necho noise\n${extra}\n[ "$1" = install ] && { ${bring}; }\nexit 0\n`,
  );
}

test('as root, setup prints the apt-get command, runs it quietly, and is done', onlyRoot, () => {
  const small = project([]);
  addApt(small, '');
  const { status, stdout, stderr, log } = setup(small);
  assert.equal(
    stdout,
    'setup: npm ci\nsetup: FFmpeg is not installed; running: apt-get update && apt-get install -y --no-install-recommends ffmpeg\n',
  );
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.match(
    log,
    /apt-get update noninteractive\napt-get install -y --no-install-recommends ffmpeg noninteractive\n$/,
  );
});

test('when apt-get fails, setup shows what it said', onlyRoot, () => {
  const small = project([]);
  addApt(small, 'echo "E: no network" >&2; exit 100');
  const { status, stderr } = setup(small);
  assert.equal(status, 1);
  assert.match(stderr, /^setup: apt-get update failed:\nnoise\nE: no network\n/);
});

test('HLS_SWARM_NO_APT=1 forbids apt-get: the exact command to type, and exit 1', onlyRoot, () => {
  const small = project([]);
  addApt(small, '');
  const { status, stderr, log } = setup(small, { HLS_SWARM_NO_APT: '1' });
  assert.equal(status, 1);
  assert.equal(
    stderr,
    'setup: FFmpeg is not installed; type: apt-get update && apt-get install -y --no-install-recommends ffmpeg\n',
  );
  assert.doesNotMatch(log, /apt-get/);
});

test('another user than root is told the command with sudo', onlyRoot, () => {
  const NOBODY = 65_534;
  const small = project([]);
  addApt(small, '');
  setup(small, { HLS_SWARM_NO_APT: '1' });
  chmodSync(small.folder, 0o755);
  const linkedNode = join(small.folder, 'node_modules', '.bin', 'node');
  rmSync(linkedNode);
  write(linkedNode, TOOL);
  const { status, stderr } = setup(small, {}, NOBODY);
  assert.equal(status, 1);
  assert.match(stderr, /type: sudo apt-get update && sudo apt-get install -y --no-install-recommends ffmpeg\n$/);
});

test('where nothing is known about packages, setup still says what is missing', () => {
  const { status, stderr } = setup(project([]));
  assert.equal(status, 1);
  assert.match(stderr, /^setup: FFmpeg is not installed; (install version 5\.1 or later|type: brew)/);
});

test('npm runs the program itself, not under a shell that would keep a signal to itself', async () => {
  const { folder, path } = project([]);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  // Ends by itself in case that the signal goes astray.
  write(join(path, 'node'), '#!/bin/sh\necho up\nexec sleep 4\n');
  for (const script of ['start', 'test']) {
    // As npm does; dash forks where bash would not, and what npm adds may keep either from it.
    const shell = spawn('/bin/sh', ['-c', `${manifest.scripts[script]} && true`], {
      env: { PATH: `${path}${delimiter}/usr/bin${delimiter}/bin` },
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(shell.stdout, 'data');
    const program = await programOf(shell);
    shell.kill();
    assert.match(program, /^sleep/, `${script}: ${manifest.scripts[script]}`);
  }
});

test("setup takes a fraction of a second when this very tree's list of packages is as wanted", () => {
  const small = project(['ffmpeg', 'ffprobe']);
  setup(small);
  cpSync(join(root, 'package-lock.json'), join(small.folder, 'package-lock.json'));
  cpSync(join(root, 'node_modules', '.package-lock.json'), join(small.folder, 'node_modules', '.package-lock.json'));
  const { status, stdout } = setup(small);
  assert.deepEqual([status, stdout], [0, '']);
});

/** The command line of a process whose own program is the shell that was to become it; the shell's, when it never becomes another. */
async function programOf(shell: ChildProcess): Promise<string> {
  const deadline = performance.now() + 1_500;
  for (;;) {
    // Empty in the middle of an exec, and the shell's own still just before it.
    const program = readFileSync(`/proc/${shell.pid}/cmdline`, 'utf8');
    if ((program !== '' && !program.startsWith('/bin/sh')) || performance.now() > deadline) return program;
    await sleep(5);
  }
}

/** A Node too old for us, if this machine has one: then the launcher must start the one that came with the packages. */
function oldNode(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, 'node');
    if (!existsSync(candidate)) continue;
    const { stdout } = spawnSync(candidate, ['-p', 'process.versions.node'], { encoding: 'utf8' });
    const major = Number(stdout.split('.')[0]);
    if (major >= 18 && major < 24) return candidate;
  }
  return undefined;
}

const old = oldNode();
const needsOldNode = { skip: old === undefined ? 'no Node from 18 to 23 on the PATH' : false };

/** A project whose main is `text`, with the Node that runs this test linked where npm would link it. */
function launcher(text: string, entry = 'src/main.ts'): string {
  const { folder } = project([]);
  write(join(folder, entry), text);
  mkdirSync(join(folder, 'node_modules', '.bin'), { recursive: true });
  symlinkSync(process.execPath, join(folder, 'node_modules', '.bin', 'node'));
  return folder;
}

function launch(folder: string, node: string, args: readonly string[]): ChildProcess {
  return spawn(node, [join(folder, 'bin', 'hls-swarm.js'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function firstLine(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout);
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return chunk.toString().trim();
}

const PRINT =
  'const text: string = JSON.stringify([process.versions.node, ...process.argv.slice(2)]);\nconsole.log(text);\nprocess.exitCode = 98;\n';
/** Prints its pid, stays, and answers signals; a second one is counted. */
const STAY = `let count = 0;
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => { count += 1; setTimeout(() => process.exit(40 + count), 50); });
setInterval(() => {}, 60_000);
console.log(process.pid);
`;

test('the launcher hands on arguments and exit code, under this Node when it is new enough', () => {
  const folder = launcher(PRINT);
  const result = spawnSync(process.execPath, [join(folder, 'bin', 'hls-swarm.js'), '-a', 'b c'], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(result.stdout), [process.versions.node, '-a', 'b c']);
  assert.equal(result.status, 98);
});

test('the launcher keeps the heap small, as npm start does, without a second process or a word', () => {
  const folder = launcher('console.log(JSON.stringify([process.pid, ...process.execArgv]));\n');
  const { pid, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'bin', 'hls-swarm.js')], {
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(stdout), [pid, ...NODE_OPTIONS]);
  assert.equal(stderr, '');
  const asked = '--max-semi-space-size=64';
  const own = spawnSync(process.execPath, [asked, join(folder, 'bin', 'hls-swarm.js')], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(own.stdout), [own.pid, asked]);
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  assert.match(scripts['start'] ?? '', new RegExp(`node ${NODE_OPTIONS.join(' ')} `));
});

test('the launcher prefers what a package was built to', () => {
  const folder = launcher('console.log("built");\n', 'dist/main.js');
  const result = spawnSync(process.execPath, [join(folder, 'bin', 'hls-swarm.js')], { encoding: 'utf8' });
  assert.equal(result.stdout, 'built\n');
});

test('an old Node starts the one that npm linked, with the same arguments and exit code', needsOldNode, () => {
  const folder = launcher(PRINT);
  const result = spawnSync(old ?? '', [join(folder, 'bin', 'hls-swarm.js'), '-a', 'b c'], { encoding: 'utf8' });
  assert.deepEqual(JSON.parse(result.stdout), [process.versions.node, '-a', 'b c']);
  assert.equal(result.status, 98);
});

test('an old Node without a new one says what to do', needsOldNode, () => {
  const folder = launcher(PRINT);
  rmSync(join(folder, 'node_modules'), { recursive: true });
  const result = spawnSync(old ?? '', [join(folder, 'bin', 'hls-swarm.js')], { encoding: 'utf8' });
  assert.equal(result.status, 1);
  assert.match(result.stderr, /^hls-swarm: needs Node 24\.12 or later, and this is .*; run "npm ci" in /);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(
    `${signal} sent to the launcher reaches main exactly once, and the launcher ends after it with its code`,
    needsOldNode,
    async () => {
      const child = launch(launcher(STAY), old ?? '', []);
      const exited = once(child, 'exit');
      await firstLine(child);
      child.kill(signal);
      assert.deepEqual(await exited, [41, null]);
    },
  );
}

test('when a signal ends main, the launcher ends by the same signal', needsOldNode, async () => {
  const child = launch(launcher(STAY), old ?? '', []);
  const exited = once(child, 'exit');
  process.kill(Number(await firstLine(child)), 'SIGKILL');
  assert.deepEqual(await exited, [null, 'SIGKILL']);
});

test('a killed launcher leaves no main behind', { skip: needsOldNode.skip || requirement('setpriv') }, async () => {
  const child = launch(launcher(STAY), old ?? '', []);
  const exited = once(child, 'exit');
  const pid = Number(await firstLine(child));
  child.kill('SIGKILL');
  await exited;
  const deadline = 200;
  for (let attempt = 0; isRunning(pid) && attempt < deadline; attempt += 1) await sleep(10);
  assert.equal(isRunning(pid), false);
});

function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') === false;
  } catch {
    return false;
  }
}
