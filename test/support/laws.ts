// Laws that must hold, each with the words for when it does not; for tests and for the verifications of bench/.

export type Law = readonly [holds: boolean, problem: string];

/** Empty = all hold. */
export function broken(laws: readonly Law[]): readonly string[] {
  return laws.filter(([holds]) => !holds).map(([, problem]) => problem);
}
