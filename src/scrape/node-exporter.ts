// The origin host as node_exporter sees it: recent CPU use, memory, octets by network device.
// It tells nothing about the web server: everything the host does is in these numbers.
import type { NetworkDevice } from '../events.ts';
import { DeviceSum, MAX_DEVICES } from './counters.ts';
import { lastValue, type Sample } from './prometheus-text.ts';
import {
  createOriginScraper,
  definedOnly,
  type OriginReading,
  type OriginScraperOptions,
  type Scraper,
  type ScraperDeps,
} from './scraper.ts';

export interface NodeExporterOptions extends OriginScraperOptions {
  /** The stream comes from this machine, under whatever address: its traffic crosses `lo`, else every device but `lo`. */
  readonly isLoopback: boolean;
  /** `--origin-metrics-device`: these and no others. */
  readonly devices?: readonly string[];
}

/** Shown one by one, of what may be hundreds on a host of containers; all that are counted are in the sum. */
export const MAX_SHOWN_DEVICES = 16;
const WITHOUT_LOOPBACK =
  "Debian's node_exporter leaves lo out unless started with --collector.netdev.device-exclude='^$'";
const TRANSMITTED = 'node_network_transmit_bytes_total';
const RECEIVED = 'node_network_receive_bytes_total';
const NODE_FAMILIES = 'node_cpu_seconds_total, node_memory_MemTotal_bytes, node_network_transmit_bytes_total';

/** Scrapes a node_exporter; emits `origin-sample` with source `node_exporter`. */
export function createNodeExporterScraper(deps: ScraperDeps, options: NodeExporterOptions): Scraper {
  return createOriginScraper(deps, options, {
    name: 'node_exporter',
    read: createNodeReader(options.isLoopback, options.devices),
    complaint: (samples) => missingDevices(samples, options),
    families: NODE_FAMILIES,
  });
}

/** A reader with the memory that deltas need; one per source. */
export function createNodeReader(
  isLoopback: boolean,
  devices: readonly string[] = [],
): (samples: readonly Sample[]) => OriginReading | undefined {
  const isCounted = (device: string): boolean =>
    devices.length > 0 ? devices.includes(device) : (device === 'lo') === isLoopback;
  const cpu = createCpuReader();
  const sent = new DeviceSum();
  const received = new DeviceSum();
  return (samples) => {
    const reading = definedOnly({
      cpuRatio: cpu(samples),
      ...readMemory(samples),
      networkSentBytesTotal: sent.advance(byDevice(samples, TRANSMITTED, isCounted)),
      networkReceivedBytesTotal: received.advance(byDevice(samples, RECEIVED, isCounted)),
    });
    const isKnown = Object.keys(reading).length > 0 || samples.some(({ name }) => name === 'node_cpu_seconds_total');
    const networkDevices = devicesOf(sent, received);
    if (!isKnown) return undefined;
    return networkDevices.length === 0 ? reading : { ...reading, networkDevices };
  };
}

/** What was summed, those that sent most first. */
function devicesOf(sent: DeviceSum, received: DeviceSum): readonly NetworkDevice[] {
  const receivedBy = new Map(received.read().map(({ name, total }) => [name, total]));
  return sent
    .read()
    .map(({ name, total }) => {
      const receivedBytesTotal = receivedBy.get(name);
      return { name, sentBytesTotal: total, ...(receivedBytesTotal === undefined ? {} : { receivedBytesTotal }) };
    })
    .sort((one, other) => other.sentBytesTotal - one.sentBytesTotal)
    .slice(0, MAX_SHOWN_DEVICES);
}

/** A device that is to be counted and is not there would be a silent gap in the account. */
function missingDevices(
  samples: readonly Sample[],
  { isLoopback, devices = [] }: NodeExporterOptions,
): string | undefined {
  const there = [
    ...new Set(samples.filter(({ name }) => name === TRANSMITTED).map(({ labels }) => labels['device'] ?? '')),
  ];
  const wanted = devices.length === 0 && isLoopback ? ['lo'] : devices;
  if (devices.length === 0 && there.length > MAX_DEVICES)
    return `${there.length} network devices, of which only ${MAX_DEVICES} are counted: name those of the origin with --origin-metrics-device`;
  const missing = wanted.filter((device) => !there.includes(device));
  if (missing.length === 0 || !samples.some(({ name }) => name.startsWith('node_'))) return undefined;
  const others = there.length === 0 ? 'there is none' : `there are ${there.slice(0, MAX_SHOWN_DEVICES).join(', ')}`;
  const hint = missing.includes('lo') ? `; ${WITHOUT_LOOPBACK}` : '';
  return `no network device ${missing.join(', ')} in the answer, ${others}${hint}`;
}

/** Share of the time since the last scrape in which the cores were not idle; the since-boot mean hides any load test. */
function createCpuReader(): (samples: readonly Sample[]) => number | undefined {
  let before: { idle: number; total: number } | undefined;
  return (samples) => {
    let idle = 0;
    let total = 0;
    for (const { name, labels, value } of samples) {
      if (name !== 'node_cpu_seconds_total' || !Number.isFinite(value)) continue;
      total += value;
      if (labels['mode'] === 'idle') idle += value;
    }
    if (total === 0) return undefined;
    const idleDelta = idle - (before?.idle ?? idle);
    const totalDelta = total - (before?.total ?? total);
    before = { idle, total };
    // A reboot makes both fall: then this scrape is a first one again.
    if (totalDelta <= 0 || idleDelta < 0) return undefined;
    return Math.max(0, 1 - idleDelta / totalDelta);
  };
}

function readMemory(samples: readonly Sample[]): {
  memoryTotalBytes: number | undefined;
  memoryUsedBytes: number | undefined;
} {
  const memoryTotalBytes = lastValue(samples, 'node_memory_MemTotal_bytes');
  const free = lastValue(samples, 'node_memory_MemAvailable_bytes') ?? lastValue(samples, 'node_memory_MemFree_bytes');
  const isKnown = memoryTotalBytes !== undefined && free !== undefined;
  return { memoryTotalBytes, memoryUsedBytes: isKnown ? memoryTotalBytes - free : undefined };
}

function byDevice(
  samples: readonly Sample[],
  family: string,
  isCounted: (device: string) => boolean,
): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    const device = labels['device'] ?? '';
    if (name === family && Number.isFinite(value) && isCounted(device)) values.set(device, value);
  }
  return values;
}
