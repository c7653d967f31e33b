// How players can be followed at all: by the segments that the tap sees, else by the `out_time` that FFmpeg reports of itself,
// else not. Decides which figures of playing exist. Pure; the models are playback.ts and stream-playback.ts.
import type { RunEvent } from '../events.ts';
import { secondsToMs } from '../units.ts';
import { isTunnelled } from './tunnels.ts';

/** `out_time` of an HLS client moves once per segment; two target durations without are no accident (MEASURING section 7). */
export const STILL_TARGET_DURATIONS = 2;

export interface PlayerSight {
  /** Nothing is tapped, or all of it goes through tunnels: FFmpeg's progress stands in for segments. */
  readonly byProgress: boolean;
  /** What `out_time` may stand still for. Absent: as of an endless stream. */
  readonly stalledAfterMs?: number;
  /** Something says when a player stands still. */
  readonly hasStalls: boolean;
  /** FFmpeg's `out_time` says so too. */
  readonly hasOutTime: boolean;
}

export const BY_SEGMENTS: PlayerSight = { byProgress: false, hasStalls: true, hasOutTime: true };

type Run = Pick<RunEvent, 'isTapped' | 'isHls' | 'targetDurationSeconds' | 'logLevel' | 'tls' | 'url'>;

export function sightOf(run: Run): PlayerSight {
  const { isHls = true, targetDurationSeconds } = run;
  const byProgress = !run.isTapped || isTunnelled(run, run.url);
  const hasProgress = run.logLevel !== 'none';
  if (!isHls) return { byProgress, hasStalls: hasProgress, hasOutTime: hasProgress };
  if (!byProgress) return { byProgress, hasStalls: true, hasOutTime: hasProgress };
  // Without a target duration nobody knows how long a live client's `out_time` may rest.
  const stillMs =
    targetDurationSeconds === undefined ? undefined : secondsToMs(STILL_TARGET_DURATIONS * targetDurationSeconds);
  const hasOutTime = hasProgress && stillMs !== undefined;
  return { byProgress, stalledAfterMs: stillMs ?? Number.POSITIVE_INFINITY, hasStalls: hasOutTime, hasOutTime };
}
