// The options that say how much load, of which variant, for how long. Pure data: a type and its rows.
import type { Command, OptionTable } from './option.ts';

export interface LoadOptions {
  readonly clients: number;
  readonly rampRatePerSecond: number;
  readonly rampJitterMs: number;
  /** auto: when starting them in time would take more than a quarter of the processors. */
  readonly rampPrepare: 'auto' | 'on' | 'off';
  /** 0 = until stopped. Counts from the first start. */
  readonly durationMs: number;
  /** auto: VOD in real time, live as it comes. */
  readonly pace: 'auto' | 'realtime' | 'max';
  readonly preset: 'default' | 'gentle' | 'burst' | 'stress' | 'extreme';
  /** Absent: chosen at random and reported. */
  readonly seed?: number;
  readonly loop: boolean;
  readonly liveStartIndex?: number;
  /** A word, a size as in 1280x720, or a number: of the variant, from 0, or its BANDWIDTH. */
  readonly variant: 'all' | 'first' | 'highest' | 'lowest' | `${number}` | `${number}x${number}`;
  readonly probeFailurePolicy: 'fallback' | 'fail';
  readonly targetDurationMs: number;
  readonly restartOnStall: boolean;
  /** 0 = without limit. */
  readonly maxRestarts: number;
}

const SWARM: readonly Command[] = ['run', 'demo', 'check'];

/** Beyond this a machine runs out of local ports: each client holds about four of 28,000. */
const MAXIMUM_CLIENTS = 5000;
/** Node's timers hold 2^31 ms, a little under 25 days. */
const LONGEST = '576h';
/** A rate above this cannot be kept: one start costs the main thread about a millisecond. */
const MAXIMUM_RAMP_RATE = 500;
const MAXIMUM_SEED = 4_294_967_295;
const MAXIMUM_RESTARTS = 999_999;
const LONGEST_PLAYLIST_SEGMENTS = 99_999;

export const loadOptions: OptionTable<LoadOptions> = {
  clients: {
    name: 'clients',
    type: 'integer',
    unit: 'clients',
    minimum: 1,
    maximum: MAXIMUM_CLIENTS,
    default: '10',
    group: 'Load',
    commands: SWARM,
    peer: true,
    help: 'How many FFmpeg clients to keep running',
  },
  rampRatePerSecond: {
    name: 'ramp-rate',
    type: 'integer',
    unit: 'clients per second',
    minimum: 1,
    maximum: MAXIMUM_RAMP_RATE,
    default: '5',
    group: 'Load',
    commands: SWARM,
    peer: true,
    help: 'New clients per second while ramping',
  },
  rampJitterMs: {
    name: 'ramp-jitter',
    type: 'duration',
    minimum: '0s',
    maximum: LONGEST,
    default: '200ms',
    group: 'Load',
    commands: SWARM,
    peer: true,
    help: 'Random shift of each start around the schedule; the asked rate is kept',
  },
  rampPrepare: {
    name: 'ramp-prepare',
    type: 'enum',
    choices: ['auto', 'on', 'off'],
    default: 'auto',
    group: 'Load',
    commands: SWARM,
    help: 'Load every FFmpeg before the ramp and let each go in its slot, so that a steep ramp keeps its rate; auto: when starting them in time would take more than a quarter of the processors',
  },
  durationMs: {
    name: 'duration',
    type: 'duration',
    minimum: '0s',
    maximum: LONGEST,
    default: '0s',
    defaultFor: { demo: '60s' },
    group: 'Load',
    commands: [...SWARM, 'proxy'],
    peer: true,
    help: 'Length of the run from the first start; 0 runs until stopped',
    helpFor: { proxy: 'How long the doors stay open; 0 is until stopped' },
  },
  pace: {
    name: 'pace',
    type: 'enum',
    choices: ['auto', 'realtime', 'max'],
    default: 'auto',
    group: 'Load',
    commands: SWARM,
    help: 'How fast clients read: auto plays VOD in real time and live as it comes',
  },
  preset: {
    name: 'preset',
    type: 'enum',
    choices: ['default', 'gentle', 'burst', 'stress', 'extreme'],
    default: 'default',
    group: 'Load',
    commands: SWARM,
    help: 'Sets --clients and --ramp-rate where nothing else does: gentle 20 at 1/s, burst 100 at 50/s, stress 200 at 20/s, extreme 500 at 50/s',
  },
  seed: {
    name: 'seed',
    type: 'integer',
    unit: 'seed',
    minimum: 0,
    maximum: MAXIMUM_SEED,
    group: 'Load',
    commands: [...SWARM, 'origin', 'proxy'],
    help: 'Seed of every random choice; chosen at random and reported when not given',
  },
  loop: {
    name: 'loop',
    type: 'boolean',
    default: 'false',
    group: 'Load',
    commands: SWARM,
    help: 'Start a VOD stream over when it has ended, with a new FFmpeg process each time',
  },
  liveStartIndex: {
    name: 'live-start-index',
    type: 'integer',
    unit: 'segment',
    minimum: -LONGEST_PLAYLIST_SEGMENTS,
    maximum: LONGEST_PLAYLIST_SEGMENTS,
    group: 'Load',
    commands: SWARM,
    help: "Segment of a live playlist to begin with; negative counts from the live edge; when not given FFmpeg's own, -3",
  },
  variant: {
    name: 'variant',
    type: 'enum',
    choices: ['all', 'first', 'highest', 'lowest'],
    others: { pattern: /^\d{1,12}(?:x\d{1,6})?$/, placeholder: 'INDEX|WxH|BANDWIDTH' },
    default: 'all',
    group: 'Variant selection',
    commands: SWARM,
    peer: true,
    help: 'Which variant streams each client plays; INDEX counts from 0 in the order of the multivariant playlist, of equals the first is played',
  },
  probeFailurePolicy: {
    name: 'probe-failure-policy',
    type: 'enum',
    choices: ['fallback', 'fail'],
    default: 'fallback',
    group: 'Variant selection',
    commands: SWARM,
    peer: true,
    help: 'When ffprobe cannot list the variants for highest or lowest: play the first, or end with exit 1',
  },
  targetDurationMs: {
    name: 'target-duration',
    type: 'duration',
    minimum: '100ms',
    maximum: '1h',
    default: '6s',
    group: 'Stalls and restarts',
    commands: SWARM,
    peer: true,
    help: 'How long a client may stall before --restart-on-stall restarts it',
  },
  restartOnStall: {
    name: 'restart-on-stall',
    type: 'boolean',
    default: 'false',
    group: 'Stalls and restarts',
    commands: SWARM,
    peer: true,
    help: 'Restart clients that stall',
  },
  maxRestarts: {
    name: 'max-restarts',
    type: 'integer',
    unit: 'restarts',
    minimum: 0,
    maximum: MAXIMUM_RESTARTS,
    default: '0',
    group: 'Stalls and restarts',
    commands: SWARM,
    help: 'Restarts of one client before it is given up; 0 is without limit',
  },
};
