// The folders in memory of embedded origins' processes, wherever they are. It removes nothing.
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Of one origin's process, or of all. */
export function originFolders(pid?: number | string): readonly string[] {
  const start = pid === undefined ? 'hls-swarm-origin-' : `hls-swarm-origin-${pid}-`;
  return ['/dev/shm', tmpdir()]
    .filter((parent) => existsSync(parent))
    .flatMap((parent) => readdirSync(parent).map((name) => ({ parent, name })))
    .filter(({ name }) => name.startsWith(start))
    .map(({ parent, name }) => join(parent, name));
}
