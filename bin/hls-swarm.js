#!/usr/bin/env node
// Starts hls-swarm under a Node that runs TypeScript: this one if it is new enough, else the one that `npm ci` brought.
// Plain JavaScript for Node 18 and later; it reads no option and prints nothing of its own but "no such Node".
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The first Node that strips types without a flag or a warning. */
const LEAST_NODE = [24, 12];
/**
 * `npm start` says the same. Young objects have 32 MiB, from the beginning, before they are looked through: what lives for a second,
 * as the rows of 1,000 clients, dies there, and memory does not grow late, step by step, as if something leaked. Dead old ones may
 * take 120 % of what the living take. Left alone, V8 gives the young 64 MiB and more on a large machine, and waits until the old are
 * three times the living: with 1,000 clients that is a third of all the memory, for nothing.
 * Functions are made fast once, not a little first (Maglev): while the clients start two cores are full, and a sixth of what our
 * threads took then went into that little.
 */
const YOUNG_OPTION = '--max-semi-space-size';
const ENGINE = ['--min-semi-space-size=32', `${YOUNG_OPTION}=32`, '--heap-growing-percent=120', '--no-maglev'];
/** Signals that a person or a service manager sends to the process that it started: this one. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR2'];
/** What shells report for a program that a signal ended. */
const SIGNAL_EXIT_BASE = 128;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const built = join(root, 'dist', 'main.js');
const entry = existsSync(built) ? built : join(root, 'src', 'main.ts');

if (isNewEnough(process.versions.node)) {
  // Only a new program takes the option. It keeps the process, and what has been said to it.
  if (process.execve !== undefined && !process.execArgv.some((word) => word.startsWith(YOUNG_OPTION)))
    process.execve(process.execPath, [
      process.execPath,
      ...process.execArgv,
      ...ENGINE,
      entry,
      ...process.argv.slice(2),
    ]);
  // main reads its arguments from argv[2] on, as if it had been started itself.
  process.argv[1] = entry;
  await import(pathToFileURL(entry).href);
} else {
  const node = bundledNode();
  if (node === undefined) {
    console.error(
      `hls-swarm: needs Node ${LEAST_NODE.join('.')} or later, and this is ${process.versions.node}; run "npm ci" in ${root}, or install it`,
    );
    process.exitCode = 1;
  } else runUnder(node);
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
}

/** Inside a clone npm links it under .bin; as a dependency of something else only its package can be resolved. */
function bundledNode() {
  const linked = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(linked)) return linked;
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`);
    const binary = join(dirname(manifest), 'bin', 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

function runUnder(node) {
  const words = [...dieWithParent(), node, ...ENGINE, entry, ...process.argv.slice(2)];
  const child = spawn(words[0], words.slice(1), { stdio: 'inherit' });
  const isInTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  // A terminal sends Ctrl-C and Ctrl-\ to its whole foreground group: the child has it already, and a second copy would
  // mean "stop at once". We only must not die before the child does.
  for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => isInTerminal || child.kill(signal));
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`hls-swarm: cannot start ${words[0]}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? SIGNAL_EXIT_BASE + (constants.signals[signal] ?? 0);
    if (signal === null) return;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

/** A killed parent must not leave a swarm behind: where util-linux can tie the child's life to ours, it does. */
function dieWithParent() {
  const words = ['setpriv', '--pdeathsig', 'KILL', '--'];
  return spawnSync(words[0], [...words.slice(1), 'true'], { stdio: 'ignore' }).status === 0 ? words : [];
}
