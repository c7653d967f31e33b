// Whose CPU is whose: both parts begin at 0 with the run and neither ever falls, whatever the other's reading does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SelfMonitor } from '../../src/run/self-monitor.ts';

/** No test takes as long. */
const MUCH_SECONDS = 1_000;

test('what the tap used before the run began is neither the tap’s nor taken from the main thread', () => {
  const monitor = new SelfMonitor();
  monitor.start(MUCH_SECONDS);
  const { tapCpuSeconds, mainCpuSeconds } = monitor.read(MUCH_SECONDS);
  monitor.stop();
  assert.equal(tapCpuSeconds, 0);
  assert.ok(mainCpuSeconds > 0 && mainCpuSeconds < 10, `${mainCpuSeconds} s`);
});

test('the main thread’s CPU never falls, also when the tap’s comes late and all at once', () => {
  const monitor = new SelfMonitor();
  monitor.start(1);
  burn();
  const before = monitor.read(1);
  const after = monitor.read(1 + MUCH_SECONDS);
  monitor.stop();
  assert.ok(before.mainCpuSeconds > 0);
  assert.equal(after.mainCpuSeconds, before.mainCpuSeconds);
  assert.equal(after.tapCpuSeconds, MUCH_SECONDS);
});

/** Some CPU time that the system surely counts. */
function burn(): void {
  const from = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(from);
    if (user + system > 20_000) return;
  }
}
