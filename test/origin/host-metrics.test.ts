// /proc texts to counters: units, missing fields, odd device names.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHostCounters } from '../../src/origin/host-metrics.ts';

const STAT = 'cpu  300 0 0 0\ncpu0 100 1 2 3 4 5 6 7 8 9\ncpu12 200 0 0 50\nintr 1 2\n';
const MEMINFO = 'MemTotal:       24000 kB\nMemFree: 1 kB\nMemAvailable:   12000 kB\n';
const NETDEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000      10    0    0    0     0          0         0     2000      10    0    0    0     0       0          0
eth0.5:17 1 0 0 0 0 0 0 18 1 0 0 0 0 0 0
`;

test('ticks become seconds per CPU and mode, and the sum line is left out', () => {
  const { cpuSeconds } = parseHostCounters(STAT, '', '');
  const of = (cpu: string): Record<string, number> =>
    Object.fromEntries(cpuSeconds.filter((one) => one.cpu === cpu).map(({ mode, seconds }) => [mode, seconds]));
  assert.deepEqual(of('0'), {
    user: 1,
    nice: 0.01,
    system: 0.02,
    idle: 0.03,
    iowait: 0.04,
    irq: 0.05,
    softirq: 0.06,
    steal: 0.07,
  });
  assert.deepEqual(of('12'), { user: 2, nice: 0, system: 0, idle: 0.5 });
});

test('kibibytes become bytes', () => {
  const { memoryTotalBytes, memoryAvailableBytes } = parseHostCounters('', MEMINFO, '');
  assert.deepEqual([memoryTotalBytes, memoryAvailableBytes], [24_576_000, 12_288_000]);
});

test('devices have received and sent octets, also where the first number touches the colon', () => {
  assert.deepEqual(parseHostCounters('', '', NETDEV).networks, [
    { device: 'lo', receivedBytes: 1_000, sentBytes: 2_000 },
    { device: 'eth0.5', receivedBytes: 17, sentBytes: 18 },
  ]);
});

test('where there is no /proc nothing is known, and nothing is 0', () => {
  assert.deepEqual(parseHostCounters('', '', ''), { cpuSeconds: [], networks: [] });
});
