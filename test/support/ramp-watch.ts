// A swarm's ramp held against its schedule on a machine that may have other work: what this thread was late by, a start may be too.
// A start is when the swarm asks for it; a launcher answers when its machine lets it. How exactly clients begin on a machine of their
// own is a matter of `verify:1000`.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '../../src/clock.ts';
import type { StartProgram } from '../../src/process.ts';
import type { Swarm } from '../../src/swarm/swarm.ts';
import { MS_PER_SECOND, NS_PER_MS } from '../../src/units.ts';
import { until } from './processes.ts';
import type { recorder } from './swarm.ts';

const TIMER_GRAIN_MS = 2;
const SLACK_MS = 100;

type Watched = Pick<ReturnType<typeof recorder>, 'clock' | 'clientEvents'> &
  Pick<ReturnType<typeof watchStarts>, 'asked'>;

export interface AskedRamp {
  readonly clients: number;
  readonly rampRatePerSecond: number;
  readonly jitterMs?: number;
}

interface Start {
  readonly atMs: number;
  /** For which this thread was busy with it: forking, where no launcher does. */
  readonly tookMs: number;
}

/** A start program that notes when it was asked, and for how long. */
export function watchStarts(
  startProgram: StartProgram,
  clock: Clock,
): { readonly startProgram: StartProgram; readonly asked: readonly Start[] } {
  const asked: Start[] = [];
  return {
    asked,
    startProgram: (...program) => {
      const atMs = clock.nowMs();
      const started = startProgram(...program);
      asked.push({ atMs, tookMs: clock.nowMs() - atMs });
      return started;
    },
  };
}

/** Starts the swarm and waits for its last start. `delayP50Ms`: of this thread's loop meanwhile. */
export async function rampKeepsItsSchedule(
  swarm: Swarm,
  { clock, clientEvents, asked }: Watched,
  { clients, rampRatePerSecond, jitterMs = 0 }: AskedRamp,
): Promise<{ readonly delayP50Ms: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const beganAtMs = clock.nowMs();
  swarm.start();
  await until(() => asked.length === clients, 'the ramp');
  delay.disable();
  await until(() => clientEvents().filter(({ event }) => event === 'start').length === clients, 'the last start');
  const gapMs = MS_PER_SECOND / rampRatePerSecond;
  const lateMs = asked.map(({ atMs }, slot) => atMs - beganAtMs - slot * gapMs);
  assert.ok(Math.min(...lateMs) >= -jitterMs - TIMER_GRAIN_MS, `a start ahead of its slot: ${lateMs} ms`);
  // Starts that take longer than a gap push the later ones on, whatever the schedule.
  const pushedMs = asked.slice(0, -1).reduce((late, { tookMs }) => Math.max(0, late + tookMs - gapMs), 0);
  // Were each start counted from the one before, all their delays would add up in the last.
  const heldUpMs = delay.max / NS_PER_MS;
  const allowedMs = pushedMs + jitterMs + 2 * heldUpMs + SLACK_MS;
  assert.ok((lateMs.at(-1) ?? 0) <= allowedMs, `${lateMs} ms, held up for ${heldUpMs} ms, pushed by ${pushedMs} ms`);
  return { delayP50Ms: delay.percentile(50) / NS_PER_MS };
}
