// Reads this machine's CPU, memory and network counters out of /proc texts (pure) and from /proc (one function).
// Elsewhere than on Linux the texts are missing and so are the numbers: absent, not 0.
import { readFile } from 'node:fs/promises';
import { KIB } from '../units.ts';

export interface HostCounters {
  readonly cpuSeconds: readonly { readonly cpu: string; readonly mode: string; readonly seconds: number }[];
  readonly memoryTotalBytes?: number;
  readonly memoryAvailableBytes?: number;
  readonly networks: readonly { readonly device: string; readonly receivedBytes: number; readonly sentBytes: number }[];
}

/** In the order of /proc/stat; guest time is inside user and nice and is left out, as node_exporter does. */
const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
/** USER_HZ: fixed by the kernel's interface on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;
const NETWORK_RECEIVED_FIELD = 0;
const NETWORK_SENT_FIELD = 8;

export async function readHostCounters(): Promise<HostCounters> {
  const [stat, meminfo, netdev] = await Promise.all(
    ['/proc/stat', '/proc/meminfo', '/proc/net/dev'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  return parseHostCounters(stat ?? '', meminfo ?? '', netdev ?? '');
}

export function parseHostCounters(stat: string, meminfo: string, netdev: string): HostCounters {
  const memoryTotalBytes = kilobytes(meminfo, 'MemTotal');
  const memoryAvailableBytes = kilobytes(meminfo, 'MemAvailable');
  return {
    cpuSeconds: stat.split('\n').flatMap(cpuLine),
    ...(memoryTotalBytes === undefined ? {} : { memoryTotalBytes }),
    ...(memoryAvailableBytes === undefined ? {} : { memoryAvailableBytes }),
    networks: netdev.split('\n').flatMap(networkLine),
  };
}

function cpuLine(line: string): HostCounters['cpuSeconds'] {
  const [, cpu, rest] = /^cpu(\d+) (.*)$/.exec(line) ?? [];
  if (cpu === undefined || rest === undefined) return [];
  const ticks = rest.split(' ').map(Number);
  return CPU_MODES.flatMap((mode, index) => {
    const value = ticks[index];
    return value === undefined ? [] : [{ cpu, mode, seconds: value / TICKS_PER_SECOND }];
  });
}

function kilobytes(meminfo: string, name: string): number | undefined {
  const [, value] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(meminfo) ?? [];
  return value === undefined ? undefined : Number(value) * KIB;
}

function networkLine(line: string): HostCounters['networks'] {
  const [, device, rest] = /^\s*([^\s:]+):\s*(\d[\d ]*)$/.exec(line) ?? [];
  const fields = rest?.trim().split(/ +/).map(Number) ?? [];
  const [receivedBytes, sentBytes] = [fields[NETWORK_RECEIVED_FIELD], fields[NETWORK_SENT_FIELD]];
  if (device === undefined || receivedBytes === undefined || sentBytes === undefined) return [];
  return [{ device, receivedBytes, sentBytes }];
}
