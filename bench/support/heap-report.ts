// Loaded into every thread of a program that is being soaked (`--import`): once per second its heap and timers go into a file.
// It changes nothing else; the figures of one thread replace each other in `HLS_SWARM_SOAK_FOLDER/heap-THREAD.json`.
import { writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

const INTERVAL_MS = 1_000;
const folder = process.env['HLS_SWARM_SOAK_FOLDER'];

if (folder !== undefined)
  setInterval(() => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    writeFileSync(`${folder}/heap-${threadId}.json`, JSON.stringify({ heapUsed, arrayBuffers, timers }));
  }, INTERVAL_MS).unref();
