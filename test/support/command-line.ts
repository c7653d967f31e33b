// Short ways to parse a command line in tests: no environment and no file unless given.
// It asserts nothing about values.
import assert from 'node:assert/strict';
import type { Options } from '../../src/config/options.ts';
import { type ParsedCommand, parseCommand } from '../../src/config/parse.ts';

export const STREAM = 'http://origin.example/live/stream.m3u8';

interface Sources {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

export function parse(argv: readonly string[], { environment = {}, files = {} }: Sources = {}): ParsedCommand {
  return parseCommand(argv, environment, (path) => {
    const text = files[path];
    if (text === undefined) throw new Error('ENOENT: no such file or directory');
    return text;
  });
}

/** The options of a command line that must be right. */
export function optionsOf(argv: readonly string[], sources?: Sources): Options {
  const parsed = parse(argv, sources);
  assert.ok(parsed.ok && 'options' in parsed, JSON.stringify(parsed));
  return parsed.options;
}

/** The errors of a command line; empty when there are none. */
export function errorsOf(argv: readonly string[], sources?: Sources): readonly string[] {
  const parsed = parse(argv, sources);
  return parsed.ok ? [] : parsed.errors;
}
