// Reads the recorded behaviour of go-ffmpeg-hls-swarm (../shared/peer/cases) and holds ours against it, vector by vector.
// It knows no component; where we differ on purpose is in peer-differences.ts.
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { differenceOf } from './peer-differences.ts';

/** A vector has a shape per operation, so its parts are not typed here. */
export interface PeerVector {
  readonly id: string;
  /** `` where a component has but one. */
  readonly op: string;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly [part: string]: any;
}

export interface PeerDifference {
  readonly component: string;
  /** Absent: any operation. */
  readonly op?: string;
  /** Absent: the vector as a whole. Else this figure only: held against our definition where the test has it, else left out. */
  readonly figure?: string;
  /** Absent: every vector of the operation. */
  readonly when?: (vector: PeerVector) => boolean;
  readonly reason: string;
}

export type PeerCheck = (vector: PeerVector) => void | Promise<void>;

const CASES = new URL('../../../shared/peer/cases/', import.meta.url);

/** The `skip` option of a test on vectors. */
export const vectorsAbsent: false | string = existsSync(CASES) ? false : 'the vectors in ../shared/peer are absent';

/** A file that a vector names, beside the folder of the vectors. */
export function peerFile(path: string): Buffer {
  return readFileSync(new URL(`../${path}`, CASES));
}

export function vectorsOf(component: string): readonly PeerVector[] {
  const text = readFileSync(new URL(`${component}.json`, CASES), 'utf8');
  const { cases } = JSON.parse(text) as { readonly cases: readonly Partial<PeerVector>[] };
  return cases.map((vector) => ({ id: '?', op: '', ...vector }));
}

/** Every vector of the component passes its check, or its difference is listed; an operation without a check must be. Tells all failures. */
export function holds(component: string, checks: Readonly<Record<string, PeerCheck>>): void {
  test(`${component} behaves as recorded, or differs for a listed reason`, { skip: vectorsAbsent }, async () => {
    const failures: Error[] = [];
    for (const vector of vectorsOf(component)) {
      if (differenceOf(component, vector) !== undefined) continue;
      const check = checks[vector.op];
      try {
        if (check === undefined) throw new Error(`operation ${vector.op} is neither checked nor listed`);
        await check(vector);
      } catch (error) {
        failures.push(new Error(`${vector.id}: ${textOf(error)}`, { cause: error }));
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, `${component}:\n${failures.map(({ message }) => message).join('\n')}`);
  });
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, ' ');
}
