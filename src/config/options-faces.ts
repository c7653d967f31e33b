// The options of the faces: screen, log, metrics, files. Pure data: a type and its rows.
import type { Command, HostPort, OptionTable } from './option.ts';

export interface FaceOptions {
  readonly metrics: HostPort;
  readonly verbose: boolean;
  readonly logFormat: 'json' | 'text';
  readonly logFile?: string;
  readonly tui: boolean;
  readonly promClientMetrics: boolean;
  readonly report?: string;
  readonly journal?: string;
  readonly html?: string;
  readonly json: boolean;
  /** Absent: query-values everywhere but in the journal. */
  readonly redact?: 'query-values' | 'none';
  readonly failIf: readonly string[];
  readonly config?: string;
}

const SWARM: readonly Command[] = ['run', 'demo', 'check'];
const MEASURING: readonly Command[] = [...SWARM, 'proxy'];
/** Commands that read files and start nothing. */
const OFFLINE: readonly Command[] = ['analyze', 'replay'];
const JSON_HELP = 'Print JSON, for scripts';
const EVERY: readonly Command[] = [...MEASURING, 'origin'];

export const faceOptions: OptionTable<FaceOptions> = {
  metrics: {
    name: 'metrics',
    type: 'hostport',
    default: '127.0.0.1:17091',
    group: 'Screen, log and metrics',
    commands: MEASURING,
    peer: true,
    help: 'Where /metrics, /snapshot, /health and /ready listen; port 0 takes a free one',
  },
  verbose: {
    name: 'v',
    type: 'boolean',
    default: 'false',
    group: 'Screen, log and metrics',
    commands: EVERY,
    peer: true,
    help: "Log debug events, and the clients' stderr",
  },
  logFormat: {
    name: 'log-format',
    type: 'enum',
    choices: ['json', 'text'],
    default: 'json',
    group: 'Screen, log and metrics',
    commands: EVERY,
    peer: true,
    help: 'Form of the log lines on stderr',
  },
  logFile: {
    name: 'log-file',
    type: 'path',
    placeholder: 'FILE',
    group: 'Screen, log and metrics',
    commands: EVERY,
    help: 'Write the log here in place of stderr',
  },
  tui: {
    name: 'tui',
    type: 'boolean',
    default: 'true',
    defaultFor: { check: 'false' },
    group: 'Screen, log and metrics',
    commands: SWARM,
    peer: true,
    help: 'Full-screen display when stdout is a terminal',
  },
  promClientMetrics: {
    name: 'prom-client-metrics',
    type: 'boolean',
    default: 'false',
    group: 'Screen, log and metrics',
    commands: SWARM,
    peer: true,
    help: 'Also expose a series per client',
  },
  report: {
    name: 'report',
    type: 'path',
    placeholder: 'FILE',
    group: 'Results',
    commands: MEASURING,
    help: 'Write the summary as JSON at the end',
  },
  journal: {
    name: 'journal',
    type: 'path',
    placeholder: 'FILE',
    group: 'Results',
    commands: MEASURING,
    help: 'Write every transfer, connection, playlist and client event as JSON lines',
  },
  html: {
    name: 'html',
    type: 'path',
    placeholder: 'FILE',
    group: 'Results',
    commands: [...SWARM, 'replay'],
    help: 'Write the report as one page that needs no other file, to look at and to print',
  },
  json: {
    name: 'json',
    type: 'boolean',
    default: 'false',
    group: 'Results',
    commands: ['run', 'check', 'proxy', ...OFFLINE],
    help: 'With --check: print what it found as JSON, for scripts, and the summary on stderr',
    helpFor: { proxy: JSON_HELP, analyze: JSON_HELP, replay: JSON_HELP },
  },
  redact: {
    name: 'redact',
    type: 'enum',
    choices: ['query-values', 'none'],
    group: 'Results',
    commands: [...MEASURING, ...OFFLINE],
    help: 'Secrets in URLs; when not given: query-values everywhere but in the journal, which only you can read',
  },
  failIf: {
    name: 'fail-if',
    type: 'list',
    placeholder: 'EXPRESSION',
    itemForm: 'threshold',
    group: 'Results',
    commands: SWARM,
    help: "End with exit 99 when a figure of the summary is so at the end, as in 'proxy.terminations.SD>0'; may be repeated",
  },
  config: {
    name: 'config',
    type: 'path',
    placeholder: 'FILE',
    group: 'Results',
    commands: [...EVERY, ...OFFLINE],
    help: 'YAML file with options by name; the environment and the command line come before it',
  },
};
