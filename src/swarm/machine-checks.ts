// Memory and processor: what the asked clients will take by the cost model, against what this machine has to give. Pure.
// It warns, and refuses only what cannot begin; an estimate is no reason to forbid a measurement.
import { bitsToBytes, formatBytes, formatCount, formatMbps, KIB } from '../units.ts';
import { tightestOf } from './cgroup.ts';
import type { Check } from './check.ts';
import { ASSUMED_BITS_PER_SECOND, type Cost, costOf, type Load } from './cost-model.ts';
import type { SystemFacts } from './system-facts.ts';

/** A machine that is fuller than this has no room for a second in which everything happens at once. */
const FULL_SHARE = 0.9;
const CORES_DIGITS = 1;

export function machineChecks(load: Load, facts: SystemFacts): readonly Check[] {
  const cost = costOf(load);
  return [memoryCheck(load, cost, facts), cpuCheck(load, cost, facts)];
}

/** Most clients of this load for which `fits` holds; 0 when not even one. The cost only ever grows with their number. */
export function mostClients(load: Load, fits: (cost: Cost) => boolean): number {
  let [low, high] = [0, load.clients];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(costOf({ ...load, clients: middle }))) low = middle;
    else high = middle - 1;
  }
  return low;
}

function memoryCheck(load: Load, cost: Cost, { memory = '', cgroup = {} }: SystemFacts): Check {
  const name = 'memory';
  const total = tightestOf(sum(bytesOf(memory, 'MemTotal'), bytesOf(memory, 'SwapTotal') ?? 0), cgroup.memoryBytes);
  const free = tightestOf(bytesOf(memory, 'MemAvailable'), sum(cgroup.memoryBytes, -(cgroup.memoryUsedBytes ?? 0)));
  if (total === undefined || free === undefined)
    return { name, ok: true, level: 'warn', detail: 'the memory of this system is not known' };
  const whose = cgroup.memoryBytes === total ? ' in this control group' : '';
  const detail = `${formatBytes(free)} available${whose}, about ${formatBytes(cost.memoryBytes)} needed for ${formatCount(load.clients, 'client')}`;
  if (cost.leastMemoryBytes > total) {
    const fix = fewer(mostClients(load, ({ leastMemoryBytes }) => leastMemoryBytes <= total));
    return { name, ok: false, level: 'fail', detail: `${detail}; there are ${formatBytes(total)} in all`, fix };
  }
  if (cost.memoryBytes <= free) return { name, ok: true, level: 'ok', detail };
  const fix = `${fewer(mostClients(load, ({ memoryBytes }) => memoryBytes <= free))}, or a static FFmpeg build, which takes a third`;
  return { name, ok: true, level: 'warn', detail, fix };
}

function cpuCheck(load: Load, cost: Cost, { cores, cgroup = {} }: SystemFacts): Check {
  const name = 'cpu';
  const granted = tightestOf(cores, cgroup.cores);
  if (granted === undefined)
    return { name, ok: true, level: 'warn', detail: 'the processors of this system are not known' };
  const { bitsPerSecond } = load;
  const rate = `${formatMbps(bitsToBytes(bitsPerSecond ?? ASSUMED_BITS_PER_SECOND))} each${bitsPerSecond === undefined ? ' (assumed: the stream does not say)' : ''}`;
  const detail =
    `${text(granted)} cores, about ${text(cost.cores)} needed for ${formatCount(load.clients, 'client')} at ${rate}, ` +
    `${text(cost.rampCores)} more while they start, ${load.rampRatePerSecond} a second`;
  if (hasRoom(cost, granted)) return { name, ok: true, level: 'ok', detail };
  const what = isFull(cost, granted) ? 'the machine will be full' : 'starts may be late';
  return { name, ok: true, level: 'warn', detail: `${detail}: ${what}`, fix: cpuFix(load, granted) };
}

function isFull({ cores }: Cost, granted: number): boolean {
  return cores > granted * FULL_SHARE;
}

function hasRoom(cost: Cost, granted: number): boolean {
  return !isFull(cost, granted) && cost.cores + cost.rampCores <= granted;
}

/** All that must change at once, the heavier first: as many of the clients as fit at some rate, and the highest at which they do. */
function cpuFix(load: Load, granted: number): string {
  const clients = mostClients({ ...load, rampRatePerSecond: 1 }, (cost) => hasRoom(cost, granted));
  if (clients === 0) return fewer(0);
  const fitting = { ...load, clients };
  const { cores, rampCores } = costOf({ ...fitting, rampRatePerSecond: 1 });
  const rate = hasRoom(costOf(fitting), granted) ? [] : [`--ramp-rate ${Math.floor((granted - cores) / rampCores)}`];
  const number = clients === load.clients ? [] : [fewer(clients)];
  const asked = costOf(load);
  return (asked.rampCores > asked.cores ? [...rate, ...number] : [...number, ...rate]).join(' ');
}

function fewer(clients: number): string {
  return clients === 0 ? 'another machine' : `--clients ${clients}`;
}

/** Bytes in a `Name:   N kB` line. */
function bytesOf(meminfo: string, name: string): number | undefined {
  const kib = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1];
  return kib === undefined ? undefined : Number(kib) * KIB;
}

function sum(one: number | undefined, other: number): number | undefined {
  return one === undefined ? undefined : one + other;
}

function text(cores: number): string {
  return cores.toFixed(Number.isInteger(cores) ? 0 : cores < 1 ? 2 * CORES_DIGITS : CORES_DIGITS);
}
