// CPU time out of /proc/<pid>/stat.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCpuSeconds, processCpuSeconds } from '../../src/swarm/cpu-usage.ts';

const linuxOnly = process.platform === 'linux' ? false : 'there is no /proc here';

test('user and system ticks are summed, whatever the command is called', () => {
  const fields = 'S 1 2 3 0 -1 4194304 900 0 0 0 150 25 0 0 20 0 1 0 12345';
  for (const name of ['ffmpeg', 'a b', 'a) 9 9 (b', ''])
    assert.equal(parseCpuSeconds(`42 (${name}) ${fields}\n`), 1.75);
});

test('text that is not a stat line is unknown, not 0', () => {
  for (const text of ['', 'garbage', '42 (x) S 1']) assert.equal(parseCpuSeconds(text), undefined);
});

test('our own figure agrees with what Node says, and a process that is gone has none', { skip: linuxOnly }, () => {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  assert.ok(Math.abs((processCpuSeconds(process.pid) ?? -1) - (userCPUTime + systemCPUTime) / 1e6) < 0.1);
  assert.equal(processCpuSeconds(2 ** 22 + 1), undefined);
});
