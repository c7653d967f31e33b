// A record while it is put together, field by field: what a spread per part would cost is too much on the hot path. A type only.
// What is handed on is readonly again.

export type Mutable<Record> = { -readonly [Name in keyof Record]: Record[Name] };
