// Findings of one code together: a lost origin is found at every client, and a person wants to read it once. Pure.
// It drops nothing and words nothing; the summary's own list stays one entry per subject.
import type { FindingCode } from '../events.ts';
import type { Finding } from './summary.ts';

export interface FindingGroup {
  readonly code: FindingCode;
  /** In the order in which they were found; one at least. */
  readonly findings: readonly Finding[];
  /** Occurrences, of all subjects. */
  readonly count: number;
  /** Of the first. */
  readonly sinceMs: number;
}

/** In the order of their first occurrence; clients that restart come last: whatever makes them leave is the cause. */
export function groupFindings(findings: readonly Finding[]): readonly FindingGroup[] {
  const byTime = findings.toSorted((one, other) => one.sinceMs - other.sinceMs);
  const groups = [...Map.groupBy(byTime, ({ code }) => code)].map(([code, members]) => ({
    code,
    findings: members,
    count: members.reduce((sum, { count }) => sum + count, 0),
    sinceMs: members[0]?.sinceMs ?? 0,
  }));
  return groups.toSorted((one, other) => Number(isConsequence(one)) - Number(isConsequence(other)));
}

function isConsequence({ code }: FindingGroup): boolean {
  return code === 'client-restarting';
}
