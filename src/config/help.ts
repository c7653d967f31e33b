// The help text, made from the option table: per command, by group.
// It prints nothing.
import { type Command, defaultText, GROUPS, type Option } from './option.ts';
import { optionRows } from './options.ts';

interface CommandHelp {
  readonly usage: string;
  readonly purpose: string;
}

const COMMANDS: Readonly<Record<Command, CommandHelp>> = {
  run: { usage: 'hls-swarm [run] URL [options]', purpose: 'Play URL with a swarm of FFmpeg clients and measure it.' },
  demo: { usage: 'hls-swarm demo [options]', purpose: 'Serve a live stream from here and run a swarm against it.' },
  check: { usage: 'hls-swarm check URL [options]', purpose: 'Play URL with one client for 10 s; say what it found.' },
  origin: { usage: 'hls-swarm origin [options]', purpose: 'Serve the embedded live stream alone.' },
  proxy: { usage: 'hls-swarm proxy [options]', purpose: 'Open the tap alone, for any player; prints a URL per door.' },
  analyze: {
    usage: 'hls-swarm analyze --stderr LOG [--truth FILE] [options]',
    purpose: 'Score the parser, or one of your own, over a saved FFmpeg log.',
  },
  replay: {
    usage: 'hls-swarm replay JOURNAL [--json]',
    purpose: 'Make the statistics of a run again from its journal.',
  },
};

const WIDTH = 79;
const INDENT = '      ';

/** Help for one command: usage, options by group, environment and files. Ends in a line feed. */
export function helpText(command: Command): string {
  const lines = [`Usage: ${COMMANDS[command].usage}`, '', COMMANDS[command].purpose, ''];
  if (command === 'run') lines.push(...otherCommands(), '');
  for (const group of GROUPS) {
    const options = optionRows.map(([, option]) => option).filter((option) => isShown(option, group, command));
    if (options.length > 0) lines.push(`${group}:`, ...options.flatMap((option) => entry(option, command)), '');
  }
  return `${[...lines, ...closing()].join('\n')}\n`;
}

function isShown(option: Option, group: string, command: Command): boolean {
  return option.group === group && option.commands.includes(command);
}

function otherCommands(): string[] {
  const rows = (Object.entries(COMMANDS) as [Command, CommandHelp][]).filter(([name]) => name !== 'run');
  return [
    'Other commands (hls-swarm help COMMAND says more):',
    ...rows.flatMap(([, { usage, purpose }]) => [`  ${usage}`, ...wrap(purpose)]),
  ];
}

function entry(option: Option, command: Command): string[] {
  const facts = [...range(option), ...defaultFact(option, command)].join('; ');
  return [
    `  ${synopsis(option, command)}`,
    ...wrap(`${option.helpFor?.[command] ?? option.help}${facts === '' ? '' : ` (${facts})`}.`),
  ];
}

/** What the synopsis does not show already. */
function range(option: Option): string[] {
  return 'minimum' in option ? [`${option.minimum} to ${option.maximum}`] : [];
}

function synopsis(option: Option, command: Command): string {
  const isOn = defaultText(option, command) === 'true';
  return option.type === 'boolean'
    ? `--${isOn ? '[no-]' : ''}${option.name}`
    : `--${option.name} ${placeholder(option)}`;
}

function placeholder(option: Exclude<Option, { type: 'boolean' }>): string {
  switch (option.type) {
    case 'integer':
    case 'number':
      return option.unit.toUpperCase().replaceAll(' ', '-');
    case 'duration':
      return 'DURATION';
    case 'enum':
      return [...option.choices, ...(option.others === undefined ? [] : [option.others.placeholder])].join('|');
    case 'hostport':
      return 'HOST:PORT';
    case 'url':
      return 'URL';
    case 'host':
      return 'HOST';
    default:
      return option.placeholder;
  }
}

function defaultFact(option: Option, command: Command): string[] {
  const text = defaultText(option, command);
  return text === undefined || text === 'false' ? [] : [`default ${text}`];
}

function closing(): string[] {
  return [
    'Options may be written -name VALUE, -name=VALUE, --name VALUE or --name=VALUE,',
    'before or after the URL; switches also --name=false or --no-name. Durations are',
    'written 1m30s, 2.5s or 500ms. Each option can come from the environment',
    '(HLS_SWARM_LOG_FORMAT=text) or from a YAML file (--config); the command line',
    'wins over the environment, the environment over the file, the file over a',
    '--preset.',
    '',
    '--help and --version print and leave. Exit codes: 0 measured; 1 could not',
    'measure; 2 usage; 70 a bug; 98 measured, but the instrument lost data or was',
    'overloaded; 99 a --fail-if held; 130 second Ctrl-C.',
  ];
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = INDENT;
  for (const word of text.split(' ')) {
    const isFull = line.length + 1 + word.length > WIDTH && line !== INDENT;
    if (isFull) lines.push(line);
    line = isFull || line === INDENT ? `${INDENT}${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}
