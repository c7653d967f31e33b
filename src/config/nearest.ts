// The known name nearest to a mistyped one, for "did you mean".
// It suggests nothing when the distance says that something else was meant.

/** Edits allowed per length of the typed name: one in three characters, at least two. */
const CHARACTERS_PER_EDIT = 3;
const LEAST_EDITS = 2;

/** The nearest of `names`, or undefined when none is near. */
export function nearestName(typed: string, names: readonly string[]): string | undefined {
  const limit = Math.max(LEAST_EDITS, Math.floor(typed.length / CHARACTERS_PER_EDIT));
  let best: { name: string; edits: number } | undefined;
  for (const name of names) {
    const edits = editDistance(typed.toLowerCase(), name);
    // A name that is all edits is no likeness: "x" is not near "v".
    if (edits <= limit && edits < name.length && edits < (best?.edits ?? Number.POSITIVE_INFINITY)) {
      best = { name, edits };
    }
  }
  return best?.name;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const at = (line: number[], index: number): number => line[index] ?? Number.POSITIVE_INFINITY;
      const substitution = from[row - 1] === to[column - 1] ? 0 : 1;
      let edits = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + substitution);
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) edits = Math.min(edits, at(beforeLast, column - 2) + 1);
      current.push(edits);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
