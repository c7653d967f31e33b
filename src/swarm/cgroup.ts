// What control groups grant this process (Linux, version 1 and 2): memory, processor time, processes. Read, never changed.
// A limit that is not set, or that this process is not shown, is absent.
import { join, relative } from 'node:path';

export interface CgroupLimits {
  readonly memoryBytes?: number;
  /** In use of it, without what the kernel would give back when asked. */
  readonly memoryUsedBytes?: number;
  /** Processor time per time. */
  readonly cores?: number;
  readonly processes?: number;
  readonly processesUsed?: number;
}

/** The text of a file, undefined when it cannot be read. */
export type ReadText = (path: string) => string | undefined;

type Controller = 'memory' | 'cpu' | 'pids';

/** Version 1 says "no limit" with a number near 2^63, rounded to a page. */
const NO_LIMIT_BYTES = 2 ** 60;
const UNLIMITED = 'max';

/** The tightest limit counts, of the group and of all that it is in. */
export function cgroupLimits(read: ReadText): CgroupLimits {
  const memory = foldersOf('memory', read).map((folder) => memoryIn(folder, read));
  const tightest = memory
    .filter(({ limitBytes }) => limitBytes !== undefined)
    .toSorted((one, other) => (one.limitBytes ?? 0) - (other.limitBytes ?? 0))[0];
  const cores = tightestOf(...foldersOf('cpu', read).map((folder) => coresIn(folder, read)));
  const [processes] = foldersOf('pids', read)
    .map((folder) => ({
      limit: numberIn(join(folder, 'pids.max'), read),
      used: numberIn(join(folder, 'pids.current'), read),
    }))
    .filter(({ limit }) => limit !== undefined)
    .toSorted((one, other) => (one.limit ?? 0) - (other.limit ?? 0));
  return {
    ...(tightest?.limitBytes === undefined ? {} : { memoryBytes: tightest.limitBytes }),
    ...(tightest?.usedBytes === undefined ? {} : { memoryUsedBytes: tightest.usedBytes }),
    ...(cores === undefined ? {} : { cores }),
    ...(processes?.limit === undefined ? {} : { processes: processes.limit }),
    ...(processes?.used === undefined ? {} : { processesUsed: processes.used }),
  };
}

/** Of several limits; what is absent limits nothing. */
export function tightestOf(...limits: readonly (number | undefined)[]): number | undefined {
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** The folders of this process's group and of those around it, as far as they are mounted; the group's own first. */
function foldersOf(controller: Controller, read: ReadText): readonly string[] {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const mounts = (read('/proc/self/mountinfo') ?? '').split('\n').flatMap(mountOf);
  const named = groups.find(([, names = '']) => names.split(',').includes(controller));
  const unified = groups.find(([hierarchy, names]) => hierarchy === '0' && names === '');
  const candidates = [
    { group: named, mount: mounts.find(({ isUnified, options }) => !isUnified && options.includes(controller)) },
    { group: unified, mount: mounts.find(({ isUnified }) => isUnified) },
  ];
  return candidates.flatMap(({ group, mount }) => {
    if (group === undefined || mount === undefined) return [];
    const path = group.slice(2).join(':');
    // A container may be shown another part of the tree than its own: then the mount itself is all there is.
    const within = relative(mount.root, path);
    const steps = within.startsWith('..') ? [] : within.split('/').filter((step) => step !== '');
    return Array.from({ length: steps.length + 1 }, (_, up) => join(mount.point, ...steps.slice(0, steps.length - up)));
  });
}

interface Mount {
  readonly root: string;
  readonly point: string;
  readonly isUnified: boolean;
  readonly options: readonly string[];
}

/** `31 23 0:28 ROOT POINT rw,relatime - TYPE SOURCE OPTIONS`; other file systems are left out. */
function mountOf(line: string): readonly Mount[] {
  const [before = '', after = ''] = line.split(' - ');
  const [, , , root, point] = before.split(' ');
  const [type, , options = ''] = after.split(' ');
  if (root === undefined || point === undefined || (type !== 'cgroup' && type !== 'cgroup2')) return [];
  return [{ root, point, isUnified: type === 'cgroup2', options: options.split(',') }];
}

function memoryIn(folder: string, read: ReadText): { readonly limitBytes?: number; readonly usedBytes?: number } {
  const limit = numberIn(join(folder, 'memory.max'), read) ?? numberIn(join(folder, 'memory.limit_in_bytes'), read);
  const used = numberIn(join(folder, 'memory.current'), read) ?? numberIn(join(folder, 'memory.usage_in_bytes'), read);
  const idle = /^(?:total_)?inactive_file (\d+)$/m.exec(read(join(folder, 'memory.stat')) ?? '')?.[1];
  return {
    ...(limit === undefined || limit >= NO_LIMIT_BYTES ? {} : { limitBytes: limit }),
    ...(used === undefined ? {} : { usedBytes: Math.max(0, used - Number(idle ?? 0)) }),
  };
}

function coresIn(folder: string, read: ReadText): number | undefined {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').trim().split(' ');
  if (quota !== undefined && quota !== '' && period !== undefined) return ratio(quota, period);
  const quotaUs = read(join(folder, 'cpu.cfs_quota_us'))?.trim();
  const periodUs = read(join(folder, 'cpu.cfs_period_us'))?.trim();
  return quotaUs === undefined || periodUs === undefined ? undefined : ratio(quotaUs, periodUs);
}

/** -1 and `max` are no limit. */
function ratio(quota: string, period: string): number | undefined {
  const cores = Number(quota) / Number(period);
  return quota === UNLIMITED || !(cores > 0) ? undefined : cores;
}

function numberIn(path: string, read: ReadText): number | undefined {
  const text = read(path)?.trim();
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
