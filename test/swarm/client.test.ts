// One client's life with programs that play, end, fail, crash, chatter, stall and refuse to leave.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { ProgramExit, StartProgram } from '../../src/process.ts';
import { Arrivals } from '../../src/swarm/arrivals.ts';
import { droppedShare, NO_LINES } from '../../src/swarm/client-process.ts';
import { isAlive, until } from '../support/processes.ts';
import { clientOf, recorder } from '../support/swarm.ts';

describe('endings', () => {
  test('a stream that came to its end is success and is not restarted', async () => {
    const { client, clientEvents, names } = clientOf('ends', { isLive: false });
    assert.equal(client.state, 'created');
    client.start();
    assert.equal(client.state, 'running');
    await client.finished;
    assert.deepEqual(names(), ['start', 'exit']);
    assert.equal(clientEvents()[1]?.category, 'success');
    assert.equal(clientEvents()[1]?.exitCode, 0);
    assert.equal(client.state, 'stopped');
    assert.equal(client.isActive, false);
    assert.equal(client.uptimeMs(0), undefined);
  });

  test('exit 0 of a live client is a lost playlist and is restarted (defect P6)', async () => {
    const { client, clientEvents } = clientOf('ends', {}, 2);
    client.start();
    await client.finished;
    assert.deepEqual(
      clientEvents()
        .filter(({ event }) => event === 'exit')
        .map(({ category, process }) => [process, category]),
      [
        [1, 'playlistLost'],
        [2, 'playlistLost'],
        [3, 'playlistLost'],
      ],
    );
    assert.equal(client.restarts, 2);
  });

  test('exit 0 of a live client that was given the end of its playlist is success', async () => {
    const asked: number[] = [];
    const hasEnded = (client: number, process: number): boolean => asked.push(client, process) === 2;
    const { client, clientEvents, names } = clientOf('ends', { hasEnded });
    client.start();
    await client.finished;
    assert.deepEqual(asked, [3, 1]);
    assert.deepEqual(names(), ['start', 'exit']);
    assert.equal(clientEvents()[1]?.category, 'success');
  });

  test('a failing client is restarted as often as allowed, and says what FFmpeg said', async () => {
    const { client, clientEvents, names } = clientOf('fails', {}, 3);
    client.start();
    await client.finished;
    assert.deepEqual(names(), [...new Array(3).fill(['start', 'exit', 'restart-scheduled']).flat(), 'start', 'exit']);
    const [, exit, restart] = clientEvents();
    assert.equal(exit?.category, 'error');
    assert.equal(exit?.exitCode, 1);
    assert.equal(exit?.reason, 'http://127.0.0.1/x.m3u8: Server returned 404 Not Found');
    assert.equal(restart?.delayMs, 5);
    assert.equal(restart?.reason, exit?.reason);
  });

  test('a crash without a word is told by its signal', async () => {
    const { client, clientEvents } = clientOf('crashes', {}, 1);
    client.start();
    await client.finished;
    assert.equal(clientEvents()[1]?.category, 'signal');
    assert.equal(clientEvents()[1]?.signal, 'SIGSEGV');
    assert.equal(clientEvents()[1]?.exitCode, undefined);
  });

  test('a program that cannot be started is an error with the reason, and no start', async () => {
    const { client, clientEvents, names } = clientOf('', { path: '/no/such/ffmpeg' }, 1);
    client.start();
    await client.finished;
    assert.deepEqual(names(), ['exit', 'restart-scheduled', 'exit']);
    assert.equal(clientEvents()[0]?.category, 'error');
    assert.equal(clientEvents()[0]?.reason, '/no/such/ffmpeg does not exist');
  });
});

interface SayingProgram {
  readonly startProgram: StartProgram;
  says(line: string): void;
  /** A block of its progress. */
  reports(outTimeUs: string): void;
  gaveWay(): number;
  ends(): void;
}

describe('among many clients', () => {
  /** A program that says what the test has it say, and ends when it is told to. */
  function sayingProgram(): SayingProgram {
    const { promise: exited, resolve } = Promise.withResolvers<ProgramExit>();
    let take: ((chunk: Buffer) => void) | undefined;
    let takeProgress: ((chunk: Buffer) => void) | undefined;
    let gaveWay = 0;
    const startProgram: StartProgram = (_command, _args, { onStderr, onFd3 }) => {
      take = onStderr;
      takeProgress = onFd3;
      const giveWay = (): void => {
        gaveWay += 1;
      };
      return { pid: 4_711, exited, stop: () => exited, kill: () => {}, giveWay };
    };
    return {
      startProgram,
      says: (line) => take?.(Buffer.from(`${line}\n`)),
      reports: (outTimeUs) => takeProgress?.(Buffer.from(`out_time_us=${outTimeUs}\nprogress=continue\n`)),
      gaveWay: () => gaveWay,
      ends: () => resolve({ code: 255 }),
    };
  }

  test('a client gives way once, a moment after its first frame: by then it has read what was listed', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const program = sayingProgram();
    const { client } = clientOf('', {}, 0, { startProgram: program.startProgram });
    client.start();
    const gaveWayAfter = (outTimeUs: string, waitedMs: number): number => {
      program.reports(outTimeUs);
      context.mock.timers.tick(waitedMs);
      return program.gaveWay();
    };
    // As FFmpeg tells it: nothing yet, the first frame, the same once more, three segments two seconds later.
    assert.equal(gaveWayAfter('N/A', 10_000), 0);
    assert.equal(gaveWayAfter('11', 249), 0);
    assert.equal(gaveWayAfter('11', 0), 0);
    assert.equal(gaveWayAfter('11', 1), 1);
    assert.equal(gaveWayAfter('6010667', 10_000), 1);
    const stopped = client.stop();
    program.ends();
    await stopped;
  });

  for (const [when, clients] of [
    ['at once', 1],
    ['when it has ended', 1_000],
  ] as const) {
    test(`a client that ends before is not told to give way, its first frame read ${when}`, async (context) => {
      context.mock.timers.enable({ apis: ['setTimeout'] });
      const program = sayingProgram();
      const arrivals = new Arrivals(recorder().clock, clients);
      const { client, names } = clientOf('', {}, 0, { startProgram: program.startProgram, arrivals });
      client.start();
      program.reports('11');
      program.ends();
      for (let turn = 0; turn < 100 && !names().includes('exit'); turn += 1) await setImmediate();
      assert.ok(names().includes('exit'));
      await client.stop();
      context.mock.timers.tick(10_000);
      assert.equal(program.gaveWay(), 0);
    });
  }

  test('a client whose beginning cannot be seen gives way at once', async () => {
    const program = sayingProgram();
    const { client } = clientOf('', { stats: false }, 0, { startProgram: program.startProgram });
    client.start();
    assert.equal(program.gaveWay(), 1);
    const stopped = client.stop();
    program.ends();
    await stopped;
  });

  test('what a client said before its stop is told before the stop, its last words before its exit', async () => {
    const program = sayingProgram();
    const seen = recorder();
    const arrivals = new Arrivals(seen.clock, 1_000);
    const { client, events } = clientOf('', {}, 0, { startProgram: program.startProgram, arrivals });
    client.start();
    program.says("[http @ 0x1] [info] Opening 'http://127.0.0.1/1.ts' for reading");
    const stopped = client.stop();
    program.says("[http @ 0x1] [info] Opening 'http://127.0.0.1/2.ts' for reading");
    program.ends();
    await stopped;
    assert.deepEqual(
      events.map((event) => (event.type === 'client' ? event.event : event.type)),
      ['start', 'parsed', 'stop', 'parsed', 'exit'],
    );
    assert.equal(client.lines.stderrLines, 2);
  });
});

describe('stopping', () => {
  test('the hook is called before the signal, the ending is ours and nothing is restarted (defect O3)', async () => {
    const order: string[] = [];
    const { client, events, clientEvents, names } = clientOf('plays', {
      beforeStart: (number, processNumber) => order.push(`start ${number}.${processNumber}`),
      beforeStop: (number) =>
        order.push(`stop ${number} ${client.pid !== undefined && isAlive(client.pid) ? 'alive' : 'gone'}`),
    });
    client.start();
    await until(() => events.some(({ type }) => type === 'progress'), 'progress');
    const pid = client.pid ?? 0;
    await client.stop();
    assert.deepEqual(order, ['start 3.1', 'stop 3 alive']);
    assert.deepEqual(names(), ['start', 'stop', 'exit']);
    const exit = clientEvents()[2];
    assert.equal(exit?.category, 'stopped');
    assert.equal(exit?.exitCode, 255);
    assert.equal(exit?.pid, pid);
    assert.ok((exit?.uptimeMs ?? 0) > 0);
    assert.equal(isAlive(pid), false);
    assert.ok(
      events.some((event) => event.type === 'progress' && event.isEnd),
      'the last block was not lost',
    );
  });

  test('a second stop joins the first, and kill ends what ignores SIGTERM at once', async () => {
    const { client, names } = clientOf('ignores-term');
    client.start();
    await until(() => client.lines.stderrLines > 0, 'the fake to be ready');
    const pid = client.pid ?? 0;
    const stops = [client.stop(), client.stop()];
    client.kill();
    await Promise.all(stops);
    assert.deepEqual(names(), ['start', 'stop', 'exit']);
    assert.equal(isAlive(pid), false);
  });

  test('a client that waits for its restart stops at once', async () => {
    const { client, names } = clientOf('fails');
    client.start();
    await until(() => client.state === 'backoff', 'backoff');
    const before = names().length;
    await client.stop();
    assert.equal(client.state, 'stopped');
    assert.equal(names().length, before);
  });

  test('a client that never started stops too', async () => {
    const { client, names } = clientOf('plays');
    await client.stop();
    assert.equal(client.state, 'stopped');
    client.start();
    assert.deepEqual(names(), []);
  });
});

describe('a pid that comes later', () => {
  /** Starts nothing; the test says when the process is there and when it has ended. */
  function laterProgram() {
    const { promise: exited, resolve: ends } = Promise.withResolvers<ProgramExit>();
    const signals: string[] = [];
    let starts: ((pid: number) => void) | undefined;
    const start: StartProgram = (_command, _args, options) => {
      starts = options.onStarted;
      return {
        exited,
        stop: () => {
          signals.push('stop');
          return exited;
        },
        kill: () => void signals.push('kill'),
      };
    };
    return { start, ends, signals, starts: (pid: number) => starts?.(pid) };
  }

  test('the client is starting until then, and says its start when it is one', async () => {
    const later = laterProgram();
    const { client, names } = clientOf('', {}, 0, { startProgram: later.start });
    client.start();
    assert.equal(client.state, 'starting');
    assert.equal(client.isActive, true);
    assert.deepEqual(names(), []);
    later.starts(4_711);
    assert.equal(client.state, 'running');
    assert.deepEqual(names(), ['start']);
    const stopped = client.stop();
    later.ends({ code: 255 });
    await stopped;
    assert.deepEqual(names(), ['start', 'stop', 'exit']);
  });

  test('stopped before it had one, the client ends without a start', async () => {
    const later = laterProgram();
    const { client, names } = clientOf('', {}, 0, { startProgram: later.start });
    client.start();
    const stopped = client.stop();
    assert.equal(client.state, 'stopping');
    assert.deepEqual(later.signals, ['stop']);
    later.ends({ signal: 'SIGTERM' });
    await stopped;
    assert.deepEqual(names(), ['stop', 'exit']);
    assert.equal(client.state, 'stopped');
  });
});

describe('lines', () => {
  test('the last words on both pipes are parsed before the exit is told (defect O4)', async () => {
    const { client, events, clientEvents } = clientOf('tail', { isLive: false });
    client.start();
    await client.finished;
    assert.deepEqual(events.at(-1), clientEvents()[1]);
    assert.ok(
      events.some(
        (event) => event.type === 'parsed' && event.rule === 'request' && event.url === 'http://127.0.0.1/last.ts',
      ),
    );
    assert.ok(events.some((event) => event.type === 'progress' && event.isEnd && event.outTimeUs === 5_000_000));
  });

  test('the parser dies with its process: no state crosses a restart (defect T6)', async () => {
    const { client, events } = clientOf('tail', {}, 1);
    client.start();
    await client.finished;
    const requests = events.filter((event) => event.type === 'parsed');
    assert.deepEqual(
      requests.map(({ process }) => process),
      [1, 2],
    );
    assert.equal(client.lines.progressLines, 4);
  });

  test('lines over the buffer are dropped and counted, not silently (defect O6)', async () => {
    const { client } = clientOf('chatters', { isLive: false, statsBuffer: 100 });
    client.start();
    await client.finished;
    const { stderrLines, droppedStderrLines } = client.lines;
    assert.equal(stderrLines + droppedStderrLines, 3_000);
    assert.ok(droppedStderrLines > 0);
    assert.equal(droppedShare(client.lines), droppedStderrLines / (3_000 + client.lines.progressLines));
    assert.equal(droppedShare(NO_LINES), 0);
  });

  test('without statistics nothing is parsed, yet a failure still says why', async () => {
    const { client, events, clientEvents } = clientOf('fails', { stats: false }, 1);
    client.start();
    await client.finished;
    assert.equal(events.length, clientEvents().length);
    assert.match(clientEvents()[1]?.reason ?? '', /404 Not Found/);
  });

  test('stderr is kept octet for octet, one file per process', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hls-swarm-stderr-'));
    try {
      const { client } = clientOf('fails', { stderrDir: join(folder, 'new') }, 1);
      client.start();
      await client.finished;
      for (const process of [1, 2]) {
        const text = readFileSync(join(folder, 'new', `client-0003-process-${process}.log`), 'utf8');
        assert.equal(text, '[error] http://127.0.0.1/x.m3u8: Server returned 404 Not Found\n');
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a stderr folder that cannot be written does not hold the client up', async () => {
    const { client, names } = clientOf('ends', { isLive: false, stderrDir: '/proc/nowhere' });
    client.start();
    await client.finished;
    assert.deepEqual(names(), ['start', 'exit']);
  });
});

describe('stalls', () => {
  test('a client whose out_time stands still is replaced, with the reason', async () => {
    const { client, clock, clientEvents } = clientOf('stalls', { stallRestartMs: 100 }, 1);
    client.start();
    await until(() => {
      client.checkStall(clock.nowMs());
      return client.processNumber > 1 || clientEvents().some(({ event }) => event === 'stop');
    }, 'the stall to be seen');
    await until(() => client.processNumber === 2 && client.state === 'running', 'the restart');
    const restart = clientEvents().find(({ event }) => event === 'restart-scheduled');
    assert.match(
      restart?.reason ?? '',
      /^stalled for [\d.]+ m?s: all that was read is played, and out_time stands still$/,
    );
    assert.equal(clientEvents().find(({ event }) => event === 'exit')?.category, 'stopped');
    await client.stop();
  });

  test('a client that plays is left alone, and without the option every client is', async () => {
    const playing = clientOf('plays', { stallRestartMs: 2_000 });
    const stalling = clientOf('stalls');
    for (const { client } of [playing, stalling]) client.start();
    const hasProgress = (events: readonly { readonly type: string }[]) =>
      events.some(({ type }) => type === 'progress');
    await until(() => hasProgress(playing.events) && hasProgress(stalling.events), 'progress');
    playing.client.checkStall(playing.clock.nowMs() + 1_000);
    stalling.client.checkStall(stalling.clock.nowMs() + 60_000);
    for (const { client, names } of [playing, stalling]) {
      assert.equal(client.state, 'running');
      assert.deepEqual(names(), ['start']);
      await client.stop();
    }
  });
});
