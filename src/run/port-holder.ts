// Who listens on a TCP port of this machine, where Linux tells: for the sentence that refuses it. It ends nobody.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

const LISTENING = '0A';
const HEXADECIMAL = 16;
/** Columns of /proc/net/tcp: `sl local_address rem_address st ... inode`. */
const LOCAL_ADDRESS = 1;
const STATE = 3;
const INODE = 9;

/** `node (pid 4711)`; undefined when nobody listens, or it is another user's and we may not see whose. */
export function portHolder(port: number): string | undefined {
  const inodes = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => listenersOn(port, readText(path))));
  if (inodes.size === 0) return undefined;
  const pid = list('/proc').find((name) => /^\d+$/.test(name) && holdsOne(name, inodes));
  return pid === undefined ? undefined : `${basename(target(`/proc/${pid}/exe`))} (pid ${pid})`;
}

/** Inodes of the sockets that listen on the port, from the text of /proc/net/tcp or tcp6. */
export function listenersOn(port: number, text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const local = Number.parseInt(fields[LOCAL_ADDRESS]?.split(':')[1] ?? '', HEXADECIMAL);
    return local === port && fields[STATE] === LISTENING ? (fields[INODE] ?? []) : [];
  });
}

function holdsOne(pid: string, inodes: ReadonlySet<string>): boolean {
  return list(`/proc/${pid}/fd`).some((fd) => {
    const inode = /^socket:\[(\d+)\]$/.exec(target(`/proc/${pid}/fd/${fd}`))?.[1];
    return inode !== undefined && inodes.has(inode);
  });
}

function target(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
