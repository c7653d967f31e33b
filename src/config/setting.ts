// What a source said about one option, before anything is believed: texts and where they came from.
import type { OptionKey } from './options.ts';

export interface Setting {
  readonly key: OptionKey;
  /** One text, or more for an option that may be repeated. */
  readonly texts: readonly string[];
  /** For people: `command line`, `environment HLS_SWARM_CLIENTS`, `file swarm.yaml`. */
  readonly source: string;
}

/** Settings of one source, and what was wrong with it as a whole. */
export interface SourceReading {
  readonly settings: readonly Setting[];
  readonly errors: readonly string[];
}

/** One error line: the option, the value as given, where it was given, what is wrong. */
export function complaint(name: string, text: string, source: string, problem: string): string {
  return `--${name}: ${JSON.stringify(text)} (${source}) ${problem}`;
}
