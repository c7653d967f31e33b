// Makes the free memory the machine's own for as long as a measurement lasts. A virtual machine whose host takes free memory back
// gets every page anew when somebody touches it first, at several times the price: a thousand clients that start would measure the
// host. Pieces of 60 KiB stay (memory-holder.ts). It changes no setting of the system and gives all back at its end, however that comes.
import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../../src/process.ts';
import { type Check, check } from './checks.ts';

export interface OwnMemory {
  /** What a page costs that is new to the machine, and one that is its own. */
  readonly check: Check;
  [Symbol.asyncDispose](): Promise<void>;
}

const FOLDER = '/dev/shm';
/** What the system and the measurement itself have beside it. */
const RESERVED_BYTES = 3_000_000_000;
const WHAT = 'a page of memory new to the machine, and of its own';

/** Of `bytes`, or as much as there is. */
export async function ownMemory(bytes: number): Promise<OwnMemory> {
  const folder = await statfs(FOLDER).catch(() => undefined);
  const freeBytes = Math.min(freemem() - RESERVED_BYTES, folder === undefined ? 0 : folder.bavail * folder.bsize);
  const wantedBytes = Math.min(bytes, freeBytes);
  if (wantedBytes <= 0) return { check: check(WHAT, 'not looked at'), [Symbol.asyncDispose]: async () => {} };
  const { promise: said, resolve } = Promise.withResolvers<string>();
  const holder = startProgram(
    process.execPath,
    [fileURLToPath(new URL('memory-holder.ts', import.meta.url)), String(wantedBytes), FOLDER],
    { stdio: { stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' }, onStdout: (chunk) => resolve(chunk.toString()) },
  );
  const text = await Promise.race([said, holder.exited.then(({ code, signal }) => `ended: ${code ?? signal}`)]);
  const [, firstUs, againUs] = /"firstUs":([\d.]+),"againUs":([\d.]+)/.exec(text) ?? [];
  if (firstUs === undefined) throw new Error(`the memory could not be made our own (${text.trim()})`);
  const micros = (us: string | undefined): string => `${Number(us).toFixed(1)} us`;
  return {
    check: check(WHAT, `${micros(firstUs)}, ${micros(againUs)}`),
    [Symbol.asyncDispose]: async () => void (await holder.stop()),
  };
}
