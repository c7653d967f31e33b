// An amount as files of others have it: octets, seconds, milliseconds. It converts nothing and refuses nothing.

/** A finite number, not negative. */
export function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
