// Ends a group of processes in the moment in which we die, whatever kills us. The kernel tells a child of our death before it frees our
// memory, and this one has nothing else to do; whoever would otherwise have to hear of it, the group's own members among them, may have
// to wait for its turn on a full machine, and the others play on meanwhile.
// It is an addition only: what it watches ends with us without it, later. It starts nobody else and reads nothing.
import { startProgram } from './process.ts';

/**
 * Both the signal and the end of its stdin end the `read`; the group `$1` is all that it knows. Before the `trap` stands the signal must
 * do nothing: one that would end the shell could come first, on a machine that lets it wait, and nobody would end the group. SIGTERM is
 * not that signal either: who stops a service may send it to every process of it, and the group is then to be stopped as always.
 */
const SCRIPT = 'trap : URG; read _; kill -s KILL -- "-$1"';

export class GroupGuard {
  /** Of the guard itself; absent where there is no shell. */
  readonly pid: number | undefined;
  /** Resolved when it is no more. */
  readonly closed: Promise<void>;
  readonly #close: () => void;

  constructor(group: number) {
    const shell = startProgram('sh', ['-c', SCRIPT, 'sh', String(group)], {
      stdio: { stdin: 'pipe', stdout: 'ignore', stderr: 'ignore' },
      deathSignal: 'SIGURG',
    });
    this.pid = shell.pid;
    this.#close = shell.kill;
    this.closed = shell.exited.then(() => {});
  }

  /** The group is left alone; to be called when it is gone at the latest: its number may be somebody else's then. */
  close(): void {
    this.#close();
  }
}
