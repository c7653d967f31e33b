// The option table and the object it becomes: every option of every command, in one place.
// It parses nothing; parse.ts does. Values that a command does not take are at their defaults.
import type { Option, OptionTable } from './option.ts';
import { type AnalyzeOptions, analyzeOptions } from './options-analyze.ts';
import { type ClientOptions, clientOptions } from './options-client.ts';
import { type FaceOptions, faceOptions } from './options-faces.ts';
import { type LoadOptions, loadOptions } from './options-load.ts';
import { type OriginOptions, originOptions } from './options-origin.ts';
import { type TapOptions, tapOptions } from './options-tap.ts';

/** What a command was asked to do; durations in milliseconds, absent where nothing was said and nothing is assumed. */
export interface Options extends LoadOptions, ClientOptions, TapOptions, FaceOptions, OriginOptions, AnalyzeOptions {}
export type OptionKey = keyof Options;

const rows: OptionTable<Options> = {
  ...loadOptions,
  ...clientOptions,
  ...tapOptions,
  ...faceOptions,
  ...originOptions,
  ...analyzeOptions,
};

/** Every option by the property it fills. */
export const optionTable: Readonly<Record<OptionKey, Option>> = rows;

/** The same, as a list. */
export const optionRows: readonly (readonly [OptionKey, Option])[] = Object.entries(optionTable) as [
  OptionKey,
  Option,
][];

const byName: ReadonlyMap<string, OptionKey> = new Map(optionRows.map(([key, option]) => [option.name, key]));

/** The property that an option's name fills. */
export function keyOfName(name: string): OptionKey | undefined {
  return byName.get(name);
}
