// What `npm start` and `npm test` do first: packages, a Node that runs TypeScript, FFmpeg. One line per step that acts.
// Plain JavaScript for any Node from 18 on, with nothing installed; when all is there it says nothing and costs a file read.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LEAST_NODE = [24, 12];
const PROGRAMS = ['ffmpeg', 'ffprobe'];
const APT_COMMANDS = [
  ['apt-get', 'update'],
  ['apt-get', 'install', '-y', '--no-install-recommends', 'ffmpeg'],
];

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const linkedNode = join(root, 'node_modules', '.bin', 'node');

const problem = installPackages() ?? checkNode() ?? installFfmpeg();
if (problem !== undefined) {
  console.error(`setup: ${problem}`);
  process.exitCode = 1;
}

/** Each step returns what is wrong, or undefined. */
function installPackages() {
  if (packagesAreCurrent()) return undefined;
  console.log('setup: npm ci');
  // Development and platform packages are part of it whatever the user's configuration leaves out elsewhere: the tests and
  // Node itself come that way. All else of the outer npm (offline, registry, loglevel) is inherited.
  const command = [...npm(), 'ci', '--include=dev', '--include=optional'];
  const result = spawnSync(command[0], command.slice(1), { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (result.status === 0) return undefined;
  return `npm ci failed (${result.error?.message ?? `exit ${result.status ?? result.signal}`}); its messages are above`;
}

/** node_modules holds what package-lock.json asks for: npm keeps its own list there, which is compared by content. */
function packagesAreCurrent() {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || installed === undefined) return false;
  const isMet = ([path, entry]) => {
    if (path === '') return true;
    const found = installed[path];
    // Packages for other platforms, and what only those need, are in the lock and never installed here.
    if (found === undefined) return entry.optional === true && !fitsHere(entry);
    return found.version === entry.version && found.integrity === entry.integrity;
  };
  return Object.entries(wanted).every(isMet) && Object.keys(installed).every((path) => path in wanted);
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** True only for a package that says it is for this machine; one that names a C library may be for another. */
function fitsHere({ os, cpu, libc }) {
  const names = (value, name) => [value].flat().includes(name);
  return names(os, process.platform) && names(cpu, process.arch) && libc === undefined;
}

/** The npm that runs us, under the Node that runs it; else the one on the PATH. */
function npm() {
  const script = process.env.npm_execpath;
  return script !== undefined && /npm-cli\.c?js$/.test(script) ? [process.execPath, script] : ['npm'];
}

function checkNode() {
  if (canRun(linkedNode) || isNewEnough(process.versions.node)) return undefined;
  return `needs Node ${LEAST_NODE.join('.')} or later; this is ${process.versions.node}, and no package brings one for ${process.platform}-${process.arch}`;
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
}

function installFfmpeg() {
  if (PROGRAMS.every(onPath)) return undefined;
  const isRoot = process.getuid?.() === 0;
  const mayInstall =
    process.env.HLS_SWARM_NO_APT !== '1' && isRoot && process.platform === 'linux' && onPath('apt-get');
  if (!mayInstall) return `FFmpeg is not installed; ${commandToType(isRoot)}`;
  console.log(`setup: FFmpeg is not installed; running: ${APT_COMMANDS.map((words) => words.join(' ')).join(' && ')}`);
  for (const [command, ...words] of APT_COMMANDS) {
    const result = spawnSync(command, words, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (result.status !== 0) {
      return `${command} ${words.join(' ')} failed:\n${result.stdout ?? ''}${result.stderr ?? result.error?.message}`;
    }
  }
  return PROGRAMS.every(onPath) ? undefined : 'apt-get installed ffmpeg, but it is not on the PATH';
}

function commandToType(isRoot) {
  if (process.platform === 'darwin') return 'type: brew install ffmpeg';
  if (!onPath('apt-get')) return `install version 5.1 or later with your system's package manager, then try again`;
  const sudo = isRoot ? '' : 'sudo ';
  return `type: ${APT_COMMANDS.map((words) => `${sudo}${words.join(' ')}`).join(' && ')}`;
}

function onPath(program) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder !== '' && canRun(join(folder, program)));
}

function canRun(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
