// Builds an object whose absent fields are missing, not undefined: exactOptionalPropertyTypes and JSON agree on that.
// It does not look inside nested objects and changes no value.

/** Drops fields that are undefined: absent is missing, so that JSON and deep equality agree. */
export function withoutAbsent<Shape extends object>(fields: { [Key in keyof Shape]: Shape[Key] | undefined }): Shape {
  const present: Partial<Shape> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) present[name] = value;
  }
  return present as Shape;
}
