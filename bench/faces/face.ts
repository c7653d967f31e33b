// What `npm run verify:faces` asks of a face: a name, the programs in which people see it, and checks. Types only.
import type { Check } from '../support/checks.ts';

export interface Face {
  /** As on the command line: `npm run verify:faces -- grafana`. */
  readonly name: string;
  /** Outside programs; without one of them the face is not verified, and that is said. */
  readonly needs: readonly string[];
  /** Of the report. */
  readonly headline: string;
  readonly verify: () => Promise<readonly Check[]>;
}
