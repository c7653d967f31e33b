// `hls-swarm analyze`.
import type { Options } from '../config/options.ts';
import { CannotMeasure, type ExitCode } from './exit-codes.ts';
import type { House } from './house.ts';

export async function runAnalyze(options: Options, _house: House): Promise<ExitCode> {
  throw new CannotMeasure(`--stderr: ${options.stderr}`);
}
