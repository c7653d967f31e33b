// What the launcher's process and its parent say to each other: JSON lines on one socket, and the first line of every socket.
// Types and how they are written only; nothing here opens a socket.

/** In the environment of the launcher's process, as JSON. */
export const LAUNCHER_VARIABLE = 'HLS_SWARM_LAUNCHER';

export interface LauncherPlace {
  /** Where it listens. */
  readonly path: string;
  /** Whoever connects says this first: a name in the abstract name space is open to every user of the machine. */
  readonly token: string;
  /** How many it is going to start, about. */
  readonly programs: number;
}

/** Child descriptors that are sockets of the parent's; any other is /dev/null. */
export type LaunchedStream = 1 | 2 | 3;

export type LauncherOrder =
  | {
      readonly type: 'start';
      readonly key: number;
      readonly file: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd?: string;
      readonly streams: readonly LaunchedStream[];
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

/** What a new socket is for: a stream of the program `key`, or, when that is absent, orders and news. */
export interface SocketPurpose {
  readonly key?: number;
  readonly stream?: LaunchedStream;
}

export function greeting(token: string, purpose: SocketPurpose): string {
  return jsonLine({ token, ...purpose });
}

/** Undefined for anybody who does not know the token. */
export function readGreeting(line: string, token: string): SocketPurpose | undefined {
  try {
    const { token: told, ...purpose } = JSON.parse(line) as SocketPurpose & { readonly token?: unknown };
    return told === token ? purpose : undefined;
  } catch {
    return undefined;
  }
}

export function jsonLine(message: LauncherOrder | LauncherNews | (SocketPurpose & { readonly token: string })): string {
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
