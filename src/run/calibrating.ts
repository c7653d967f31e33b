// The short calibration at the start of a run, before there are doors: it competes with no client and with no preflight, and
// the clients' ramp begins after it. What it found becomes one event; that it found nothing is no reason not to measure.
import type { Clock } from '../clock.ts';
import type { Emit } from '../events.ts';
import type { Log } from '../log.ts';
import { CalibrationBench } from './calibration.ts';
import { delay } from './terminal.ts';

export interface CalibratingOptions {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly log: Log;
  /** The run ends: so does this. */
  readonly signal: AbortSignal;
}

/** All of it, opening and measuring (CONTRACTS). */
const LIMIT_MS = 300;
/** What measuring gets where opening took longer than it should: enough for a median. */
const LEAST_MS = 100;
/** Loopback that does not answer is given up, whatever the reason. */
const GIVE_UP_MS = 3_000;

/** Resolves when the event is out, or will never be. Never rejects. */
export async function calibrate(options: CalibratingOptions): Promise<void> {
  const { log } = options;
  try {
    const isOver = await Promise.race([measured(options).then(() => true), delay(GIVE_UP_MS)]);
    if (isOver === undefined) throw new Error(`no answer within ${GIVE_UP_MS} ms`);
  } catch (error) {
    log.warn({ reason: error instanceof Error ? error.message : String(error) }, 'calibration_failed');
  }
}

async function measured({ clock, emit, log, signal }: CalibratingOptions): Promise<void> {
  const beganAtMs = clock.nowMs();
  const bench = await CalibrationBench.open();
  try {
    const openedMs = clock.nowMs() - beganAtMs;
    const limitMs = Math.max(LEAST_MS, LIMIT_MS - openedMs);
    const calibration = await bench.measure(limitMs, signal);
    if (calibration === undefined) {
      if (signal.aborted) return;
      throw new Error(`this machine gave it too few transfers within ${Math.round(limitMs)} ms for a median`);
    }
    log.debug({ ...calibration }, 'calibrated');
    emit({ type: 'calibration', atMs: clock.nowMs(), ...calibration });
  } finally {
    await bench.close();
  }
}
