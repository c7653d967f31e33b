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
  readonly recordFields: readonly string[];
  readonly faults: readonly string[];
  readonly calibrate: boolean;
  readonly noCalibrate: boolean;
  readonly doors: number;
  readonly idleExitMs?: number;
  readonly answerErrors: boolean;
  readonly halfClose: boolean;
}

const TAPPED: readonly Command[] = ['run', 'demo', 'check', 'proxy'];

/** Threads beyond this only take turns on any machine that we can measure. */
const MAXIMUM_WORKERS = 64;
/** As many as clients: each is a listener with a port of its own. */
const MAXIMUM_DOORS = 5000;

export const tapOptions: OptionTable<TapOptions> = {
  noProxy: {
    name: 'no-proxy',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: ['run', 'demo', 'check'],
    since: 'now',
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
    since: 'now',
    help: 'Threads of the tap; one per four cores when not given',
  },
  tls: {
    name: 'tls',
    type: 'enum',
    choices: ['intercept', 'tunnel'],
    default: 'intercept',
    group: 'Tap',
    commands: TAPPED,
    since: 'later',
    help: 'https origins: read with a certificate of our own, or relay unseen',
  },
  tlsCaOut: {
    name: 'tls-ca-out',
    type: 'path',
    placeholder: 'FILE',
    group: 'Tap',
    commands: TAPPED,
    since: 'later',
    help: "Write the certificate of the run's own authority here, for other players",
  },
  upstream: {
    name: 'upstream',
    type: 'enum',
    choices: ['mirror', 'shared'],
    default: 'mirror',
    group: 'Tap',
    commands: TAPPED,
    since: 'later',
    help: "Origin connections: one for each of the clients' own, or a pool shared by all",
  },
  recordFields: {
    name: 'record-field',
    type: 'list',
    placeholder: 'NAME',
    group: 'Tap',
    commands: TAPPED,
    since: 'later',
    help: 'Response header field to keep in transfer records; may be repeated',
  },
  faults: {
    name: 'fault',
    type: 'list',
    placeholder: 'RULE',
    group: 'Tap',
    commands: [...TAPPED, 'origin'],
    since: 'later',
    help: 'Inject a fault, for instance kind=segment nth=7 status=404; may be repeated',
  },
  calibrate: {
    name: 'calibrate',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: ['proxy'],
    since: 'later',
    help: "Measure the tap's own added time and CPU on this machine, and leave",
  },
  noCalibrate: {
    name: 'no-calibrate',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: TAPPED,
    since: 'later',
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
    since: 'now',
    help: 'Listeners to open, one per player',
  },
  idleExitMs: {
    name: 'idle-exit',
    type: 'duration',
    minimum: '100ms',
    maximum: '576h',
    group: 'Tap',
    commands: ['proxy'],
    since: 'later',
    help: 'Leave after this long without a connection',
  },
  answerErrors: {
    name: 'answer-errors',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: ['proxy'],
    since: 'later',
    help: 'Answer 502 or 504 where the origin fails, in place of a reset',
  },
  halfClose: {
    name: 'half-close',
    type: 'boolean',
    default: 'false',
    group: 'Tap',
    commands: ['proxy'],
    since: 'later',
    help: 'Take a FIN from the player as the end of its requests, not as leaving',
  },
};
