// Seeded random numbers, so that a run can be repeated with `--seed`: one generator per use, forked by name.
// It is no source of secrets and keeps no global state.

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** A generator of its own for `name`; the same seed and name give the same numbers, however much was drawn here before. */
  fork(name: string): Random;
}

const TWO_POW_32 = 2 ** 32;
const GOLDEN_STEP = 0x6d2b79f5;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** `seed` is taken modulo 2^32. */
export function seededRandom(seed: number): Random {
  const origin = seed >>> 0;
  let state = origin;
  const next = (): number => {
    state = (state + GOLDEN_STEP) >>> 0;
    return mixed(state) / TWO_POW_32;
  };
  return {
    next,
    between: (low, high) => low + (high - low) * next(),
    fork: (name) => seededRandom(hashOf(name, origin)),
  };
}

/** The mixing step of mulberry32. */
function mixed(state: number): number {
  let bits = Math.imul(state ^ (state >>> 15), state | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return (bits ^ (bits >>> 14)) >>> 0;
}

/** FNV-1a over the seed's octets and the name, mixed once more because FNV alone leaves near names near each other. */
function hashOf(name: string, seed: number): number {
  let hash = FNV_OFFSET;
  for (const character of `${seed}/${name}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), FNV_PRIME);
  return mixed(hash >>> 0);
}
