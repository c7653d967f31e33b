// Ends a group of processes in the moment in which we die, whatever kills us. The kernel tells a child of our death, and this one has
// nothing else to do; whoever would otherwise have to hear of it, the group's own members among them, may have to wait for its turn on a
// full machine, and the others play on meanwhile.
// It is an addition only: what it watches ends with us without it, later. It starts nobody else and reads nothing.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type PreparedProgram, prepareProgram, startProgram } from './process.ts';
import { signalProcess } from './process-group.ts';

/**
 * Both the signal and the end of its stdin end the `read`; the group `$1` is all that it knows. Before the `trap` stands the signal must
 * do nothing: one that would end the shell could come first, on a machine that lets it wait, and nobody would end the group. SIGTERM is
 * not that signal either: who stops a service may send it to every process of it, and the group is then to be stopped as always.
 */
const SCRIPT = 'trap : URG; read _; kill -s KILL -- "-$1"';
const DEATH_SIGNAL = 'SIGURG';
/** The thread has one child to start and no more. */
const THREAD_YOUNG_GENERATION_MIB = 1;

/**
 * Two shells, each the child of another thread of ours. The kernel tells a child when the thread that forked it has ended, and the last
 * thread of a process ends only when all memory is freed and every socket closed: 0.2 s with 1,000 clients, in which they play on and
 * connect anew. One of two is not the last.
 */
export class GroupGuard {
  /** Of the shells; none where there is no shell. */
  readonly pids: Promise<readonly number[]>;
  /** Resolved when there are none any more. */
  readonly closed: Promise<void>;
  readonly #shells: readonly GuardShell[];

  constructor(group: number) {
    const args = ['-c', SCRIPT, 'sh', String(group)];
    const prepared = prepareProgram('sh', args, { deathSignal: DEATH_SIGNAL });
    this.#shells = 'failure' in prepared ? [] : [ofThisThread(args), ofItsOwnThread(prepared)];
    this.pids = Promise.all(this.#shells.map(({ pid }) => pid)).then((all) => all.filter((pid) => pid !== undefined));
    this.closed = Promise.all(this.#shells.map(({ ended }) => ended)).then(() => {});
  }

  /** The group is left alone; to be called when it is gone at the latest: its number may be somebody else's then. */
  close(): void {
    for (const { kill } of this.#shells) kill();
  }
}

interface GuardShell {
  readonly pid: Promise<number | undefined>;
  readonly ended: Promise<void>;
  readonly kill: () => void;
}

function ofThisThread(args: readonly string[]): GuardShell {
  const { pid, exited, kill } = startProgram('sh', args, {
    stdio: { stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' },
    deathSignal: DEATH_SIGNAL,
  });
  return { pid: Promise.resolve(pid), ended: exited.then(() => {}), kill };
}

/** The thread says its child's pid and ends behind it. Without it the other shell is left. */
function ofItsOwnThread(shell: PreparedProgram): GuardShell {
  const entry = new URL(`./group-guard-main${extname(import.meta.url)}`, import.meta.url);
  const resourceLimits = { maxYoungGenerationSizeMb: THREAD_YOUNG_GENERATION_MIB };
  const worker = new Worker(entry, { workerData: shell, resourceLimits });
  const started = Promise.withResolvers<number | undefined>();
  const ended = Promise.withResolvers<void>();
  let present: number | undefined;
  let isClosed = false;
  const kill = (): void => {
    isClosed = true;
    if (present !== undefined) signalProcess(present, 'SIGKILL');
  };
  worker.on('message', (pid: number) => {
    present = pid;
    started.resolve(pid);
    if (isClosed) kill();
  });
  worker.on('error', () => {});
  worker.on('exit', () => {
    present = undefined;
    started.resolve(undefined);
    ended.resolve();
  });
  worker.unref();
  return { pid: started.promise, ended: ended.promise, kill };
}
