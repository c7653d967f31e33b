// What the vectors' listings contain: which of their entries nobody disputes, and which names are one series.
// It judges no table; the rules of ours that differ are in peer-differences.ts.

export interface UndisputedEntry {
  readonly name: string;
  readonly size: number;
}

/** A file with a name and a size that a file can have. */
export function isUndisputed(item: unknown): item is UndisputedEntry {
  const { name, type, size } = (item ?? {}) as Readonly<Record<string, unknown>>;
  return (
    typeof name === 'string' && name !== '' && type !== 'directory' && Number.isSafeInteger(size) && Number(size) >= 0
  );
}

/** Of a listing's text; undefined for what is no list. */
export function itemsOf(body: string): readonly unknown[] | undefined {
  try {
    const items: unknown = JSON.parse(body);
    return Array.isArray(items) ? items : undefined;
  } catch {
    return undefined;
  }
}

/** Names that differ by the number before their extension only. */
export function seriesOf(name: string): string {
  return name.replace(/\d+(\.[A-Za-z0-9]+)$/, '#$1');
}

/** Numbered `.ts` names of one series without a gap: there a window of numbers and a window by rank are the same. */
export function isOneRunOfNumbers(names: readonly string[]): boolean {
  const numbered = [...new Set(names)].filter((name) => /\d\.(?!m3u8?$)[A-Za-z0-9]+$/i.test(name));
  const numbers = new Set(numbered.map((name) => Number(/(\d+)\.ts$/.exec(name)?.[1])));
  const isWithoutGap = numbers.size === 0 || Math.max(...numbers) - Math.min(...numbers) < numbers.size;
  return isWithoutGap && new Set(numbered.map(seriesOf)).size <= 1;
}
