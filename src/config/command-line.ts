// The words of a command line sorted into options and positionals, in every spelling that Go and GNU users type.
// It does not judge values, and does not know which command takes which option.
import { parseArgs } from 'node:util';
import { nearestName } from './nearest.ts';
import { keyOfName, type OptionKey, optionRows, optionTable } from './options.ts';
import type { Setting, SourceReading } from './setting.ts';

export const COMMAND_LINE = 'command line';

export interface CommandLine extends SourceReading {
  readonly positionals: readonly string[];
  readonly wantsHelp: boolean;
  readonly wantsVersion: boolean;
}

const HELP_NAMES = new Set(['h', 'help']);
const VERSION_NAME = 'version';
const NEGATION = 'no-';

/** Accepts `-name value`, `-name=value`, `--name value`, `--name=value`, `--no-name`; options may follow positionals. */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const errors: string[] = [];
  const { tokens } = parseArgs({
    args: selfContained(argv, errors),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const texts = new Map<OptionKey, string[]>();
  const positionals: string[] = [];
  let wantsHelp = false;
  let wantsVersion = false;
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    if (HELP_NAMES.has(token.name)) wantsHelp = true;
    else if (token.name === VERSION_NAME) wantsVersion = true;
    else {
      const meant = meaning(token.name, token.value);
      if (typeof meant === 'string') errors.push(meant);
      else collect(texts, meant.key, meant.text);
    }
  }
  const settings = [...texts].map(([key, values]): Setting => ({ key, texts: values, source: COMMAND_LINE }));
  return { settings, positionals, errors, wantsHelp, wantsVersion };
}

/** Every option as one word with two dashes, its value after "="; parseArgs would read `-clients` as seven letters. */
function selfContained(argv: readonly string[], errors: string[]): string[] {
  const words: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') return [...words, ...argv.slice(index)];
    if (!isOptionWord(word)) {
      words.push(word);
      continue;
    }
    const bare = word.replace(/^--?/, '');
    const name = bare.split('=', 1)[0] ?? '';
    // A mistyped name takes its value along, so that one slip is reported once.
    const key =
      isMeta(name) || deniedKey(name) !== undefined
        ? undefined
        : (keyOfName(name) ?? keyOfName(nearestOption(name) ?? ''));
    const needsValue = key !== undefined && optionTable[key].type !== 'boolean' && !bare.includes('=');
    if (!needsValue) {
      words.push(`--${bare}`);
      continue;
    }
    const value = argv[index + 1];
    if (value === undefined || (isOptionWord(value) && isKnown(value.replace(/^--?/, '').split('=', 1)[0] ?? ''))) {
      const next = value === undefined ? 'nothing follows it' : `${JSON.stringify(value)} that follows is an option`;
      errors.push(`--${name}: needs a value, and ${next}`);
      continue;
    }
    words.push(`--${name}=${value}`);
    index += 1;
  }
  return words;
}

/** A lone "-" is a file name by custom. */
function isOptionWord(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}

function isKnown(name: string): boolean {
  return keyOfName(name) !== undefined || isMeta(name) || negated(name) !== undefined;
}

function isMeta(name: string): boolean {
  return HELP_NAMES.has(name) || name === VERSION_NAME;
}

function negated(name: string): OptionKey | undefined {
  const key = deniedKey(name);
  return key !== undefined && optionTable[key].type === 'boolean' ? key : undefined;
}

/** `no-cache` and `no-proxy` are names of their own and are found as such first. */
function deniedKey(name: string): OptionKey | undefined {
  return name.startsWith(NEGATION) && keyOfName(name) === undefined
    ? keyOfName(name.slice(NEGATION.length))
    : undefined;
}

function meaning(name: string, value: string | undefined): { key: OptionKey; text: string } | string {
  const key = keyOfName(name);
  if (key !== undefined) return { key, text: value ?? 'true' };
  const denied = negated(name);
  if (denied !== undefined) {
    return value === undefined
      ? { key: denied, text: 'false' }
      : `--${name}: takes no value, and ${JSON.stringify(value)} was given; write --${optionTable[denied].name}=${value}`;
  }
  if (deniedKey(name) !== undefined) return `--${name}: unknown option; only switches have a --no- form`;
  const near = nearestOption(name);
  return `--${name}: unknown option${near === undefined ? '; --help lists them' : `; did you mean --${near}?`}`;
}

function nearestOption(name: string): string | undefined {
  return nearestName(
    name,
    optionRows.map(([, option]) => option.name),
  );
}

/** Repeatable options gather; of the others the last one counts, as in Go. */
function collect(texts: Map<OptionKey, string[]>, key: OptionKey, text: string): void {
  if (optionTable[key].type === 'list') texts.set(key, [...(texts.get(key) ?? []), text]);
  else texts.set(key, [text]);
}
