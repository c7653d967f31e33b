// What the system must grant for so many clients: open files, processes, ephemeral ports, against what it grants. Pure.
// Where the system does not tell, the check passes with a warning that says so; machine-checks.ts has memory and processor.
import { formatCount } from '../units.ts';
import type { Check } from './check.ts';
import type { SystemFacts } from './system-facts.ts';

export interface ClientNeeds {
  /** Through doors: listeners, and both sides of every connection, are ours. Default true. */
  readonly isTapped?: boolean;
  /** FFmpeg 5 and 6 demux in one thread, 7 and later take three. Default 1. */
  readonly threadsPerClient?: number;
}

/** Per client, with room to spare for connections that come and go: the original's rule. */
const FILES_PER_CLIENT = 20;
/** What this process opens for itself. */
export const OWN_FILES: number = 100;
/**
 * Without these it cannot work: two pipes, and with a door its listener and FFmpeg's four connections on either side. Measured
 * steadily: 2 and 9 (`npm run bench:cost`), and 30 of our own.
 */
const LEAST_FILES_DIRECT = 2;
const LEAST_FILES_TAPPED = 11;
const LEAST_OWN_FILES = 60;
const OWN_PROCESSES = 50;
/** FFmpeg keeps up to four connections at once. */
const CONNECTIONS_PER_CLIENT = 4;

/** Open files that so many clients take, with their doors. */
export function filesNeeded(clients: number): number {
  return clients * FILES_PER_CLIENT + OWN_FILES;
}

export function systemChecks(clients: number, facts: SystemFacts, needs: ClientNeeds = {}): readonly Check[] {
  return [openFiles(clients, facts, needs), processes(clients, facts, needs), ports(clients, facts, needs)];
}

/** The soft limit in a line of /proc/self/limits; Infinity for `unlimited`, undefined when there is no such line. */
export function softLimit(limits: string, name: string): number | undefined {
  return limitAt(limits, name, 0);
}

function limitAt(limits: string, name: string, column: 0 | 1): number | undefined {
  const limit = limits
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.slice(name.length)
    .trim()
    .split(/\s+/)[column];
  if (limit === 'unlimited') return Number.POSITIVE_INFINITY;
  return limit !== undefined && /^\d+$/.test(limit) ? Number(limit) : undefined;
}

function openFiles(clients: number, facts: SystemFacts, { isTapped = true }: ClientNeeds): Check {
  const name = 'file_descriptors';
  const wanted = filesNeeded(clients);
  const least = clients * (isTapped ? LEAST_FILES_TAPPED : LEAST_FILES_DIRECT) + LEAST_OWN_FILES;
  const { limits = '' } = facts;
  const granted = softLimit(limits, 'Max open files');
  if (granted === undefined) return unknown(name, 'the limit of open files');
  const detail = `${text(granted)} open files allowed, ${wanted} needed for ${formatCount(clients, 'client')}`;
  if (granted >= wanted) return { name, ok: true, level: 'ok', detail };
  // Node has raised the soft limit to the hard one already: what is missing, only root can add.
  const mayRaise = facts.isRoot || (limitAt(limits, 'Max open files', 1) ?? 0) >= wanted;
  const fix = `${mayRaise ? '' : `sudo prlimit --pid $$ --nofile=${wanted} && `}ulimit -n ${wanted}`;
  if (granted < least) return { name, ok: false, level: 'fail', detail, fix };
  return { name, ok: true, level: 'warn', detail: `${detail}; ${least} may just do`, fix };
}

function processes(clients: number, facts: SystemFacts, { threadsPerClient = 1 }: ClientNeeds): Check {
  const name = 'process_limit';
  const needed = clients * threadsPerClient + OWN_PROCESSES;
  const { processes: limit, processesUsed = 0 } = facts.cgroup ?? {};
  if (limit !== undefined && limit - processesUsed < needed) {
    const detail = `the control group allows ${limit} processes and threads, ${processesUsed} are there, ${needed} more needed for ${formatCount(clients, 'client')}`;
    const fix = `raise its limit (docker run --pids-limit, systemd TasksMax=) to ${needed + processesUsed}`;
    return { name, ok: false, level: 'fail', detail, fix };
  }
  const granted = softLimit(facts.limits ?? '', 'Max processes');
  if (granted === undefined) return unknown(name, 'the limit of processes');
  const detail = `${text(granted)} processes allowed, ${needed} needed for ${formatCount(clients, 'client')}`;
  if (granted >= needed) return { name, ok: true, level: 'ok', detail };
  if (facts.isRoot) return { name, ok: true, level: 'warn', detail: `${detail} (not enforced for root)` };
  return { name, ok: false, level: 'fail', detail, fix: `ulimit -u ${needed}` };
}

/**
 * Connections of clients to doors take no further ports: each door is another destination, so they share those of the others.
 * Tried in a network of 61 ports: with 20 doors, 41 connections to one origin and as many to the doors, then EADDRNOTAVAIL.
 */
function ports(clients: number, facts: SystemFacts, { isTapped = true }: ClientNeeds): Check {
  const name = 'ephemeral_ports';
  const connections = clients * CONNECTIONS_PER_CLIENT;
  const doors = isTapped ? clients : 0;
  const [low, high] = (facts.portRange ?? '').trim().split(/\s+/).map(Number);
  if (low === undefined || high === undefined || !(high >= low)) return unknown(name, 'the range of ephemeral ports');
  const available = high - low + 1;
  const words = `${connections} connections to the origin${isTapped ? ` and ${formatCount(doors, 'door')}` : ''}`;
  const detail = `${available} ephemeral ports, ${words} for ${formatCount(clients, 'client')}`;
  if (available >= connections + doors) return { name, ok: true, level: 'ok', detail };
  const fix = 'sysctl -w net.ipv4.ip_local_port_range="15000 65000"';
  return { name, ok: true, level: 'warn', detail, fix };
}

function unknown(name: string, what: string): Check {
  return { name, ok: true, level: 'warn', detail: `${what} is not known on this system` };
}

function text(limit: number): string {
  return limit === Number.POSITIVE_INFINITY ? 'unlimited' : String(limit);
}
