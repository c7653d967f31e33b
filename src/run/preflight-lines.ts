// How the preflight is told: a line per check on stderr, in the log where a screen has the terminal, or as the reason of a refusal.
// It checks nothing.
import type { Options } from '../config/options.ts';
import { type Check, formatCheck } from '../swarm/check.ts';
import { CannotMeasure } from './exit-codes.ts';
import type { House } from './house.ts';
import { portHolder } from './port-holder.ts';

/** These say no more than what the machine grants: `--skip-preflight` goes past them. */
const SKIPPABLE: ReadonlySet<string> = new Set([
  'file_descriptors',
  'process_limit',
  'ephemeral_ports',
  'memory',
  'cpu',
]);

export function tellChecks(checks: readonly Check[], { log, logLines, terminal }: House): void {
  for (const { name, level, detail } of checks) {
    const say = level === 'ok' ? log.debug : log.warn;
    if (level === 'ok' || logLines.isScreenOn) say.call(log, { check: name, level, detail }, 'preflight');
  }
  if (!logLines.isScreenOn) terminal.stderr.write(`${linesOf(checks, terminal)}\n`);
}

/** Every check, not only those that failed: what is well need not be looked for. */
export function refusal(checks: readonly Check[], { terminal }: House): CannotMeasure {
  const failed = checks.filter(({ ok }) => !ok);
  const hint = failed.every(({ name }) => SKIPPABLE.has(name)) ? '\n--skip-preflight starts all the same' : '';
  const count = `${failed.length} of ${checks.length} checks`;
  return new CannotMeasure(`preflight failed: ${count}\n${linesOf(checks, terminal)}${hint}`);
}

/** The address of the control server, which is ours by now. */
export function listeningCheck(serverUrl: string): Check {
  return { name: 'metrics_port', ok: true, level: 'ok', detail: `listening on ${serverUrl}` };
}

/** The check that a control server without its port makes; undefined when something else kept the recording side from opening. */
export function takenPortCheck({ message }: CannotMeasure, { metrics }: Options): Check | undefined {
  if (!message.startsWith('--metrics:')) return undefined;
  const holder = message.includes(' is taken') ? portHolder(metrics.port) : undefined;
  const detail = holder === undefined ? message : `${metrics.host}:${metrics.port} is taken by ${holder}`;
  return { name: 'metrics_port', ok: false, level: 'fail', detail, fix: '--metrics 127.0.0.1:0 takes a free one' };
}

function linesOf(checks: readonly Check[], { stderr, env }: House['terminal']): string {
  const isColoured = stderr.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  return checks.map((check) => formatCheck(check, isColoured)).join('\n');
}
