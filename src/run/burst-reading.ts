// Lets the main thread read what a client says in one go. FFmpeg writes a line in up to four pieces and a request in twenty lines;
// a reader that is woken by the first piece takes the processor from the client that is writing, reads a word, and sleeps again
// until the next. Among many clients that is half of the reader's work, and disturbs all of them.
// It changes no other thread that is there (the tap's is to be on time), and no client: those are children of another process.
// Elsewhere than on Linux, and where there is no `chrt`, things stay as they are.
import type { Log } from '../log.ts';
import { runProgram } from '../process.ts';
import { FEW_CLIENTS } from '../swarm/reading-pause.ts';
import { KIB, MS_PER_SECOND } from '../units.ts';

const LIMITS = { timeoutMs: MS_PER_SECOND, maxBytes: KIB };

/**
 * More than 50 clients: what wakes this thread no longer interrupts whoever is running (SCHED_BATCH). A line is then stamped
 * when its client pauses, at the latest when its turn on the processor ends. To be called when the threads and the process that
 * starts clients are there: what comes later inherits it. Resolves when that is so, or cannot be.
 */
export async function readInBursts(clients: number, log: Log): Promise<void> {
  if (clients <= FEW_CLIENTS || process.platform !== 'linux') return;
  const policy = ['--batch', '--pid', '0', String(process.pid)];
  const { code, failure, stderr } = await runProgram('chrt', policy, LIMITS);
  if (code !== 0) log.debug({ reason: failure ?? stderr.trim() }, 'burst_reading_unavailable');
}
