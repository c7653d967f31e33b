// A real terminal for tests: one command in a tmux of its own, its picture as text, keys, sizes, and what it left behind.
// It knows nothing of what the command should show; server and socket end with it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** A loaded machine takes its time; a test that waits for longer than this waits in vain. */
const DEADLINE_MS = 25_000;
const POLL_MS = 50;
/** After the command: its exit code stays to be read. */
const EXIT_MARK = 'the command ended with';

export interface TmuxOptions {
  readonly columns: number;
  readonly rows: number;
  /** Added to the environment of the tests; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface TmuxTerminal extends AsyncDisposable {
  /** The picture now, row by row, without blanks at the ends. */
  rows(): Promise<string[]>;
  /** Waits for a picture in which some row matches; fails after the deadline with the last one. */
  until(pattern: RegExp, what?: string): Promise<string[]>;
  keys(...names: readonly string[]): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  signal(name: NodeJS.Signals, commandPattern: RegExp): Promise<void>;
  /** Waits for the end of the command. */
  exitCode(): Promise<number>;
  /** How the command left the terminal. */
  state(): Promise<{ readonly isAlternate: boolean; readonly isCursorShown: boolean }>;
}

export async function openTmux(command: readonly string[], options: TmuxOptions): Promise<TmuxTerminal> {
  const name = `hls-swarm-test-${randomUUID()}`;
  const { columns, rows, env = {}, cwd } = options;
  const tmux = async (...args: readonly string[]): Promise<string> =>
    (await run('tmux', ['-L', name, '-f', '/dev/null', ...args])).stdout;
  const changes = Object.entries(env).flatMap(([key, value]) =>
    value === undefined ? [`unset ${key};`] : [`export ${key}=${quoted(value)};`],
  );
  // The shell stays, so that what is on the terminal afterwards can be read.
  const line = `${changes.join(' ')} ${command.map(quoted).join(' ')}; echo "${EXIT_MARK} $?"; exec sleep 600`;
  const size = ['-x', String(columns), '-y', String(rows)];
  await tmux('new-session', '-d', ...size, ...(cwd === undefined ? [] : ['-c', cwd]), 'bash', '-c', line);

  const picture = async (): Promise<string[]> =>
    (await tmux('capture-pane', '-p'))
      .split('\n')
      .slice(0, -1)
      .map((row) => row.trimEnd());
  const until: TmuxTerminal['until'] = async (pattern, what = String(pattern)) => {
    const endsAt = performance.now() + DEADLINE_MS;
    for (;;) {
      const shown = await picture();
      if (shown.some((row) => pattern.test(row))) return shown;
      assert.ok(performance.now() < endsAt, `waited for ${what}:\n${shown.join('\n')}`);
      await pause(POLL_MS);
    }
  };
  return {
    rows: picture,
    until,
    keys: async (...names) => void (await tmux('send-keys', ...names)),
    resize: async (wide, high) => void (await tmux('resize-window', '-x', String(wide), '-y', String(high))),
    signal: async (signal, commandPattern) => {
      const { stdout } = await run('ps', [
        '-o',
        'pid=,args=',
        '--ppid',
        (await tmux('display', '-p', '#{pane_pid}')).trim(),
      ]);
      const found = stdout.split('\n').find((process) => commandPattern.test(process));
      assert.ok(found !== undefined, `${commandPattern} among:\n${stdout}`);
      process.kill(Number.parseInt(found, 10), signal);
    },
    exitCode: async () => {
      const shown = await until(new RegExp(EXIT_MARK), 'the end of the command');
      return Number(new RegExp(`${EXIT_MARK} (\\d+)`).exec(shown.join('\n'))?.[1]);
    },
    state: async () => {
      const [alternate, cursor] = (await tmux('display', '-p', '#{alternate_on} #{cursor_flag}')).trim().split(' ');
      return { isAlternate: alternate === '1', isCursorShown: cursor === '1' };
    },
    [Symbol.asyncDispose]: async () => void (await tmux('kill-server').catch(() => {})),
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
