// What an option is: the shape of one row of the option table, bound to the type of the value it becomes.
// It holds no option and parses nothing; the rows are in options-*.ts, the reading of values in value.ts.

/** The words that may come first on the command line and take options. */
export const COMMANDS = ['run', 'demo', 'check', 'origin', 'proxy', 'analyze', 'replay'] as const;
export type Command = (typeof COMMANDS)[number];

/** Headings of the help, in the order in which they appear. */
export const GROUPS = [
  'Analysis',
  'Load',
  'Variant selection',
  'Stalls and restarts',
  'FFmpeg clients',
  'Requests',
  'Safety and diagnostics',
  'Reading the clients',
  'Tap',
  'Screen, log and metrics',
  'Results',
  'Origin metrics',
  'Segment sizes',
  'Embedded origin',
] as const;
export type Group = (typeof GROUPS)[number];

/** An address to listen on. Port 0 lets the system choose. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

interface OptionBase {
  /** As typed, without dashes; the environment variable is HLS_SWARM_ and this in capitals. */
  readonly name: string;
  readonly group: Group;
  readonly commands: readonly Command[];
  readonly help: string;
  /** Where it does something else, or less. */
  readonly helpFor?: Partial<Readonly<Record<Command, string>>>;
  /** One of the options of go-ffmpeg-hls-swarm, same name and meaning. */
  readonly peer?: true;
}

type NumberShape =
  | { readonly type: 'integer' | 'number'; readonly unit: string; readonly minimum: number; readonly maximum: number }
  /** Bounds are written as a user would; values are milliseconds. */
  | { readonly type: 'duration'; readonly minimum: string; readonly maximum: string };

type EnumShape<Choice extends string> = {
  readonly type: 'enum';
  readonly choices: readonly Choice[];
  /** What is allowed beside the choices: a pattern, and how people are told of it. */
  readonly others?: { readonly pattern: RegExp; readonly placeholder: string };
};

type TextShape = { readonly type: 'string' | 'path'; readonly placeholder: string } | { readonly type: 'url' | 'host' };

type ListShape = {
  readonly type: 'list';
  readonly placeholder: string;
  readonly itemForm?: 'header' | 'field-name' | 'cookie' | 'fault' | 'threshold' | 'device' | 'log-fields';
};

type Shape<Value> = [Value] extends [boolean]
  ? { readonly type: 'boolean' }
  : [Value] extends [number]
    ? NumberShape
    : [Value] extends [HostPort]
      ? { readonly type: 'hostport' }
      : [Value] extends [readonly string[]]
        ? ListShape
        : [Value] extends [string]
          ? string extends Value
            ? TextShape
            : EnumShape<Value>
          : never;

/** Defaults are written as a user would write them, so that help, documents and the parser share one spelling. */
type Default<Value> = undefined extends Value
  ? { readonly default?: never; readonly defaultFor?: never }
  : Value extends readonly string[]
    ? { readonly default?: never; readonly defaultFor?: never }
    : { readonly default: string; readonly defaultFor?: Partial<Readonly<Record<Command, string>>> };

/** One row for a value of type `Value`. */
export type OptionFor<Value> = OptionBase & Default<Value> & Shape<NonNullable<Value>>;

/** Exactly one row per property of `Values`, of the matching type: an option cannot be forgotten or mistyped. */
export type OptionTable<Values> = { readonly [Key in keyof Values]-?: OptionFor<Values[Key]> };

/** A row whose value's type does not matter to the reader. */
export type Option = OptionBase & {
  readonly default?: string;
  readonly defaultFor?: Partial<Readonly<Record<Command, string>>>;
} & (
    | NumberShape
    | EnumShape<string>
    | TextShape
    | ListShape
    | { readonly type: 'boolean' }
    | { readonly type: 'hostport' }
  );

export function environmentName(option: Option): string {
  return `HLS_SWARM_${option.name.toUpperCase().replaceAll('-', '_')}`;
}

/** The default as text for a command; absent when the option has none. */
export function defaultText(option: Option, command: Command): string | undefined {
  return option.defaultFor?.[command] ?? option.default;
}
