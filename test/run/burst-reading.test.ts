// Whom the main thread interrupts when a client speaks, as the kernel tells it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { silentLog } from '../../src/log.ts';
import { readInBursts } from '../../src/run/burst-reading.ts';
import { requirement } from '../support/require.ts';

/** Of /proc/PID/stat, after the command's parenthesis. */
const POLICY = 38;
const ORDINARY = '0';
const BATCH = '3';

const policyOf = (stat: string): string | undefined => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[POLICY];
const statOf = (thread: string): string => readFileSync(`/proc/self/task/${thread}/stat`, 'latin1');
const main = String(process.pid);

test('with many clients the main thread waits for its turn; with few it does not, and no other thread does', {
  skip: requirement('chrt'),
}, async () => {
  const otherThreads = readdirSync('/proc/self/task').filter((thread) => thread !== main);
  await readInBursts(50, silentLog);
  assert.equal(policyOf(statOf(main)), ORDINARY);
  await readInBursts(51, silentLog);
  assert.equal(policyOf(statOf(main)), BATCH);
  for (const thread of otherThreads) assert.equal(policyOf(statOf(thread)), ORDINARY);
});
