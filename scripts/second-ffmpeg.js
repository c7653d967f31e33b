// Brings a second FFmpeg for the system tests: the static 7.0.2 of a Python package, by Python's own package tool, kept in
// node_modules/.cache. Prints its path and nothing else. Linux on x86-64 only; no test depends on it, nothing is installed.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Pinned by content: what comes is run. */
const PACKAGE =
  'imageio-ffmpeg==0.6.0 --hash=sha256:c7e46fcec401dd990405049d2e2f475e2b397779df2519b544b8aab515195282\n';
const TIMEOUT_MS = 300_000;

const cache = join(dirname(dirname(fileURLToPath(import.meta.url))), 'node_modules', '.cache', 'hls-swarm');
const ffmpeg = join(cache, 'ffmpeg-7.0.2', 'ffmpeg');

try {
  if (!canRun(ffmpeg)) bring();
  console.log(ffmpeg);
} catch (error) {
  console.error(`second-ffmpeg: ${error.message}`);
  process.exitCode = 1;
}

function bring() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `there is none for ${process.platform}-${process.arch}; point HLS_SWARM_SECOND_FFMPEG to one of your own`,
    );
  }
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'part-'));
  try {
    writeFileSync(join(folder, 'wanted.txt'), PACKAGE);
    const options = [
      '--quiet',
      '--disable-pip-version-check',
      '--no-deps',
      '--only-binary',
      ':all:',
      '--require-hashes',
    ];
    python('-m', 'pip', 'download', ...options, '-r', join(folder, 'wanted.txt'), '-d', folder);
    const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
    python('-m', 'zipfile', '-e', join(folder, wheel), folder);
    const binaries = join(folder, 'imageio_ffmpeg', 'binaries');
    const binary = readdirSync(binaries).find((name) => name.startsWith('ffmpeg-'));
    chmodSync(join(binaries, binary), 0o755);
    mkdirSync(dirname(ffmpeg), { recursive: true });
    renameSync(join(binaries, binary), ffmpeg);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function python(...args) {
  const result = spawnSync('python3', args, { encoding: 'utf8', timeout: TIMEOUT_MS });
  if (result.status === 0) return;
  throw new Error(`python3 ${args.join(' ')} failed:\n${result.error?.message ?? result.stderr.trim()}`);
}

function canRun(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
