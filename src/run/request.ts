// What main.ts asks a command to do: types only.
import type { Options } from '../config/options.ts';

export interface RunRequest {
  /** Absent for `demo`: its origin is started by the run. */
  readonly url?: string;
  readonly options: Options;
  /** What was typed, as a report shows it. */
  readonly command?: string;
  /** Every random choice of the run. */
  readonly seed: number;
}
