// How a test says what a transfer's record must be at its end: code, phases present, and the fields that matter.
// It runs nothing; sums and other laws are tap-laws.ts.
import assert from 'node:assert/strict';
import type { Phases, Termination, TransferEvent } from '../../src/events.ts';
import type { TapBench } from './tap.ts';

/** Phases of a request on a connection of its own to an address, up to the head; and with a body. */
export const DIALLED: readonly (keyof Phases)[] = ['queueMs', 'connectMs', 'sendMs', 'waitMs'];
export const BODY_PHASES: readonly (keyof Phases)[] = [...DIALLED, 'headersMs', 'receiveMs'];

/** Fields of the record; undefined = must be absent. */
export type Expected = { readonly [Name in keyof TransferEvent]?: TransferEvent[Name] | undefined };

export interface Ended {
  readonly code: Termination;
  readonly phases: readonly (keyof Phases)[];
  readonly record?: Expected;
}

/** The only transfer ended like this. */
export async function ended(bench: TapBench, expected: Ended): Promise<void> {
  const { transfers } = await bench.account();
  assert.equal(transfers.length, 1);
  checkEnding(transfers[0], expected);
}

export function checkEnding(transfer: TransferEvent | undefined, { code, phases, record = {} }: Ended): void {
  assert.ok(transfer !== undefined);
  assert.equal(transfer.termination, code);
  assert.deepEqual(Object.keys(transfer.phases), phases);
  const expected = { integrity: 'short', status: undefined, stale: false, stopping: code.startsWith('K'), ...record };
  const names = Object.keys(expected) as (keyof TransferEvent)[];
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, transfer[name]])), expected);
}
