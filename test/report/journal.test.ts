// The journal on good, slow, full and closed files: what is in it, what is lost, and that both add up.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { chmod, mkdtemp, open as openFile, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import type { Event, LinesEvent, TransferEvent } from '../../src/events.ts';
import { openJournal } from '../../src/report/journal.ts';
import { writtenLine } from '../support/journal.ts';
import { makeSnapshot } from '../support/snapshot.ts';

const SUMMARY = makeSnapshot().summary;
let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hls-swarm-journal-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const RUN: Event = {
  type: 'run',
  id: 'r1',
  startedAt: '2026-11-21T09:30:00.000Z',
  startedAtWallMs: 1,
  url: 'http://o/live.m3u8',
  clients: 2,
  variant: 'all',
  version: '1.0.0',
  ffmpeg: '5.1.9',
  node: '24.21.0',
  proxyWorkers: 1,
  seed: 1,
  durationSeconds: 60,
  isLive: true,
  isTapped: true,
};

const TRANSFER: TransferEvent = {
  stopping: false,
  integrity: 'complete',
  termination: '--',
  injected: null,
  stale: false,
  early: false,
  longestGapMs: 1,
  clientBlockedMs: 0,
  totalMs: 3,
  phases: { receiveMs: 2, waitMs: 1 },
  deliveredBytes: 120,
  contentBytes: 100,
  framingBytes: 0,
  interimHeadBytes: 0,
  responseHeadBytes: 20,
  requestBodyBytes: 0,
  requestHeadBytes: 30,
  startedAtMs: 5,
  startedAtWallMs: 6,
  cache: 'unknown',
  status: 206,
  range: [0, null],
  kind: 'segment',
  url: 'http://o/seg1.ts',
  method: 'GET',
  requestIndex: 1,
  connection: 1,
  process: 1,
  client: 7,
  type: 'transfer',
};

const lines = (index: number): LinesEvent => ({
  type: 'lines',
  atMs: index,
  stderrLines: index,
  progressLines: 0,
  unparsedLines: 0,
  droppedStderrLines: 0,
  droppedProgressLines: 0,
  overlongLines: 0,
});

/** Octets of the first so many `lines` records. */
const lengthOf = (count: number): number =>
  Array.from({ length: count }, (_, index) => writtenLine(lines(index)).length).reduce(
    (sum, length) => sum + length,
    0,
  );

const recordsOf = async (path: string): Promise<{ type: string; atMs?: number }[]> => {
  const text = await readFile(path, 'utf8');
  assert.ok(text === '' || text.endsWith('\n'), 'the file ends in a complete line');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
};

const open = async (path: string, queueLimitBytes?: number) => {
  const counted = { lost: 0, failures: [] as string[] };
  const journal = await openJournal(path, {
    onLost: (count) => {
      counted.lost += count;
    },
    onFailure: (message) => counted.failures.push(message),
    ...(queueLimitBytes === undefined ? {} : { queueLimitBytes }),
  });
  return { journal, counted };
};

test('the journal of the run before stays as it is until the new run begins', async () => {
  const path = join(folder, 'before.ndjson');
  await writeFile(path, 'the run before\n');
  for (const journal of [(await open(path)).journal, (await open(path)).journal]) {
    journal.write(lines(1));
    await journal.abandon();
    assert.equal(await readFile(path, 'utf8'), 'the run before\n');
  }
  await writeFile(path, '');
  await (await open(path)).journal.abandon();
  assert.ok(existsSync(path), 'an empty file that was there is not ours to remove');
  await writeFile(path, 'x'.repeat(10_000));
  const { journal } = await open(path);
  journal.write(RUN);
  await journal.end(SUMMARY);
  assert.deepEqual(
    (await recordsOf(path)).map(({ type }) => type),
    ['run', 'summary'],
  );
});

test('a journal of a run that never began leaves no file, one that broke off keeps its whole lines', async () => {
  const early = join(folder, 'early.ndjson');
  await (await openJournal(early, { onLost: () => assert.fail('a record was lost') })).abandon();
  assert.equal(existsSync(early), false);
  const broken = join(folder, 'broken.ndjson');
  const journal = await openJournal(broken, { onLost: () => assert.fail('a record was lost') });
  journal.write(RUN);
  await journal.abandon();
  await journal.abandon();
  assert.equal(await readFile(broken, 'utf8'), writtenLine(RUN));
});

describe('the journal', () => {
  test('begins with run, ends with summary, keeps the order, and leaves out batch records', async () => {
    const path = join(folder, 'order.ndjson');
    const { journal, counted } = await open(path);
    journal.write(RUN);
    journal.write(TRANSFER);
    journal.write({ type: 'batch', worker: 0, atMs: 1, meters: {}, lostRecords: 0 });
    journal.write(lines(1));
    journal.write({
      type: 'segment-listed',
      atMs: 2,
      url: 'u',
      playlistUrl: 'p',
      mediaSequence: 3,
      durationSeconds: 2,
    });
    await journal.end(SUMMARY);
    const records = await recordsOf(path);
    assert.deepEqual(
      records.map(({ type }) => type),
      ['run', 'transfer', 'lines', 'segment-listed', 'summary'],
    );
    assert.deepEqual(records.at(-1), { type: 'summary', ...JSON.parse(JSON.stringify(SUMMARY)) });
    assert.deepEqual([journal.failure, journal.lostRecords, counted.lost], [undefined, 0, 0]);
  });

  test('puts run first although preflight had records before it', async () => {
    const path = join(folder, 'early.ndjson');
    const { journal } = await open(path);
    journal.write(lines(1));
    journal.write(lines(2));
    journal.write(RUN);
    journal.write(lines(3));
    await journal.end(SUMMARY);
    const records = await recordsOf(path);
    assert.deepEqual(
      records.map(({ type, atMs }) => atMs ?? type),
      ['run', 1, 2, 3, 'summary'],
    );
  });

  test('is readable by its owner only, even when the file was there with wider rights', async () => {
    const path = join(folder, 'mode.ndjson');
    await writeFile(path, 'an older journal\n');
    await chmod(path, 0o666);
    const { journal } = await open(path);
    await journal.end(SUMMARY);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await recordsOf(path)).length, 1, 'the older content is gone');
  });

  test('writes a transfer in the field order of the contract, whatever order the tap used', () => {
    const line = writtenLine(TRANSFER);
    assert.equal(
      line,
      '{"type":"transfer","client":7,"process":1,"connection":1,"requestIndex":1,"method":"GET","url":"http://o/seg1.ts",' +
        '"kind":"segment","range":[0,null],"status":206,"cache":"unknown","startedAtWallMs":6,"startedAtMs":5,' +
        '"requestHeadBytes":30,"requestBodyBytes":0,"responseHeadBytes":20,"interimHeadBytes":0,"framingBytes":0,' +
        '"contentBytes":100,"deliveredBytes":120,"phases":{"waitMs":1,"receiveMs":2},"totalMs":3,"clientBlockedMs":0,' +
        '"longestGapMs":1,"early":false,"stale":false,"injected":null,"termination":"--","integrity":"complete","stopping":false}\n',
    );
  });

  test('gives back every record as it was, on one line, whatever text is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.option(fc.nat(), { nil: undefined }), (text, status) => {
        const { status: _, ...rest } = TRANSFER;
        const event: TransferEvent = { ...rest, url: text, ...(status === undefined ? {} : { status }) };
        const line = writtenLine(event);
        assert.equal(line.indexOf('\n'), line.length - 1);
        assert.deepEqual(JSON.parse(line), event);
      }),
    );
  });

  test('takes 100,000 records in order without losing one', async () => {
    const path = join(folder, 'many.ndjson');
    const { journal, counted } = await open(path);
    journal.write(RUN);
    for (let index = 0; index < 100_000; index += 1) {
      journal.write(lines(index));
      if (index % 10_000 === 0) await nextTurn();
    }
    await journal.end(SUMMARY);
    const records = await recordsOf(path);
    assert.equal(records.length, 100_002);
    assert.ok(records.slice(1, -1).every(({ atMs }, index) => atMs === index));
    assert.equal(counted.lost, 0);
  });

  test('that is written within one turn is flushed without an end', async () => {
    const path = join(folder, 'flush.ndjson');
    const { journal } = await open(path);
    journal.write(RUN);
    await journal.flush();
    assert.equal((await recordsOf(path)).length, 1);
    journal.write(lines(1));
    await journal.flush();
    assert.equal((await recordsOf(path)).length, 2);
    await journal.end(SUMMARY);
  });

  test('counts as lost what a slow disk leaves no room for, and still ends with the summary', async () => {
    const path = join(folder, 'slow.ndjson');
    const { journal, counted } = await open(path, 2_000);
    for (let index = 0; index < 500; index += 1) journal.write(lines(index));
    await journal.end(SUMMARY);
    const records = await recordsOf(path);
    assert.equal(records.at(-1)?.type, 'summary');
    assert.ok(counted.lost > 0);
    assert.equal(records.length - 1 + counted.lost, 500, 'written + lost = all');
    assert.equal(journal.failure, undefined, 'an overflow does not end the journal');
  });

  test('after its end loses what comes, and a second end does nothing', async () => {
    const path = join(folder, 'ended.ndjson');
    const { journal, counted } = await open(path);
    await journal.end(SUMMARY);
    journal.write(lines(1));
    await journal.end(SUMMARY);
    assert.equal((await recordsOf(path)).length, 1);
    assert.equal(counted.lost, 1);
  });
});

describe('a journal that cannot be written', () => {
  test('because of its path is refused with the path and the reason', async () => {
    const path = join(folder, 'no', 'such', 'folder.ndjson');
    await assert.rejects(openJournal(path, { onLost: () => {} }), (error: Error) => {
      assert.match(error.message, /--journal/);
      assert.ok(error.message.includes(path) && error.message.includes('ENOENT'));
      return true;
    });
    await assert.rejects(openJournal(folder, { onLost: () => {} }), /EISDIR/);
  });

  test('because the disk is full says so once, counts every record and leaves the device alone', {
    skip: existsSync('/dev/full') ? false : 'no /dev/full here',
  }, async () => {
    const mode = (await stat('/dev/full')).mode;
    const { journal, counted } = await open('/dev/full');
    journal.write(RUN);
    journal.write(TRANSFER);
    await journal.flush();
    assert.match(journal.failure ?? '', /'\/dev\/full' ends early: .*ENOSPC/);
    journal.write(lines(1));
    await journal.end(SUMMARY);
    assert.equal(counted.failures.length, 1);
    assert.equal(counted.lost, 4, 'run, transfer, lines and summary');
    assert.equal((await stat('/dev/full')).mode, mode);
  });

  test('because the file may not grow keeps its complete lines only, and all records are accounted for', async () => {
    const path = join(folder, 'limited.ndjson');
    const script = `
      import { openJournal } from ${JSON.stringify(join(import.meta.dirname, '../../src/report/journal.ts'))};
      let lost = 0;
      const journal = await openJournal(${JSON.stringify(path)}, { onLost: (count) => { lost += count; } });
      for (let index = 0; index < 300; index += 1) {
        journal.write({ type: 'finding', atMs: index, code: 'bypass', subject: 'x'.repeat(index % 90), evidence: '' });
        if (index % 50 === 0) await journal.flush();
      }
      await journal.end({});
      console.log(JSON.stringify({ lost, failure: journal.failure }));`;
    // `ulimit -f` stands in for a disk that fills up: a write is taken in part, the next one is refused.
    const child = spawnSync(
      'sh',
      ['-c', 'ulimit -f 40; exec "$0" "$@"', process.execPath, '--input-type=module', '-e', script],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(child.stderr, '');
    const { lost, failure } = JSON.parse(child.stdout) as { lost: number; failure: string };
    assert.match(failure, /EFBIG/);
    const records = await recordsOf(path);
    assert.ok(records.length > 100);
    assert.equal(records.length + lost, 301, 'written + lost = all, the summary included');
  });

  test('tells of its losses without losing the telling: an echo of onLost never calls onLost again', async () => {
    for (const [path, queueLimitBytes] of [
      ['/dev/full', undefined],
      [join(folder, 'echo.ndjson'), 2_000],
    ] as const) {
      let isInside = false;
      const told: number[] = [];
      const journal = await openJournal(path, {
        ...(queueLimitBytes === undefined ? {} : { queueLimitBytes }),
        onLost: (records) => {
          assert.equal(isInside, false, 'onLost within onLost');
          isInside = true;
          told.push(records);
          journal.write({ type: 'lost', atMs: 1, where: 'journal', records });
          isInside = false;
        },
      });
      for (let index = 0; index < 100; index += 1) journal.write(lines(index));
      await journal.flush();
      journal.write(lines(100));
      await journal.end(SUMMARY);
      const total = told.reduce((sum, records) => sum + records, 0);
      assert.equal(journal.lostRecords, total);
      if (queueLimitBytes === undefined) continue;
      const records: { type: string; records?: number }[] = await recordsOf(path);
      assert.deepEqual(
        records.slice(-3).map(({ type }) => type),
        ['lost', 'lines', 'summary'],
      );
      assert.equal(records.at(-3)?.records, total, 'one record tells of all of them, as soon as there is room');
      assert.equal(records.filter(({ type }) => type === 'lines').length + total, 101);
    }
  });

  test('because its reader left ends with EPIPE and counts the rest as lost', async () => {
    const path = join(folder, 'pipe');
    assert.equal(spawnSync('mkfifo', [path]).status, 0);
    const reader = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { journal, counted } = await open(path);
    journal.write(RUN);
    await journal.flush();
    await reader.close();
    for (let index = 0; index < 10; index += 1) journal.write(lines(index));
    await journal.end(SUMMARY);
    assert.match(journal.failure ?? '', /EPIPE/);
    assert.equal(counted.lost, 11);
  });

  test('because nobody reads the pipe is refused at once', async () => {
    const path = join(folder, 'unread');
    assert.equal(spawnSync('mkfifo', [path]).status, 0);
    await assert.rejects(open(path), (error: Error) => {
      assert.match(error.message, /^--journal: cannot open .*ENXIO.*; start the reader of the pipe first/);
      return true;
    });
  });

  test('because its reader stalls ends within a second, and written + lost = all', async () => {
    const path = join(folder, 'stalled');
    assert.equal(spawnSync('mkfifo', [path]).status, 0);
    const reader = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { journal, counted } = await open(path);
    journal.write(RUN);
    for (let index = 0; index < 2_000; index += 1) journal.write(lines(index));
    const startedAt = performance.now();
    await journal.flush();
    await journal.end(SUMMARY);
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs > 800 && tookMs < 1_800, `${tookMs} ms`);
    assert.match(journal.failure ?? '', /ends early: the reader of the pipe does not keep up/);
    assert.equal(counted.failures.length, 1);
    const { buffer, bytesRead } = await reader.read(Buffer.alloc(1_000_000));
    await reader.close();
    const whole = buffer.toString('utf8', 0, bytesRead).split('\n').length - 1;
    assert.equal(whole + counted.lost, 2_002);
  });

  test('for a while because its reader pauses loses nothing', async () => {
    const path = join(folder, 'pausing');
    assert.equal(spawnSync('mkfifo', [path]).status, 0);
    const reader = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const { journal, counted } = await open(path);
    journal.write(RUN);
    for (let index = 0; index < 2_000; index += 1) journal.write(lines(index));
    const flushed = journal.flush();
    await pause(100);
    let bytes = 0;
    const buffer = Buffer.alloc(65_536);
    const drain = async (): Promise<void> => {
      for (;;) {
        const taken = await reader.read(buffer).catch(() => ({ bytesRead: 0 }));
        if (taken.bytesRead === 0) return;
        bytes += taken.bytesRead;
      }
    };
    const draining = setInterval(() => void drain(), 10);
    await flushed;
    clearInterval(draining);
    await drain();
    await reader.close();
    const expected = writtenLine(RUN).length + lengthOf(2_000);
    assert.deepEqual([bytes, counted.lost, journal.failure], [expected, 0, undefined]);
    await journal.abandon();
  });
});
