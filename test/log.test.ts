// The log's file and its neighbour, a file of lines: pipes that nobody reads never hold anybody up.
// What pino makes of a record is pino's.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, mkdtemp, open, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog, LineFile } from '../src/log.ts';
import { runProgram } from '../src/process.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hls-swarm-log-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A named pipe and its reader, which reads nothing by itself. */
async function stalledPipe(name: string): Promise<{ path: string; reader: FileHandle }> {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return { path, reader: await open(path, constants.O_RDONLY | constants.O_NONBLOCK) };
}

test('lines are appended in order, for their owner only', async () => {
  const path = join(folder, 'lines');
  for (const part of [0, 1]) {
    const file = new LineFile(path, (reason) => assert.fail(reason));
    for (let index = 0; index < 500; index += 1) file.write(`${part * 500 + index}\n`);
    await file.close();
  }
  const expected = Array.from({ length: 1_000 }, (_, index) => `${index}\n`).join('');
  assert.equal(await readFile(path, 'utf8'), expected);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('a pipe without a reader is refused at once', () => {
  const path = join(folder, 'unread');
  execFileSync('mkfifo', [path]);
  assert.throws(() => new LineFile(path, () => {}), /ENXIO/);
});

test('a reader that stalls delays the end by a second at most, and the loss is told', async () => {
  const { path, reader } = await stalledPipe('stalled');
  const failures: string[] = [];
  const file = new LineFile(path, (reason) => failures.push(reason));
  for (let index = 0; index < 100; index += 1) file.write(`${'x'.repeat(999)}\n`);
  const startedAt = performance.now();
  await file.close();
  assert.ok(performance.now() - startedAt < 1_800);
  assert.deepEqual(failures, ['its reader or disk does not keep up; lines are lost']);
  await reader.close();
});

test('a reader that never reads costs a bounded memory', async () => {
  const { path, reader } = await stalledPipe('full');
  const failures: string[] = [];
  const file = new LineFile(path, (reason) => failures.push(reason));
  for (let index = 0; index < 20; index += 1) file.write('x'.repeat(1_000_000));
  assert.equal(failures.length, 1);
  await file.close();
  await reader.close();
});

test('a program whose log goes to a pipe that is not read can end', async () => {
  const { path, reader } = await stalledPipe('log');
  const script = `
    import { createLog } from ${JSON.stringify(join(import.meta.dirname, '../src/log.ts'))};
    const log = createLog({ format: 'json', verbose: false, file: process.argv[1], toStderr: () => true });
    for (let index = 0; index < 200; index += 1) log.info({ padding: 'x'.repeat(1_000) }, 'filling');
    setTimeout(() => process.exit(0), 50);`;
  const limits = { timeoutMs: 5_000, maxBytes: 10_000 };
  const stalled = await runProgram(process.execPath, ['--input-type=module', '-e', script, path], limits);
  assert.deepEqual([stalled.code, stalled.timedOut], [0, false]);
  await reader.close();
  const unread = await runProgram(process.execPath, ['--input-type=module', '-e', script, path], {
    ...limits,
    maxBytes: 1_000_000,
  });
  assert.deepEqual([unread.code, unread.timedOut], [0, false]);
  assert.match(unread.stderr, /hls-swarm: log file .*ENXIO/);
});

test('what a text may not show is in no line, in either form', () => {
  for (const format of ['json', 'text'] as const) {
    const seen: string[] = [];
    const log = createLog({
      format,
      verbose: true,
      redact: (text) => text.replaceAll('secret', '…'),
      onLine: (line) => seen.push(line),
      toStderr: () => false,
    });
    log.debug({ line: 'GET /a?k=secret' }, 'ffmpeg_stderr');
    assert.match(seen.join('\n'), /GET \/a\?k=…/);
  }
});

test('the log goes to its file, one line per record', async () => {
  const path = join(folder, 'log.txt');
  const seen: string[] = [];
  const log = createLog({
    format: 'text',
    verbose: false,
    file: path,
    onLine: (line) => seen.push(line),
    toStderr: () => false,
  });
  log.info({ name: 'two words' }, 'started');
  log.debug({}, 'not asked for');
  assert.equal(seen.length, 1);
  assert.match(seen[0] ?? '', /INFO started name="two words"$/);
  while ((await readFile(path, 'utf8')) === '') assert.ok(performance.now() < 60_000);
  assert.equal(await readFile(path, 'utf8'), `${seen[0]}\n`);
});
