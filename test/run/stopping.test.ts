// The end of the measuring: its order, and how long lines of an access log are awaited.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Running, stopMeasuring } from '../../src/run/stopping.ts';

const CLOSED_AT_MS = 10_000;

test('clients, doors, the last round; then the account ends, and the log, the sources and the origin follow', async () => {
  const steps: string[] = [];
  const step = (name: string) => async (): Promise<void> => void steps.push(name);
  await stopMeasuring({
    clock: { nowMs: () => 0, wallMs: () => 0 },
    swarm: { stop: step('clients') },
    tap: { close: step('doors') },
    scrapers: { round: step('round'), finish: step('log'), stop: step('sources') },
    demo: { stop: step('origin') },
    measured: () => steps.push('measured'),
    awaitedLogLines: () => ({ completed: 0, aborted: 0 }),
  } as unknown as Running);
  assert.deepEqual(steps, ['clients', 'doors', 'round', 'measured', 'log', 'sources', 'origin']);
});

test('lines of completed transfers are awaited as long as the log is, those of aborted ones for 2.5 s from the last close', async () => {
  let nowMs = CLOSED_AT_MS - 3_000;
  let awaited = { completed: 1, aborted: 0 };
  const nothing = async (): Promise<void> => {};
  const until = (ms: number) => async (): Promise<void> => {
    nowMs = ms;
  };
  const seen: boolean[] = [];
  await stopMeasuring({
    clock: { nowMs: () => nowMs, wallMs: () => nowMs },
    swarm: { stop: nothing },
    tap: { close: until(CLOSED_AT_MS) },
    scrapers: {
      round: until(CLOSED_AT_MS + 800),
      stop: nothing,
      finish: async (isAwaited: () => boolean) => {
        for (const [ms, completed, aborted] of [
          [800, 1, 0],
          [2_499, 0, 3],
          [2_500, 0, 3],
          [11_000, 2, 3],
          [11_000, 0, 0],
        ] as const) {
          nowMs = CLOSED_AT_MS + ms;
          awaited = { completed, aborted };
          seen.push(isAwaited());
        }
      },
    },
    demo: undefined,
    measured() {},
    awaitedLogLines: () => awaited,
  } as unknown as Running);
  assert.deepEqual(seen, [true, true, false, true, false]);
});
