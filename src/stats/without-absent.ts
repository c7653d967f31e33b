// Builds an object whose absent fields are missing, not undefined: exactOptionalPropertyTypes and JSON agree on that.
// It does not look inside nested objects and changes no value.

/** Drops fields that are undefined: absent is missing, so that JSON and deep equality agree. */
export function withoutAbsent<Shape extends object>(fields: { [Key in keyof Shape]: Shape[Key] | undefined }): Shape {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Shape;
}
