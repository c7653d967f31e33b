// What a verification found, row by row: printed, kept in bench/RESULTS.md, and the exit code. It measures and judges nothing.
import { markdownTable, writeResult } from './table.ts';

export interface Check {
  readonly what: string;
  readonly measured: string;
  readonly mustBe: string;
  readonly holds: boolean;
}

/** Without `mustBe` it is only told. */
export function check(what: string, measured: string, mustBe = '', holds = true): Check {
  return { what, measured, mustBe, holds };
}

/**
 * Under `name` in bench/RESULTS.md, unless it is not to be kept; those that do not hold are repeated on stderr and make the
 * exit code 1.
 */
export async function reportChecks(
  name: string,
  headline: string,
  checks: readonly Check[],
  { isKept = true }: { readonly isKept?: boolean } = {},
): Promise<void> {
  const rows = checks.map(({ what, measured, mustBe }) => [what, measured, mustBe]);
  const text = `${headline}\n\n${markdownTable([['what', 'measured', 'must be'], ...rows])}`;
  console.log(text);
  const failed = checks.filter(({ holds }) => !holds);
  for (const { what, measured, mustBe } of failed) console.error(`${what}: ${measured}, must be ${mustBe}`);
  if (isKept) await writeResult(name, text);
  process.exitCode = failed.length > 0 ? 1 : 0;
}
