// Options from the environment and from a YAML file, as texts with their source.
// It does not read the file itself (the reader is handed in) and does not judge values.
import { isMap, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import { nearestName } from './nearest.ts';
import { environmentName } from './option.ts';
import { keyOfName, type OptionKey, optionRows, optionTable } from './options.ts';
import type { Setting, SourceReading } from './setting.ts';
import { allowedFor } from './value.ts';

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
  let read: YamlReading;
  try {
    read = readYaml(text);
  } catch (error) {
    return failed(`is not YAML: ${messageOf(error)}`);
  }
  const { content, lineOf, documents } = read;
  if (documents > 1) return failed(`holds ${documents} documents; allowed: one`);
  if (content === null || content === '') return { settings: [], errors: [] };
  if (typeof content !== 'object' || Array.isArray(content)) {
    return failed('does not hold a mapping; allowed: lines such as "clients: 20"');
  }
  return readMapping(content, (name) => {
    const line = lineOf.get(name);
    return line === undefined ? `file ${path}` : `file ${path}, line ${line}`;
  });
}

interface YamlReading {
  /** Of the first document. */
  readonly content: unknown;
  /** Where each name of the mapping stands, from 1. */
  readonly lineOf: ReadonlyMap<string, number>;
  readonly documents: number;
}

/** Throws where the text is broken, and also where an alias has no anchor or too many: that shows only on conversion. */
function readYaml(text: string): YamlReading {
  const lineCounter = new LineCounter();
  // Scalars are kept as written: 0x10 or 1_000 must not become a number by another grammar than the command line's.
  const documents = [parseAllDocuments(text, { schema: 'failsafe', logLevel: 'silent', lineCounter })].flat();
  for (const { errors } of documents) if (errors[0] !== undefined) throw errors[0];
  const [document] = documents;
  const lineOf = new Map<string, number>();
  if (document === undefined) return { content: null, lineOf, documents: 0 };
  for (const { key } of isMap(document.contents) ? document.contents.items : []) {
    if (isScalar(key) && key.range) lineOf.set(String(key.value), lineCounter.linePos(key.range[0]).line);
  }
  return { content: document.toJS(), lineOf, documents: documents.length };
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';
}

function readMapping(content: object, sourceOf: (name: string) => string): SourceReading {
  const settings: Setting[] = [];
  const errors: string[] = [];
  for (const [name, value] of Object.entries(content) as [string, unknown][]) {
    const key = keyOfName(name);
    const source = sourceOf(name);
    if (key === undefined || name === 'config') {
      errors.push(unknownName(name, source));
      continue;
    }
    const texts = textsOf(key, value);
    if (texts === undefined) errors.push(notOneValue(key, value, source));
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

function notOneValue(key: OptionKey, value: unknown, source: string): string {
  const option = optionTable[key];
  const what = option.type === 'list' ? 'neither a value nor a list of values' : 'not a single value';
  return `--${option.name}: ${JSON.stringify(value)} (${source}) is ${what}; allowed: ${allowedFor(option)}`;
}

function textsOf(key: OptionKey, value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  const isTextList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isTextList && optionTable[key].type === 'list' ? value : undefined;
}
