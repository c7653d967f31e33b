// What this machine grants and has, as Linux tells it in /proc and /sys: texts and numbers, read once. It judges nothing.
// Other systems tell less; what is not told is absent.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type CgroupLimits, cgroupLimits, type ReadText } from './cgroup.ts';

export interface SystemFacts {
  /** Text of /proc/self/limits. */
  readonly limits?: string;
  /** Text of /proc/sys/net/ipv4/ip_local_port_range. */
  readonly portRange?: string;
  /** Text of /proc/meminfo. */
  readonly memory?: string;
  /** That this process may run on. */
  readonly cores?: number;
  readonly cgroup?: CgroupLimits;
  /** The process limit does not bind root, and root may raise any. */
  readonly isRoot: boolean;
}

/** `read` stands in for the file system in tests. */
export function readSystemFacts(read: ReadText = textOf): SystemFacts {
  const limits = read('/proc/self/limits');
  const portRange = read('/proc/sys/net/ipv4/ip_local_port_range');
  const memory = read('/proc/meminfo');
  return {
    isRoot: process.getuid?.() === 0,
    cores: availableParallelism(),
    cgroup: cgroupLimits(read),
    ...(limits === undefined ? {} : { limits }),
    ...(portRange === undefined ? {} : { portRange }),
    ...(memory === undefined ? {} : { memory }),
  };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
