// The command of this run as a shell would take it again, without what is secret in it: for reports that are shown around. Pure.
// Options from a file are named by the --config that is in it.
import { environmentName } from '../config/option.ts';
import { optionRows } from '../config/options.ts';
import type { Redact } from './redact.ts';

/** Their values open doors, whatever their form. */
const SECRET_OPTIONS: ReadonlySet<string> = new Set(['header', 'cookie']);
const HIDDEN = '…';
/** A shell takes these as they are. */
const PLAIN = /^[\w@%+=:,./…~-]+$/;

/** `args`: what follows the program's name. Variables of ours stand before it, as they may on a command line. */
export function commandText(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  redact: Redact,
): string {
  const variables = optionRows.flatMap(([, option]) => {
    const name = environmentName(option);
    const value = environment[name];
    if (value === undefined || value === '') return [];
    return [`${name}=${quoted(SECRET_OPTIONS.has(option.name) ? HIDDEN : redact(value))}`];
  });
  const shown = args.map((text, at) => quoted(shownArgument(text, args[at - 1], redact)));
  return [...variables, 'hls-swarm', ...shown].join(' ');
}

function shownArgument(text: string, before: string | undefined, redact: Redact): string {
  if (before !== undefined && isSecret(before)) return HIDDEN;
  const assignment = /^(--?[^=]+)=/.exec(text)?.[1];
  return assignment !== undefined && isSecret(assignment) ? `${assignment}=${HIDDEN}` : redact(text);
}

function isSecret(argument: string): boolean {
  return argument.startsWith('-') && SECRET_OPTIONS.has(argument.replace(/^--?/, ''));
}

function quoted(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
