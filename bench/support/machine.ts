// What a table of results was measured on, as one clause. It measures nothing.
import { cpus } from 'node:os';

/** `Node v24.21.0, AMD EPYC, 2 cores, 2026-11-21` */
export function machineAndDate(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return `Node ${process.version}, ${processor}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}`;
}
