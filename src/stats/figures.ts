// The figures of the summary that `--fail-if` can name: paths through its schema as it is published, each with the unit that its
// name says. Pure.
// It compares nothing; what an expression says of a figure is in threshold.ts.
import schema from '../../summary.schema.json' with { type: 'json' };
import type { Summary } from './summary.ts';

export type FigureUnit = 'ms' | 's' | 'bytes' | 'bytes/s' | 'ratio' | 'number';

export interface Figure {
  /** As in the summary's JSON, joined by dots; an item of a list goes by its `name` or `code`. */
  readonly path: string;
  readonly unit: FigureUnit;
  readonly steps: readonly Step[];
  /** What never happened has no entry in its record: then this is 0, and not unknown. */
  readonly isCount: boolean;
}

interface Step {
  readonly name: string;
  /** `entry` of a record and `item` of a list are there only if something put them there. */
  readonly kind: 'property' | 'entry' | 'item';
}

/** What is read here of a JSON Schema. */
interface Shape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  /** Of a record: what its keys are. */
  readonly description?: string;
}

/** Fields that say which item of a list is meant. */
const NAMING_FIELDS = ['name', 'code'] as const;
const NAMED_CHOICES = /^\^\(([^()]*)\)\$$/;
/** Stands for a key that runs bring along: a status code, a rule of the parser. */
const ANY_KEY = '*';
/** How many samples a distribution has is a plain number. */
const SAMPLE_COUNT = 'n';
const UNIT_OF_NAME: readonly (readonly [RegExp, FigureUnit])[] = [
  [/^bytesPerSecond/, 'bytes/s'],
  [/(?:^ms|Ms)(?:P\d+|Per[A-Z]\w*)?$/, 'ms'],
  [/(?:^s|S)econds$/, 's'],
  [/(?:^b|B)ytes$/, 'bytes'],
  [/(?:^r|R)atio$/, 'ratio'],
];
const root: Shape = schema;

/** `problem` is a clause that says what would be allowed where the path leaves the summary. */
export function findFigure(path: string): Figure | { readonly problem: string } {
  const steps: Step[] = [];
  let shape = root;
  let isCount = true;
  for (const name of path.split('.')) {
    const next = stepInto(shape, name);
    const where = steps.length === 0 ? 'the summary' : steps.map((step) => step.name).join('.');
    if (next === undefined) return { problem: `${where} ${lacks(name, shape)}` };
    if (next.step.kind !== 'property') isCount = true;
    else if (shape.required?.includes(name) !== true) isCount = false;
    steps.push(next.step);
    shape = next.shape;
  }
  if (shape.type === 'number') {
    return { path, unit: unitOf(steps), steps, isCount: isCount && shape.minimum === 0 };
  }
  const further = namesIn(shape);
  const what = further.length > 0 ? `has further parts; allowed: ${listed(further, shape)}` : 'is no number';
  return { problem: `${JSON.stringify(path)} ${what}` };
}

/** Undefined while it is not known. */
export function readFigure({ steps, isCount }: Figure, summary: Summary): number | undefined {
  let part: unknown = summary;
  for (const { name, kind } of steps) {
    const next = kind === 'item' ? itemNamed(part, name) : propertyOf(part, name);
    if (next === undefined) return kind !== 'property' && isCount ? 0 : undefined;
    part = next;
  }
  return typeof part === 'number' ? part : undefined;
}

export interface ListedFigure {
  /** `*` stands for a key of a record or an item of a list. */
  readonly path: string;
  readonly unit: FigureUnit;
}

/** Every figure there is, in the order of the summary. */
export function listFigures(): readonly ListedFigure[] {
  return figuresIn(root, []);
}

/** What may stand for the `*` at the end of a path: every name, or words for them where they are too many. */
export function keysAt(path: string): readonly string[] | string {
  const shape = path.split('.').slice(0, -1).reduce<Shape | undefined>(insideOf, root);
  const keys = shape === undefined ? [] : openNames(shape);
  return keys.includes(ANY_KEY) ? keyWords(shape) : keys;
}

function figuresIn(shape: Shape, steps: readonly Step[]): readonly ListedFigure[] {
  if (shape.type === 'number') return [{ path: steps.map(({ name }) => name).join('.'), unit: unitOf(steps) }];
  const names = [...Object.keys(shape.properties ?? {}), ...(openNames(shape).length > 0 ? [ANY_KEY] : [])];
  return names.flatMap((name): readonly ListedFigure[] => {
    const inside = insideOf(shape, name);
    return inside === undefined ? [] : figuresIn(inside, [...steps, { name, kind: 'property' }]);
  });
}

/** One step down, where `*` is the first of what it stands for: all of them have the same shape. */
function insideOf(shape: Shape | undefined, name: string): Shape | undefined {
  if (shape === undefined) return undefined;
  if (name === ANY_KEY) return Object.values(shape.patternProperties ?? {})[0] ?? shape.items;
  return stepInto(shape, name)?.shape;
}

function stepInto(shape: Shape, name: string): { readonly step: Step; readonly shape: Shape } | undefined {
  const { properties = {}, patternProperties = {}, items } = shape;
  const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (property !== undefined) return { step: { name, kind: 'property' }, shape: property };
  const entry = Object.entries(patternProperties).find(([pattern]) => new RegExp(pattern).test(name))?.[1];
  if (entry !== undefined && name !== '') return { step: { name, kind: 'entry' }, shape: entry };
  return items !== undefined && namesOfItems(items).includes(name)
    ? { step: { name, kind: 'item' }, shape: items }
    : undefined;
}

/** What may come next in a path; empty for a leaf, and for a list of nameless items. */
function namesIn(shape: Shape): readonly string[] {
  const { properties = {} } = shape;
  return [...Object.keys(properties).filter((name) => leadsToNumber(properties[name])), ...openNames(shape)];
}

/** Keys of a record, names of a list's items. */
function openNames({ patternProperties = {}, items }: Shape): readonly string[] {
  const keys = Object.keys(patternProperties).flatMap(
    (pattern) => NAMED_CHOICES.exec(pattern)?.[1]?.split('|') ?? [ANY_KEY],
  );
  return [...keys, ...(items === undefined ? [] : namesOfItems(items))];
}

function namesOfItems({ properties = {} }: Shape): readonly string[] {
  return NAMING_FIELDS.flatMap((field) => properties[field]?.enum ?? []);
}

function leadsToNumber(shape: Shape | undefined): boolean {
  return shape !== undefined && (shape.type === 'number' || namesIn(shape).length > 0);
}

/** By the name itself, else, for the percentiles and such of a distribution, by whose they are. */
function unitOf(steps: readonly Step[]): FigureUnit {
  const names = steps.map(({ name }) => name).reverse();
  if (names[0] === SAMPLE_COUNT) return 'number';
  const own = namedUnit(names[0] ?? '');
  if (own !== undefined) return own;
  const owner = names
    .slice(1)
    .map(namedUnit)
    .find((unit) => unit !== undefined);
  return owner === 'ms' ? owner : 'number';
}

function namedUnit(name: string): FigureUnit | undefined {
  return UNIT_OF_NAME.find(([pattern]) => pattern.test(name))?.[1];
}

function propertyOf(part: unknown, name: string): unknown {
  return typeof part === 'object' && part !== null && Object.hasOwn(part, name)
    ? (part as Readonly<Record<string, unknown>>)[name]
    : undefined;
}

function itemNamed(part: unknown, name: string): unknown {
  if (!Array.isArray(part)) return undefined;
  return part.find((item: unknown) => NAMING_FIELDS.some((field) => propertyOf(item, field) === name));
}

function lacks(name: string, shape: Shape): string {
  const names = namesIn(shape);
  return names.length === 0
    ? 'has no parts that can be named'
    : `has no ${JSON.stringify(name)}; allowed: ${listed(names, shape)}`;
}

function listed(names: readonly string[], shape: Shape): string {
  return names.map((name) => (name === ANY_KEY ? keyWords(shape) : name)).join(', ');
}

function keyWords(shape: Shape | undefined): string {
  return shape?.description ?? 'any key';
}
