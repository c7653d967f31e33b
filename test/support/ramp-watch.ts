// A swarm's ramp held against its schedule on a machine that may have other work: what this thread was late by, a start may be too.
// How exactly a ramp keeps its slots on a machine of its own is a matter of `verify:1000`.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { MS_PER_SECOND, NS_PER_MS } from '../../src/units.ts';
import { until } from './processes.ts';
import type { recorder } from './swarm.ts';

const TIMER_GRAIN_MS = 2;
/** For what happens elsewhere: the process that forks has a machine with other work too. */
const SLACK_MS = 100;

export interface AskedRamp {
  readonly clients: number;
  readonly rampRatePerSecond: number;
  readonly jitterMs?: number;
}

/** Starts the swarm and waits for its last start. `delayP50Ms`: of this thread's loop meanwhile. */
export async function rampKeepsItsSchedule(
  swarm: Swarm,
  { clock, clientEvents }: Pick<ReturnType<typeof recorder>, 'clock' | 'clientEvents'>,
  { clients, rampRatePerSecond, jitterMs = 0 }: AskedRamp,
): Promise<{ readonly delayP50Ms: number }> {
  const starts = (): readonly number[] =>
    clientEvents().flatMap(({ event, atMs }) => (event === 'start' ? [atMs] : []));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const beganAtMs = clock.nowMs();
  swarm.start();
  await until(() => starts().length === clients, 'the ramp');
  delay.disable();
  const lateMs = starts().map((atMs, slot) => atMs - beganAtMs - (slot * MS_PER_SECOND) / rampRatePerSecond);
  assert.ok(Math.min(...lateMs) >= -jitterMs - TIMER_GRAIN_MS, `a start ahead of its slot: ${lateMs} ms`);
  // Were each start counted from the one before, all their delays would add up in the last.
  const heldUpMs = delay.max / NS_PER_MS;
  assert.ok((lateMs.at(-1) ?? 0) <= jitterMs + 2 * heldUpMs + SLACK_MS, `${lateMs} ms, held up for ${heldUpMs} ms`);
  return { delayP50Ms: delay.percentile(50) / NS_PER_MS };
}
