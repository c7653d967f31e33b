// The pieces that the schema of the summary is written with. They describe; they validate nothing.
import { Type } from 'typebox';

export const number: Type.TNumber = Type.Number();
export const count: Type.TNumber = Type.Number({ minimum: 0 });
export const text: Type.TString = Type.String();
export const maybe: Type.TOptional<Type.TNumber> = Type.Optional(number);
/** A count that is missing where nobody counts. */
export const possible: Type.TOptional<Type.TNumber> = Type.Optional(count);

/** An object of exactly these properties. */
export function closed<Properties extends Type.TProperties>(properties: Properties): Type.TObject<Properties> {
  return Type.Object(properties, { additionalProperties: false });
}
