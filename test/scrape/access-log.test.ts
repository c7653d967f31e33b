// The follower of an origin's access log, on real files and a clock that moves by hand: what is read, what is counted, what is
// survived. Joining is in ../stats/reconciliation.test.ts; a real nginx is in ../system/access-log.test.ts.
import assert from 'node:assert/strict';
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import fc from 'fast-check';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import type { Event, OriginRequestEvent, OriginSampleEvent } from '../../src/events.ts';
import { type Log, silentLog } from '../../src/log.ts';
import { AccessLogFollower, LOOK_INTERVAL_MS } from '../../src/scrape/access-log.ts';
import { LogLines, MAX_LINE_BYTES } from '../../src/scrape/log-lines.ts';
import { FLUSH_LIMIT_MS } from '../../src/scrape/rotated-log.ts';
import { NGINX_MAPPING } from '../../src/stats/access-log-line.ts';
import { FakeTime } from './fake-time.ts';

const DEADLINE_MS = 5_000;

/** A line as our nginx configuration writes it; `index` tells lines apart. */
function line(index: number, more: object = {}): string {
  const record = {
    ...{ msec: 1_795_251_457.5, remote_port: 50_112, connection_requests: index, method: 'GET', uri: '/1.ts' },
    ...{ status: 200, bytes_sent: 1_281_300, body_bytes_sent: 1_281_032, request_completion: 'OK' },
    ...{ user_agent: 'hls-swarm/1.0/client-1', ...more },
  };
  return `${JSON.stringify(record)}\n`;
}

interface Bench {
  readonly path: string;
  readonly folder: string;
  readonly time: FakeTime;
  readonly follower: AccessLogFollower;
  readonly requests: OriginRequestEvent[];
  readonly samples: OriginSampleEvent[];
  readonly logged: string[];
  readonly indices: () => readonly number[];
  /** The next look, to its end; the state of the log by then. */
  look(): Promise<OriginSampleEvent>;
}

async function bench(context: TestContext, first: string | undefined = ''): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-access-log-'));
  const path = join(folder, 'access.log');
  if (first !== undefined) await writeFile(path, first);
  const time = new FakeTime();
  const requests: OriginRequestEvent[] = [];
  const samples: OriginSampleEvent[] = [];
  const logged: string[] = [];
  const note = (facts: object, event: string): void => {
    logged.push(`${event} ${JSON.stringify(facts)}`);
  };
  const log: Log = { ...silentLog, info: note, warn: note };
  const emit = (event: Event): void => {
    if (event.type === 'origin-request') requests.push(event);
    if (event.type === 'origin-sample') samples.push(event);
  };
  const deps = { clock: time.clock, timers: time.timers, emit, log };
  const follower = new AccessLogFollower(deps, { path, mapping: NGINX_MAPPING });
  context.after(async () => {
    await follower.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const look = async (): Promise<OriginSampleEvent> => {
    const before = samples.length;
    await time.advance(LOOK_INTERVAL_MS);
    await until(() => samples.length > before, time);
    return samples.at(-1) as OriginSampleEvent;
  };
  const indices = (): readonly number[] => requests.map(({ requestIndex }) => requestIndex);
  return { path, folder, time, follower, requests, samples, logged, indices, look };
}

async function until(condition: () => boolean, time?: FakeTime): Promise<void> {
  const endsAt = performance.now() + DEADLINE_MS;
  while (!condition()) {
    assert.ok(performance.now() < endsAt, `waited ${DEADLINE_MS} ms`);
    await (time === undefined ? settled() : time.advance(0));
  }
}

async function started(context: TestContext, first?: string): Promise<Bench> {
  const made = await bench(context, first);
  await made.follower.open();
  made.follower.start();
  await until(() => made.samples.length === 1, made.time);
  return made;
}

test('a log is followed from its end: only what is written from now on, each line one request', async (context) => {
  const { path, look, requests, time } = await started(context, line(1));
  await appendFile(path, line(2, { range: 'bytes=0-9', status: 206 }));
  const sample = await look();
  assert.deepEqual(requests, [
    {
      type: 'origin-request',
      atMs: time.clock.nowMs(),
      remotePort: 50_112,
      requestIndex: 2,
      method: 'GET',
      path: '/1.ts',
      status: 206,
      bytesSent: 1_281_300,
      bodyBytesSent: 1_281_032,
      completed: true,
      userAgent: 'hls-swarm/1.0/client-1',
      loggedAtWallMs: 1_795_251_457_500,
    },
  ]);
  const { ok, source, logLines, unusableLogLines, intervalSeconds, requestsTotal, bytesSentTotal } = sample;
  assert.deepEqual([ok, source, logLines, unusableLogLines, intervalSeconds], [true, 'access-log', 1, 0, 1]);
  assert.deepEqual([requestsTotal, bytesSentTotal], [1, 1_281_300]);
});

test('a line that had begun before us is none; one that is written in pieces is one, also at the very first octet', async (context) => {
  const { path, look, indices } = await started(context, line(1).slice(0, 30));
  await appendFile(path, line(1).slice(30) + line(2).slice(0, 1));
  assert.equal((await look()).unusableLogLines, 0);
  assert.deepEqual(indices(), []);
  await appendFile(path, line(2).slice(1, -1));
  await look();
  assert.deepEqual(indices(), [], 'its end has not come');
  await appendFile(path, `\r\n${line(3)}`);
  await look();
  assert.deepEqual(indices(), [2, 3]);
});

test('a log whose name is gone for good is told, as soon as nothing more is written in the file that had it', async (context) => {
  const { path, look, indices } = await started(context, line(1));
  await rename(path, `${path}.1`);
  for (const index of [2, 3, 4, 5]) {
    await appendFile(`${path}.1`, line(index));
    assert.equal((await look()).ok, true, 'a server that was not told of the rotation writes on');
  }
  for (const quiet of [1, 2, 3]) assert.equal((await look()).ok, true, `after ${quiet} s`);
  const { ok, reason } = await look();
  assert.deepEqual([ok, reason], [false, 'there is no such file']);
  await writeFile(path, line(6));
  assert.equal((await look()).ok, true);
  assert.deepEqual(indices(), [2, 3, 4, 5, 6]);
});

test('rotated several times between two looks: the files that had the name in between are read too, each once', async (context) => {
  const { path, look, indices } = await started(context, line(1));
  await appendFile(path, line(2));
  await rename(path, `${path}.1`);
  for (const index of [3, 4, 5]) {
    for (const age of [4, 3, 2, 1]) await rename(`${path}.${age}`, `${path}.${age + 1}`).catch(() => undefined);
    if (index > 3) await rename(path, `${path}.1`);
    await writeFile(path, line(index));
  }
  await writeFile(`${path}.9.gz`, 'no log any more');
  const sample = await look();
  // Files of one tick of the file system's clock may change places.
  assert.deepEqual([indices().toSorted(), sample.unusableLogLines], [[2, 3, 4, 5], 0]);
  await appendFile(path, line(6));
  await look();
  assert.deepEqual(indices().toSorted(), [2, 3, 4, 5, 6]);
});

test('rotation by rename: the old file is read on while it is written, the new one from its beginning', async (context) => {
  const { path, look, indices, time } = await started(context, line(1));
  await appendFile(path, line(2));
  await rename(path, `${path}.1`);
  assert.equal((await look()).ok, true, 'between the rename and the new file nothing is wrong');
  await appendFile(`${path}.1`, line(3));
  await writeFile(path, line(4));
  await look();
  assert.deepEqual(indices(), [2, 3, 4]);
  await appendFile(`${path}.1`, line(5));
  await appendFile(path, line(6));
  await look();
  assert.deepEqual(indices(), [2, 3, 4, 5, 6]);
  await time.advance(FLUSH_LIMIT_MS);
  await look();
  await look();
  await appendFile(`${path}.1`, line(7));
  await look();
  assert.deepEqual(indices(), [2, 3, 4, 5, 6], 'a file that was quiet for long is closed');
});

test('rotations in a row bring every line once', async (context) => {
  const { path, look, indices } = await started(context);
  for (let round = 0; round < 8; round += 1) {
    await appendFile(path, line(2 * round + 1));
    await rename(path, `${path}.${round}`);
    await appendFile(`${path}.${round}`, line(2 * round + 2));
    await writeFile(path, '');
    await look();
  }
  assert.deepEqual(
    indices(),
    Array.from({ length: 16 }, (_, at) => at + 1),
  );
});

test('rotation by copytruncate: the file begins anew, and a piece of a line before the cut is forgotten', async (context) => {
  const { path, look, indices } = await started(context, line(1).repeat(10));
  await appendFile(path, line(2) + line(3).slice(0, 20));
  await look();
  await truncate(path, 0);
  await appendFile(path, line(4));
  const { unusableLogLines } = await look();
  assert.deepEqual([indices(), unusableLogLines], [[2, 4], 0]);
});

test('a log that appears only later is read from its beginning, and told as missing until then', async (context) => {
  const { path, follower, samples, look, indices, logged, time } = await bench(context, undefined);
  await rm(path, { force: true });
  assert.equal(await follower.open(), false);
  follower.start();
  await until(() => samples.length === 1, time);
  assert.deepEqual([samples[0]?.ok, samples[0]?.reason], [false, 'there is no such file']);
  await writeFile(path, line(1));
  assert.equal((await look()).ok, true);
  assert.deepEqual(indices(), [1]);
  assert.deepEqual(
    logged.map((entry) => entry.split(' ')[0]),
    ['access_log_error', 'access_log_recovered'],
  );
});

test('a folder that is not there, a folder in its place and a pipe are refused at once', async (context) => {
  const { folder } = await bench(context);
  const refused = async (path: string): Promise<string> => {
    const time = new FakeTime();
    const deps = { clock: time.clock, emit: () => {}, log: silentLog };
    const follower = new AccessLogFollower(deps, { path, mapping: NGINX_MAPPING });
    return follower.open().then(String, (error: Error) => error.message);
  };
  assert.match(await refused(join(folder, 'none', 'access.log')), /^there is no folder .*none$/);
  await mkdir(join(folder, 'logs'));
  assert.equal(await refused(join(folder, 'logs')), 'it is no regular file');
  assert.equal(await refused('/dev/null'), 'it is no regular file');
});

test('a log behind a link is followed to its target', async (context) => {
  const { folder, path, follower, samples, look, indices, time } = await bench(context);
  await rm(path, { force: true });
  const target = join(folder, 'elsewhere.log');
  await writeFile(target, line(1));
  await symlink(target, path);
  await follower.open();
  follower.start();
  await until(() => samples.length === 1, time);
  await appendFile(target, line(2));
  await look();
  assert.deepEqual(indices(), [2]);
});

test('what stands in the place of the log is told, what we have of the old one is read, and the next log is followed', async (context) => {
  const { path, look, indices } = await started(context);
  await appendFile(path, line(1));
  await rename(path, `${path}.1`);
  await mkdir(path);
  const { ok, reason } = await look();
  assert.deepEqual([ok, reason, indices()], [false, 'it is no regular file', [1]]);
  await rm(path, { recursive: true });
  await writeFile(path, line(2));
  assert.equal((await look()).ok, true);
  assert.deepEqual(indices(), [1, 2]);
});

test('lines that say nothing of a request are counted and shown once; the others stand', async (context) => {
  const { path, look, indices, logged } = await started(context);
  await appendFile(path, '127.0.0.1 - - "GET / HTTP/1.1" 200\n\nnull\n[1]\n{"status":200}\n');
  const none = await look();
  assert.deepEqual([none.ok, none.logLines, none.unusableLogLines], [false, 4, 4]);
  assert.equal(none.reason, '4 of 4 lines cannot be used; the first is not JSON');
  await appendFile(path, line(1) + line(2, { remote_port: 0 }) + line(3));
  const some = await look();
  assert.deepEqual([some.ok, some.logLines, some.unusableLogLines], [true, 7, 5]);
  assert.equal(some.reason, '5 of 7 lines cannot be used; the first is not JSON');
  assert.deepEqual(indices(), [1, 3]);
  assert.equal(logged.filter((entry) => entry.startsWith('access_log_line_unusable')).length, 1);
});

test('octets that are no UTF-8 cost the text they are in and nothing else', async (context) => {
  const { path, look, requests } = await started(context);
  const octets = Buffer.from(line(1, { uri: '/MARK.ts' }));
  octets[octets.indexOf('MARK')] = 0xff;
  await appendFile(path, octets);
  await look();
  assert.equal(requests[0]?.path, '/\u{FFFD}ARK.ts');
  assert.equal(requests[0]?.bytesSent, 1_281_300);
});

test('a line without an end fills no memory: it is dropped at the limit, counted, and the next one is read', async (context) => {
  const { path, look, indices } = await started(context);
  await appendFile(path, 'x'.repeat(3 * MAX_LINE_BYTES));
  await look();
  await appendFile(path, `${'x'.repeat(MAX_LINE_BYTES)}\n${line(1)}${'y'.repeat(MAX_LINE_BYTES + 1)}\n${line(2)}`);
  const { logLines, unusableLogLines } = await look();
  assert.deepEqual([indices(), logLines, unusableLogLines], [[1, 2], 4, 2]);
});

test('the end waits for lines that are awaited, and no longer than they take', async (context) => {
  const { path, follower, indices, time } = await started(context);
  let isOver = false;
  const finished = follower
    .finish(() => indices().length < 2)
    .then(() => {
      isOver = true;
    });
  await appendFile(path, line(1));
  await time.advance(LOOK_INTERVAL_MS);
  await until(() => indices().length === 1, time);
  assert.equal(isOver, false);
  await appendFile(path, line(2));
  await time.advance(LOOK_INTERVAL_MS);
  await until(() => isOver, time);
  await finished;
  assert.ok(time.clock.nowMs() < FLUSH_LIMIT_MS);
});

test('the end reads the rest at once when nothing is awaited, and gives up on lines that never come', async (context) => {
  const { path, follower, indices, time } = await started(context);
  await appendFile(path, line(1));
  await follower.finish(() => false);
  assert.deepEqual([indices(), time.clock.nowMs()], [[1], 0]);
  let isOver = false;
  void follower
    .finish(() => true)
    .then(() => {
      isOver = true;
    });
  // The first read of the end, before the clock moves.
  for (let turn = 0; turn < 20; turn += 1) await time.advance(0);
  await time.advance(FLUSH_LIMIT_MS - 1);
  assert.equal(isOver, false);
  await time.advance(1);
  await until(() => isOver, time);
});

test('a log that stays empty though lines were awaited is told at the end', async (context) => {
  const { follower, samples, time } = await started(context);
  let isOver = false;
  void follower
    .finish(() => true)
    .then(() => {
      isOver = true;
    });
  for (let turn = 0; turn < 20; turn += 1) await time.advance(0);
  await time.advance(FLUSH_LIMIT_MS);
  await until(() => isOver, time);
  assert.deepEqual([samples[0]?.ok, samples.at(-1)?.ok], [true, false]);
  assert.match(samples.at(-1)?.reason ?? '', /^not one line came in the whole run/);
});

test('whatever is written, moved away and cut into pieces in whatever order, every line comes once', async (context) => {
  const { path, look, indices } = await started(context);
  let written = 0;
  let files = 0;
  /** The rest of a line of which a piece is in the file. */
  let rest = '';
  const write = async (file: string, pieces: number): Promise<void> => {
    written += 1;
    const text = rest + line(written);
    const cut = pieces === 0 ? text.length : text.length - pieces;
    rest = text.slice(cut);
    await appendFile(file, text.slice(0, cut));
  };
  const rotate = async (isLate: boolean): Promise<void> => {
    files += 1;
    const old = `${path}.${files}`;
    await rename(path, old);
    // A server goes on with the old file until it is told to open the new one.
    if (isLate) await write(old, 0);
    else if (rest !== '') await appendFile(old, rest);
    rest = '';
    await writeFile(path, '');
  };
  const steps = fc.array(fc.constantFrom('write', 'piece', 'look', 'rotate', 'rotate late'), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (order) => {
      for (const step of order) {
        if (step === 'look') await look();
        else if (step === 'write') await write(path, 0);
        else if (step === 'piece') await write(path, 25);
        else {
          await rotate(step === 'rotate late');
          await look();
        }
      }
      await appendFile(path, rest);
      rest = '';
      const { unusableLogLines } = await look();
      assert.equal(unusableLogLines, 0);
      assert.deepEqual(
        indices(),
        Array.from({ length: written }, (_, at) => at + 1),
      );
    }),
    { numRuns: 40 },
  );
});

test('a change is read long before the next look', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-access-log-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'access.log');
  await writeFile(path, '');
  const requests: Event[] = [];
  const neverDue = { set: (callback: () => void, ms: number) => (ms < 500 ? setTimeout(callback, ms) : undefined) };
  const follower = new AccessLogFollower(
    {
      clock: clockFrom(clockOrigin()),
      emit: (event) => void (event.type === 'origin-request' && requests.push(event)),
      log: silentLog,
      timers: { ...neverDue, clear: (handle) => clearTimeout(handle as NodeJS.Timeout) },
    },
    { path, mapping: NGINX_MAPPING },
  );
  await follower.open();
  follower.start();
  await appendFile(path, line(1));
  await until(() => requests.length === 1);
  await rename(path, `${path}.1`);
  await writeFile(path, line(2));
  await until(() => requests.length === 2);
  await follower.stop();
});

test('however a log is cut into pieces, its lines are the same', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll(/[\r\n]/g, '')));
  fc.assert(
    fc.property(texts, fc.array(fc.nat({ max: 7 })), fc.boolean(), (lines, sizes, isCrLf) => {
      const octets = Buffer.from(lines.map((text) => `${text}${isCrLf ? '\r\n' : '\n'}`).join(''));
      const read: string[] = [];
      const cutter = new LogLines({ line: (text) => read.push(text), overlong: () => assert.fail('none is') });
      let start = 0;
      for (let piece = 0; start < octets.length; piece += 1) {
        const size = 1 + (sizes[piece % Math.max(1, sizes.length)] ?? 3);
        cutter.add(octets.subarray(start, start + size));
        start += size;
      }
      assert.deepEqual(
        read,
        lines.filter((text) => text !== ''),
      );
    }),
  );
});
