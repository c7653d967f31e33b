// What `--preset` stands for: load options under a name. Pure data; the file, the environment and the command line come before it.
import type { LoadOptions } from './options-load.ts';

type Preset = Pick<LoadOptions, 'clients' | 'rampRatePerSecond'>;

/** Those of the client profiles of go-ffmpeg-hls-swarm; `default` is the option table's own defaults. */
export const PRESETS: Readonly<Record<LoadOptions['preset'], Partial<Preset>>> = {
  default: {},
  gentle: { clients: 20, rampRatePerSecond: 1 },
  burst: { clients: 100, rampRatePerSecond: 50 },
  stress: { clients: 200, rampRatePerSecond: 20 },
  extreme: { clients: 500, rampRatePerSecond: 50 },
};
