// What the machine must grant for so many clients: open files, processes, ephemeral ports, against what it grants (Linux).
// It changes no limit. Where the system does not tell, the check passes with a warning that says so.
import { readFileSync } from 'node:fs';
import type { Check } from './check.ts';

export interface SystemFacts {
  /** Text of /proc/self/limits. */
  readonly limits?: string;
  /** Text of /proc/sys/net/ipv4/ip_local_port_range. */
  readonly portRange?: string;
  /** The process limit does not bind root. */
  readonly isRoot: boolean;
}

/** Per client: stderr and progress pipes, the door, and up to four connections on either side, with room to spare. */
const FILES_PER_CLIENT = 20;
/** What this process opens for itself. */
export const OWN_FILES: number = 100;
const OWN_PROCESSES = 50;
/** FFmpeg keeps up to four connections at once. */
const PORTS_PER_CLIENT = 4;

export function readSystemFacts(): SystemFacts {
  const limits = textOf('/proc/self/limits');
  const portRange = textOf('/proc/sys/net/ipv4/ip_local_port_range');
  return {
    isRoot: process.getuid?.() === 0,
    ...(limits === undefined ? {} : { limits }),
    ...(portRange === undefined ? {} : { portRange }),
  };
}

/** Open files that so many clients take, with their doors. */
export function filesNeeded(clients: number): number {
  return clients * FILES_PER_CLIENT + OWN_FILES;
}

export function systemChecks(clients: number, facts: SystemFacts): readonly Check[] {
  return [openFiles(clients, facts), processes(clients, facts), ports(clients, facts)];
}

/** The soft limit in a line of /proc/self/limits; Infinity for `unlimited`, undefined when there is no such line. */
export function softLimit(limits: string, name: string): number | undefined {
  const soft = limits
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.slice(name.length)
    .trim()
    .split(/\s+/)[0];
  if (soft === 'unlimited') return Number.POSITIVE_INFINITY;
  return soft !== undefined && /^\d+$/.test(soft) ? Number(soft) : undefined;
}

function openFiles(clients: number, facts: SystemFacts): Check {
  const needed = filesNeeded(clients);
  const granted = softLimit(facts.limits ?? '', 'Max open files');
  if (granted === undefined) return unknown('file_descriptors', 'the limit of open files');
  const detail = `${text(granted)} open files allowed, ${needed} needed for ${clients} clients`;
  if (granted >= needed) return { name: 'file_descriptors', ok: true, level: 'ok', detail };
  return { name: 'file_descriptors', ok: false, level: 'fail', detail, fix: `ulimit -n ${needed}` };
}

function processes(clients: number, facts: SystemFacts): Check {
  const needed = clients + OWN_PROCESSES;
  const granted = softLimit(facts.limits ?? '', 'Max processes');
  if (granted === undefined) return unknown('process_limit', 'the limit of processes');
  const detail = `${text(granted)} processes allowed, ${needed} needed for ${clients} clients`;
  if (granted >= needed) return { name: 'process_limit', ok: true, level: 'ok', detail };
  if (facts.isRoot)
    return { name: 'process_limit', ok: true, level: 'warn', detail: `${detail} (not enforced for root)` };
  return { name: 'process_limit', ok: false, level: 'fail', detail, fix: `ulimit -u ${needed}` };
}

function ports(clients: number, facts: SystemFacts): Check {
  const wanted = clients * PORTS_PER_CLIENT;
  const [low, high] = (facts.portRange ?? '').trim().split(/\s+/).map(Number);
  if (low === undefined || high === undefined || !(high >= low))
    return unknown('ephemeral_ports', 'the range of ephemeral ports');
  const available = high - low + 1;
  const detail = `${available} ephemeral ports, about ${wanted} used by ${clients} clients`;
  if (available >= wanted) return { name: 'ephemeral_ports', ok: true, level: 'ok', detail };
  const fix = 'sysctl -w net.ipv4.ip_local_port_range="15000 65000"';
  return { name: 'ephemeral_ports', ok: true, level: 'warn', detail, fix };
}

function unknown(name: string, what: string): Check {
  return { name, ok: true, level: 'warn', detail: `${what} is not known on this system` };
}

function text(limit: number): string {
  return limit === Number.POSITIVE_INFINITY ? 'unlimited' : String(limit);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
