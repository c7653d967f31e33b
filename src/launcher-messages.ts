// What the launcher's process and its parent say to each other: JSON lines on one socket, the first of which is a greeting.
// Types and how they are written only; nothing here opens a socket.

/** In the environment of the launcher's process, as JSON. */
export const LAUNCHER_VARIABLE = 'HLS_SWARM_LAUNCHER';

export interface LauncherPlace {
  /** Where it listens. */
  readonly path: string;
  /** Who connects says this first: a name in the abstract name space is open to every user of the machine. */
  readonly token: string;
  /** How many it is going to start, about. */
  readonly programs: number;
}

/** Child descriptors that are pipes to the parent; any other is /dev/null. */
export type LaunchedStream = 1 | 2 | 3;

/** A named pipe, which the parent has open for reading. */
export interface LaunchedPipe {
  readonly stream: LaunchedStream;
  readonly path: string;
}

export type LauncherOrder =
  | {
      readonly type: 'start';
      readonly key: number;
      readonly file: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd?: string;
      readonly pipes: readonly LaunchedPipe[];
      /** It starts no others, and needs no group of its own. */
      readonly isLeaf: boolean;
    }
  /** From now on it comes after those that are beginning. */
  | { readonly type: 'give-way'; readonly key: number }
  | { readonly type: 'signal'; readonly key: number; readonly signal: NodeJS.Signals };

export type LauncherNews =
  | { readonly type: 'started'; readonly key: number; readonly pid: number }
  | { readonly type: 'failed'; readonly key: number; readonly reason: string }
  | { readonly type: 'exited'; readonly key: number; readonly code?: number; readonly signal?: string };

export function greeting(token: string): string {
  return jsonLine({ token });
}

/** false for anybody who does not know the token. */
export function isGreeting(line: string, token: string): boolean {
  try {
    return (JSON.parse(line) as { readonly token?: unknown } | null)?.token === token;
  } catch {
    return false;
  }
}

export function jsonLine(message: LauncherOrder | LauncherNews | { readonly token: string }): string {
  return `${JSON.stringify(message)}\n`;
}

/** Hands out whole lines of a socket's chunks; a last line without LF is not one. */
export class JsonLines {
  #rest = '';

  *read(chunk: string): Generator<string> {
    const text = this.#rest + chunk;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield text.slice(start, end);
      start = end + 1;
    }
    this.#rest = text.slice(start);
  }
}
