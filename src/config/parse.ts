// argv, environment and file to one command with checked options: the order of precedence lives here.
// It opens nothing itself and never exits; every mistake of a command line is reported at once.
import { checkIdle, checkInputs, checkTogether, checkUrl, derive } from './checks.ts';
import { COMMAND_LINE, type CommandLine, readCommandLine } from './command-line.ts';
import { helpText } from './help.ts';
import { COMMANDS, type Command, defaultText, type Option } from './option.ts';
import { type OptionKey, type Options, optionRows, optionTable } from './options.ts';
import { PRESETS } from './presets.ts';
import { complaint, type Setting } from './setting.ts';
import { readConfigFile, readEnvironment } from './sources.ts';
import { lowerScheme, type OptionValue, parseValue } from './value.ts';
import { version } from './version.ts';

export type ParsedCommand =
  | {
      readonly ok: true;
      /** `run --check` arrives as `check`. */
      readonly command: Command;
      /** The stream: always there for `check`, and for `run` without `printCmd`. */
      readonly url?: string;
      /** What `replay` reads: always there for it. */
      readonly input?: string;
      readonly options: Options;
    }
  | { readonly ok: true; readonly command: 'help' | 'version' /** For stdout, whole lines. */; readonly text: string }
  | { readonly ok: false /** One line each; exit 2. */; readonly errors: readonly string[] };

const HELP = 'help';
const VERSION = 'version';

/** `argv` without the program. `readFile` gives the text of the --config file or throws. */
export function parseCommand(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): ParsedCommand {
  const line = readCommandLine(argv);
  const [first, ...rest] = line.positionals;
  if (line.wantsVersion || first === VERSION) {
    return { ok: true, command: VERSION, text: `hls-swarm ${version}\n` };
  }
  if (line.wantsHelp || first === HELP) {
    return { ok: true, command: HELP, text: helpText(commandOf(first === HELP ? rest[0] : first) ?? 'run') };
  }
  const command = commandOf(first);
  return parseOptions(line, command ?? 'run', command === undefined ? line.positionals : rest, environment, readFile);
}

function commandOf(word: string | undefined): Command | undefined {
  return COMMANDS.find((command) => command === word);
}

function parseOptions(
  line: CommandLine,
  command: Command,
  positionals: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string,
): ParsedCommand {
  const fromEnvironment = readEnvironment(environment);
  const path = [...line.settings, ...fromEnvironment].find(({ key }) => key === 'config')?.texts[0];
  const file = path === undefined || path === '' ? { settings: [], errors: [] } : readConfigFile(path, readFile);
  const errors = [...line.errors, ...file.errors];
  // Weakest first, so that each stronger source overwrites.
  const given = valuesOf([...file.settings, ...fromEnvironment, ...line.settings], command, errors);
  const defaults = defaultsFor(command);
  const preset = PRESETS[given.preset ?? 'default'];
  const options = derive({ ...defaults, ...preset, ...given } as Options, new Set(Object.keys(given) as OptionKey[]));
  const effective = command === 'run' && options.check ? 'check' : command;
  const takesUrl = effective === 'run' || effective === 'check';
  const url = takesUrl ? positionals[0] : undefined;
  const input = command === 'replay' ? positionals[0] : undefined;
  errors.push(
    ...checkUrl(url, effective, options),
    ...checkInputs(input, command, options),
    ...positionals.slice(takesUrl || command === 'replay' ? 1 : 0).map((word) => surplus(word, command)),
    ...checkTogether(options),
    ...checkIdle(options, new Set(line.settings.map(({ key }) => key))),
  );
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    command: effective,
    ...(url === undefined ? {} : { url: lowerScheme(url) }),
    ...(input === undefined ? {} : { input }),
    options,
  };
}

/** Every given value is read, also one that a stronger source overrides: a wrong file stays wrong. */
function valuesOf(settings: readonly Setting[], command: Command, errors: string[]): Partial<Options> {
  const values: Partial<Record<OptionKey, OptionValue>> = {};
  for (const { key, texts, source } of settings) {
    const option = optionTable[key];
    if (!option.commands.includes(command)) {
      // The environment and the file may serve several commands; on a command line it is a mistake.
      if (source === COMMAND_LINE) errors.push(misplaced(key, command));
      continue;
    }
    const items: OptionValue[] = [];
    for (const text of texts) {
      if (text === '' && isEmptyByDefault(option)) {
        delete values[key];
        continue;
      }
      const parsed = parseValue(option, text);
      if ('problem' in parsed) errors.push(complaint(option.name, text, source, parsed.problem));
      else items.push(parsed.value);
    }
    const value = option.type === 'list' ? (items.flat() as string[]) : items[0];
    if (value !== undefined) values[key] = value;
  }
  return values as Partial<Options>;
}

/** The addresses of go-ffmpeg-hls-swarm: its scripts may write their default out (`-resolve="$IP"`), which is nothing. */
function isEmptyByDefault(option: Option): boolean {
  return option.peer === true && (option.type === 'url' || option.type === 'host') && option.default === undefined;
}

function defaultsFor(command: Command): Partial<Options> {
  const values: Partial<Record<OptionKey, OptionValue>> = {};
  for (const [key, option] of optionRows) {
    if (option.type === 'list') values[key] = [];
    const text = defaultText(option, command);
    if (text === undefined) continue;
    const parsed = parseValue(option, text);
    if ('problem' in parsed) throw new Error(`option table: the default of --${option.name} ${parsed.problem}`);
    values[key] = parsed.value;
  }
  return values as Partial<Options>;
}

function misplaced(key: OptionKey, command: Command): string {
  const { name, commands } = optionTable[key];
  return `--${name}: not an option of ${command}; it belongs to ${commands.join(', ')}`;
}

function surplus(word: string, command: Command): string {
  const hint = /^(true|false|[01tf])$/i.test(word) ? '; a switch takes its value with "=", as in --tui=false' : '';
  return `${JSON.stringify(word)}: unexpected argument of ${command}${hint}`;
}
