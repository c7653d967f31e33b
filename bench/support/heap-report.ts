// Loaded into every thread of a program that is being soaked (`--import`): once per second what lives on its heap and its timers go
// into a file. What is dead is collected first, every ten seconds: with few clients V8 leaves it lying for minutes, and a heap between
// two of its own collections grows whether anything leaks or not.
// It changes nothing else; the figures of one thread replace each other in `HLS_SWARM_SOAK_FOLDER/heap-PID-THREAD.json`: programs of
// Node that the soaked one starts load this, too.
import { renameSync, writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import { collectGarbage } from '../../test/support/collect-garbage.ts';

const INTERVAL_MS = 1_000;
const REPORTS_PER_COLLECTION = 10;
const folder = process.env['HLS_SWARM_SOAK_FOLDER'];

if (folder !== undefined) {
  let reports = 0;
  let living = process.memoryUsage();
  setInterval(() => {
    if (reports % REPORTS_PER_COLLECTION === 0) {
      collectGarbage();
      living = process.memoryUsage();
    }
    reports += 1;
    const { heapUsed, arrayBuffers } = living;
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const name = `heap-${process.pid}-${threadId}.json`;
    // Whole at once: a file that is read while it is written would leave its thread out.
    writeFileSync(`${folder}/new-${name}`, JSON.stringify({ heapUsed, arrayBuffers, timers }));
    renameSync(`${folder}/new-${name}`, `${folder}/${name}`);
  }, INTERVAL_MS).unref();
}
