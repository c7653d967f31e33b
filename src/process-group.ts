// How a program and all that it started are told to leave: signals to its group, the sequence that ends it, and the list of groups
// that must not outlive us. It starts nothing and waits for nothing.

const SECOND_TERM_MS = 500;
const DEFAULT_GRACE_MS = 3_000;

/** How a program is asked to leave: SIGTERM, SIGTERM, SIGKILL. Nothing is signalled once it is over. */
export class StopSequence {
  readonly #send: (name: NodeJS.Signals) => void;
  readonly #timers: NodeJS.Timeout[] = [];
  #state: 'running' | 'stopping' | 'over' = 'running';

  constructor(send: (name: NodeJS.Signals) => void) {
    this.#send = send;
  }

  begin(graceMs: number = DEFAULT_GRACE_MS): void {
    if (this.#state !== 'running') return;
    this.#state = 'stopping';
    this.signal('SIGTERM');
    this.#timers.push(setTimeout(() => this.signal('SIGTERM'), SECOND_TERM_MS));
    this.#timers.push(setTimeout(() => this.signal('SIGKILL'), graceMs));
  }

  signal(name: NodeJS.Signals): void {
    if (this.#state !== 'over') this.#send(name);
  }

  /** The program is gone. */
  end(): void {
    this.#state = 'over';
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

export function signalGroup(pid: number, name: NodeJS.Signals): void {
  signalProcess(-pid, name);
}

export function signalProcess(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: gone already, which is what was asked for.
  }
}

const living = new Set<number>();

/** The last resort where there is no parent-death signal: an ordinary end or an uncaught error of ours takes the groups along. */
export function rememberGroup(pid: number): void {
  if (living.size === 0 && !process.listeners('exit').includes(killLiving)) process.on('exit', killLiving);
  living.add(pid);
}

export function forgetGroup(pid: number): void {
  living.delete(pid);
}

function killLiving(): void {
  for (const pid of living) signalGroup(pid, 'SIGKILL');
}
