// `--idle-exit`: when it says that nobody is there. The program's own leaving is in test/system/proxy-exits.test.ts.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { NO_METERS } from '../../src/meters.ts';
import { IdleWatch } from '../../src/run/idle-exit.ts';

interface Bench {
  /** Time passes, with its timers. */
  pass(ms: number): Promise<void>;
  set(meters: { readonly connections?: number; readonly openConnections?: number }): void;
  readonly isIdle: boolean;
}

async function withWatch(idleMs: number, run: (bench: Bench) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['setInterval'] });
  let nowMs = 0;
  let meters = NO_METERS.meters;
  let isIdle = false;
  const watch = new IdleWatch({ clock: { nowMs: () => nowMs, wallMs: () => nowMs }, idleMs, meters: () => meters });
  void watch.idle.then(() => {
    isIdle = true;
  });
  try {
    await run({
      pass: async (ms) => {
        for (let passed = 0; passed < ms; passed += 10) {
          nowMs += 10;
          mock.timers.tick(10);
        }
        await Promise.resolve();
      },
      set: (changed) => {
        meters = { ...meters, ...changed };
      },
      get isIdle() {
        return isIdle;
      },
    });
  } finally {
    watch.stop();
    mock.timers.reset();
  }
}

test('nobody ever came: after the time asked for, and little later', () =>
  withWatch(1_000, async (bench) => {
    await bench.pass(990);
    assert.equal(bench.isIdle, false);
    await bench.pass(110);
    assert.equal(bench.isIdle, true);
  }));

test('an open connection holds it for as long as it is open', () =>
  withWatch(1_000, async (bench) => {
    bench.set({ connections: 1, openConnections: 1 });
    await bench.pass(30_000);
    assert.equal(bench.isIdle, false);
    bench.set({ openConnections: 0 });
    await bench.pass(900);
    assert.equal(bench.isIdle, false);
    await bench.pass(200);
    assert.equal(bench.isIdle, true);
  }));

test('a connection that came and went between two looks begins the time anew', () =>
  withWatch(1_000, async (bench) => {
    await bench.pass(950);
    bench.set({ connections: 1 });
    await bench.pass(950);
    assert.equal(bench.isIdle, false);
    await bench.pass(250);
    assert.equal(bench.isIdle, true);
  }));
