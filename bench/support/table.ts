// A Markdown table between markers of bench/RESULTS.md or another file, and the same table for a person at a terminal. Formats, measures nothing.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const RESULTS = fileURLToPath(new URL('../RESULTS.md', import.meta.url));
export const PERFORMANCE: string = fileURLToPath(new URL('../../docs/PERFORMANCE.md', import.meta.url));

/** Rows of equal length; the first is the heading. */
export function markdownTable([heading = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(heading), line(heading.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  );
}

/** Replaces what stands between `<!-- NAME:start -->` and `<!-- NAME:end -->`, or adds a section at the end. */
export async function writeResult(name: string, text: string, file: string = RESULTS): Promise<void> {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const block = `${start}\n${text}\n${end}`;
  const results = await readFile(file, 'utf8');
  const [from, to] = [results.indexOf(start), results.indexOf(end)];
  const isThere = from >= 0 && to > from;
  await writeFile(
    file,
    isThere ? results.slice(0, from) + block + results.slice(to + end.length) : `${results}\n## ${name}\n\n${block}\n`,
  );
}
