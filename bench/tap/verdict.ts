// The tables and the promises of `npm run bench:tap`: medians, their ratios, PASS or FAIL. Pure: it measures nothing.
import { median } from '../support/quantile.ts';
import { markdownTable } from '../support/table.ts';
import type { Measured } from './cases.ts';
import type { Round } from './load.ts';
import type { RelayName } from './relays.ts';

export interface Gate {
  readonly what: string;
  readonly measured: number;
  /** Absent when it is only reported. A promise whose other side was not measured is neither kept nor broken. */
  readonly promise?: { readonly bound: string; readonly isKept: boolean };
}

const MEGA = 1e6;

/** The median of one figure over the rounds; NaN when it was not measured. */
function figure(measured: readonly Measured[], name: RelayName, key: keyof Round): number {
  const rounds = measured.find((one) => one.name === name)?.rounds ?? [];
  return median(rounds.flatMap((round) => round[key] ?? []));
}

/** One row per relay. */
export function relayTable(measured: readonly Measured[]): string {
  const heading = [
    'relay',
    'MB per CPU-second',
    'CPU us per request',
    'of it main thread',
    'requests/s',
    'MB/s',
    'cores busy',
  ];
  return markdownTable([
    [...heading, 'p50 us', 'p99 us', 'peak MB'],
    ...measured.map(({ name, peakBytes }) => [
      name,
      shown(figure(measured, name, 'bytesPerCpuSecond') / MEGA, 0),
      shown(figure(measured, name, 'cpuUsPerRequest'), 1),
      shown(figure(measured, name, 'mainUsPerRequest'), 1),
      shown(figure(measured, name, 'requestsPerSecond'), 0),
      shown(figure(measured, name, 'bytesPerSecond') / MEGA, 1),
      shown(figure(measured, name, 'coresBusy'), 2),
      shown(figure(measured, name, 'p50Us'), 0),
      shown(figure(measured, name, 'p99Us'), 0),
      peakBytes === undefined ? '-' : shown(peakBytes / MEGA, 0),
    ]),
  ]);
}

/** Bytes per CPU-second of one against another's, at least so much; nothing when one of them was not measured. */
export function bytesRatio(
  size: string,
  measured: readonly Measured[],
  [name, other]: readonly [RelayName, RelayName],
  least?: number,
): readonly Gate[] {
  const ratio = figure(measured, name, 'bytesPerCpuSecond') / figure(measured, other, 'bytesPerCpuSecond');
  const what = `${size}: MB per CPU-second, ${name} / ${other}`;
  return gate(what, ratio, least === undefined ? undefined : { bound: `>= ${least}`, isKept: ratio >= least });
}

/** CPU per request of one against another's, at most so much. */
export function requestRatio(
  size: string,
  measured: readonly Measured[],
  [name, other]: readonly [RelayName, RelayName],
  most?: number,
): readonly Gate[] {
  const ratio = figure(measured, name, 'cpuUsPerRequest') / figure(measured, other, 'cpuUsPerRequest');
  const what = `${size}: CPU per request, ${name} / ${other}`;
  return gate(what, ratio, most === undefined ? undefined : { bound: `<= ${most}`, isKept: ratio <= most });
}

/** Added time at one connection: the difference of medians. */
export function addedTime(label: string, measured: readonly Measured[], mostUs: number): readonly Gate[] {
  const added = figure(measured, 'tap', 'p50Us') - figure(measured, 'direct', 'p50Us');
  return gate(`${label}: added p50 us, tap - direct`, added, { bound: `<= ${mostUs}`, isKept: added <= mostUs });
}

/** Whether none is broken. */
export function areKept(gates: readonly Gate[]): boolean {
  return gates.every(({ measured, promise }) => Number.isNaN(measured) || promise?.isKept !== false);
}

export function gateTable(gates: readonly Gate[]): string {
  return markdownTable([
    ['ratio of medians', 'measured', 'must be', ''],
    ...gates.map(({ what, measured, promise }) => [
      what,
      shown(measured, 2),
      promise?.bound ?? '-',
      Number.isNaN(measured) ? 'not measured' : judged(promise),
    ]),
  ]);
}

function judged(promise: Gate['promise']): string {
  if (promise === undefined) return 'reported';
  return promise.isKept ? 'PASS' : '**FAIL**';
}

function gate(what: string, measured: number, promise: Gate['promise']): readonly Gate[] {
  if (Number.isNaN(measured) && promise === undefined) return [];
  return [{ what, measured, ...(promise === undefined ? {} : { promise }) }];
}

function shown(value: number, digits: number): string {
  return Number.isNaN(value)
    ? '-'
    : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
