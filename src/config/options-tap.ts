// The options of the tap, in a run and alone. Pure data: a type and its rows.
import type { Command, OptionTable } from './option.ts';

export interface TapOptions {
  /** Direct play: no tap, parser only. */
  readonly noProxy: boolean;
  /** Absent: one per four cores, at least one. */
  readonly proxyWorkers?: number;
  readonly tls: 'intercept' | 'tunnel';
  readonly tlsCaOut?: string;
  readonly upstream: 'mirror' | 'shared';
  readonly upstreamConnections: number;
  readonly upstreamIdleMs: number;
  readonly recordFields: readonly string[];
  readonly faults: readonly string[];
  readonly calibrate: boolean;
  readonly noCalibrate: boolean;
  readonly doors: number;
  readonly idleExitMs?: number;
  readonly answerErrors: boolean;
  readonly halfClose: boolean;
  /** Timers of long-lived streams only. */
  readonly streamFirstByteMs: number;
  readonly streamSilentMs: number;
  readonly streamDrainMs: number;
  readonly checkTs: boolean;
}

const TAPPED: readonly Command[] = ['run', 'demo', 'check', 'proxy'];

/** Threads beyond this only take turns on any machine that we can measure. */
const MAXIMUM_WORKERS = 64;
/** As many as clients: each is a listener with a port of its own. */
const MAXIMUM_DOORS = 5000;
/** The ports of one local address, less those that the system keeps. */
const MAXIMUM_CONNECTIONS = 28_000;

export const tapOptions: OptionTable<TapOptions> = {
  noProxy: {
    name: 'no-proxy',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: ['run', 'demo', 'check'],
    help: 'Play directly, without the tap: parser numbers only, for comparison',
  },
  proxyWorkers: {
    name: 'proxy-workers',
    type: 'integer',
    unit: 'threads',
    minimum: 1,
    maximum: MAXIMUM_WORKERS,
    group: 'Tap',
    commands: TAPPED,
    help: 'Threads of the tap; one per four cores when not given',
  },
  tls: {
    name: 'tls',
    type: 'enum',
    choices: ['intercept', 'tunnel'],
    default: 'intercept',
    group: 'Tap',
    commands: TAPPED,
    help: 'https origins: read with a certificate of our own, or relay unseen',
  },
  tlsCaOut: {
    name: 'tls-ca-out',
    type: 'path',
    placeholder: 'FILE',
    group: 'Tap',
    commands: TAPPED,
    help: "Write the certificate of the run's own authority here, for other players",
  },
  upstream: {
    name: 'upstream',
    type: 'enum',
    choices: ['mirror', 'shared'],
    default: 'mirror',
    group: 'Tap',
    commands: TAPPED,
    help: "Origin connections: one for each of the clients' own, or a pool shared by all",
  },
  upstreamConnections: {
    name: 'upstream-connections',
    type: 'integer',
    unit: 'connections',
    minimum: 1,
    maximum: MAXIMUM_CONNECTIONS,
    default: '64',
    group: 'Tap',
    commands: TAPPED,
    help: 'With --upstream shared: connections to one origin at most, and at least one per thread of the tap',
  },
  upstreamIdleMs: {
    name: 'upstream-idle',
    type: 'duration',
    minimum: '10ms',
    maximum: '1h',
    default: '15s',
    group: 'Tap',
    commands: TAPPED,
    help: 'With --upstream shared: how long a connection may go unused before it is closed',
  },
  recordFields: {
    name: 'record-field',
    type: 'list',
    placeholder: 'NAME',
    itemForm: 'field-name',
    group: 'Tap',
    commands: TAPPED,
    help: 'Response header field to keep in transfer records; may be repeated',
  },
  faults: {
    name: 'fault',
    type: 'list',
    placeholder: 'RULE',
    itemForm: 'fault',
    group: 'Tap',
    commands: [...TAPPED, 'origin'],
    help: "Inject a fault, as in 'kind=segment nth=7 status=404': in the tap, or with origin in its own answers; may be repeated",
  },
  calibrate: {
    name: 'calibrate',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: ['proxy'],
    help: "Measure the tap's own added time and CPU on this machine, and leave",
  },
  noCalibrate: {
    name: 'no-calibrate',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: TAPPED,
    help: 'Skip the short calibration at the start',
  },
  doors: {
    name: 'doors',
    type: 'integer',
    unit: 'doors',
    minimum: 1,
    maximum: MAXIMUM_DOORS,
    default: '1',
    group: 'Tap',
    commands: ['proxy'],
    help: 'Listeners to open, one per player',
  },
  idleExitMs: {
    name: 'idle-exit',
    type: 'duration',
    minimum: '100ms',
    maximum: '576h',
    group: 'Tap',
    commands: ['proxy'],
    help: 'Leave after this long without an open connection',
  },
  answerErrors: {
    name: 'answer-errors',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: ['proxy'],
    help: 'Answer 502 or 504 where the origin fails, in place of a reset',
  },
  halfClose: {
    name: 'half-close',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: ['proxy'],
    help: 'Take a FIN from the player as the end of its requests, not as leaving',
  },
  streamFirstByteMs: {
    name: 'stream-first-byte-timeout',
    type: 'duration',
    minimum: '100ms',
    maximum: '1h',
    default: '10s',
    group: 'Tap',
    commands: TAPPED,
    help: 'Endless MPEG-TS: how long the origin may take to its first octet',
  },
  streamSilentMs: {
    name: 'stream-silent-timeout',
    type: 'duration',
    minimum: '100ms',
    maximum: '24h',
    default: '60s',
    group: 'Tap',
    commands: TAPPED,
    help: 'Endless MPEG-TS: how long the origin may send nothing before the stream is ended',
  },
  streamDrainMs: {
    name: 'stream-drain-timeout',
    type: 'duration',
    minimum: '100ms',
    maximum: '24h',
    default: '30s',
    group: 'Tap',
    commands: TAPPED,
    help: 'Endless MPEG-TS: how long a player may read nothing before the stream is ended',
  },
  checkTs: {
    name: 'check-ts',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: TAPPED,
    help: 'Endless MPEG-TS: count lost sync and wrong continuity counters',
  },
};
