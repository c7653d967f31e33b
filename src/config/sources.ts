// Options from the environment and from a YAML file, as texts with their source.
// It does not read the file itself (the reader is handed in) and does not judge values.
import { parseDocument } from 'yaml';
import { nearestName } from './nearest.ts';
import { environmentName } from './option.ts';
import { keyOfName, type OptionKey, optionRows, optionTable } from './options.ts';
import { complaint, type Setting, type SourceReading } from './setting.ts';

/**
 * HLS_SWARM_CLIENTS=20 and so on; an empty variable is not set, and a list has one entry per line. Unknown variables of
 * that prefix are left alone: container platforms invent them from service names (HLS_SWARM_SERVICE_HOST).
 */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>>): readonly Setting[] {
  return optionRows.flatMap(([key, option]): Setting[] => {
    const name = environmentName(option);
    const text = environment[name];
    if (text === undefined || text === '') return [];
    const texts = option.type === 'list' ? text.split('\n').filter((line) => line !== '') : [text];
    return [{ key, texts, source: `environment ${name}` }];
  });
}

/** A mapping of option names to values; a list of texts where an option may be repeated. */
export function readConfigFile(path: string, readFile: (path: string) => string): SourceReading {
  const failed = (problem: string): SourceReading => ({
    settings: [],
    errors: [`--config: ${JSON.stringify(path)} ${problem}`],
  });
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    return failed(`cannot be read: ${messageOf(error)}`);
  }
  let content: unknown;
  try {
    content = readYaml(text);
  } catch (error) {
    return failed(`is not YAML: ${messageOf(error)}`);
  }
  if (content === null || content === '') return { settings: [], errors: [] };
  if (typeof content !== 'object' || Array.isArray(content)) {
    return failed('does not hold a mapping; allowed: lines such as "clients: 20"');
  }
  return readMapping(content, `file ${path}`);
}

/** Throws where the text is broken, and also where an alias has no anchor or too many: that shows only on conversion. */
function readYaml(text: string): unknown {
  // Scalars are kept as written: 0x10 or 1_000 must not become a number by another grammar than the command line's.
  const document = parseDocument(text, { schema: 'failsafe', logLevel: 'silent' });
  if (document.errors[0] !== undefined) throw document.errors[0];
  return document.toJS();
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

function readMapping(content: object, source: string): SourceReading {
  const settings: Setting[] = [];
  const errors: string[] = [];
  for (const [name, value] of Object.entries(content) as [string, unknown][]) {
    const key = keyOfName(name);
    if (key === undefined || name === 'config') {
      errors.push(unknownName(name, source));
      continue;
    }
    const texts = textsOf(key, value);
    if (texts === undefined) errors.push(complaint(name, JSON.stringify(value), source, 'is not a single value'));
    else if (texts.length > 0) settings.push({ key, texts, source });
  }
  return { settings, errors };
}

function unknownName(name: string, source: string): string {
  if (name === 'config') return `--config: cannot be given in a file (${source})`;
  const names = optionRows.map(([, option]) => option.name).filter((known) => known !== 'config');
  const near = nearestName(name, names);
  return `${name}: unknown option (${source})${near === undefined ? '; --help lists them' : `; did you mean ${near}?`}`;
}

function textsOf(key: OptionKey, value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  const isTextList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isTextList && optionTable[key].type === 'list' ? value : undefined;
}
