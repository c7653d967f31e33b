// The pieces that the schema of the summary is written with. They describe; they validate nothing.
import { Type } from 'typebox';

export const number: Type.TNumber = Type.Number();
export const count: Type.TNumber = Type.Number({ minimum: 0 });
export const text: Type.TString = Type.String();
export const maybe: Type.TOptional<Type.TNumber> = Type.Optional(number);
/** A count that is missing where nobody counts. */
export const possible: Type.TOptional<Type.TNumber> = Type.Optional(count);

/** A record whose keys follow `pattern`; `description` says to people what they are. */
export function keyedBy<Schema extends Type.TSchema>(
  pattern: string,
  description: string,
  schema: Schema,
): Type.TRecord<string, Schema> {
  return Type.Record(Type.String({ pattern }), schema, { additionalProperties: false, description });
}

/** Statuses of errors as FFmpeg's log has them. */
export function byErrorStatus<Schema extends Type.TSchema>(schema: Schema): Type.TRecord<string, Schema> {
  return keyedBy('^[45][0-9]{2}$|^other$', 'a status from 400 to 599, or other', schema);
}

/** Any of a closed list of names, each with the same schema: a pattern keeps the text short. */
export function namedFrom<Schema extends Type.TSchema>(
  names: readonly string[],
  schema: Schema,
): Type.TRecord<string, Schema> {
  const pattern = `^(${names.join('|')})$`;
  return Type.Record(Type.String({ pattern }), schema, { additionalProperties: false });
}

/** An object of exactly these properties. */
export function closed<Properties extends Type.TProperties>(properties: Properties): Type.TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false });
}

/** Rates by window, and the total. */
export const throughput: Type.TObject<{
  bytesPerSecond1s: typeof maybe;
  bytesPerSecond30s: typeof maybe;
  bytesPerSecond60s: typeof maybe;
  bytesPerSecond300s: typeof maybe;
  bytesPerSecondOverall: typeof maybe;
  totalBytes: typeof number;
}> = closed({
  bytesPerSecond1s: maybe,
  bytesPerSecond30s: maybe,
  bytesPerSecond60s: maybe,
  bytesPerSecond300s: maybe,
  bytesPerSecondOverall: maybe,
  totalBytes: number,
});
