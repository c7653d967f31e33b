// The thread of a group's second guard (group-guard.ts): it is there to be the shell's parent, and ends behind it.
// It watches nothing itself; that this thread ends with the process is the whole of its use.
import { spawn } from 'node:child_process';
import { parentPort, workerData } from 'node:worker_threads';
import type { PreparedProgram } from './process.ts';

const { file, args, env } = workerData as PreparedProgram;
const shell = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env });
// A shell that cannot be started leaves the other one, and nothing to say.
shell.once('error', () => {});
if (shell.pid !== undefined) parentPort?.postMessage(shell.pid);
