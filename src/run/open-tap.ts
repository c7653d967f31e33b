// Opens the tap for a command: how many workers it gets, and what it means when this machine does not grant the doors.
// It closes nothing; the command does.
import { availableParallelism } from 'node:os';
import { clockFrom } from '../clock.ts';
import type { Options } from '../config/options.ts';
import type { Emit } from '../events.ts';
import { Tap } from '../proxy/tap.ts';
import { openAuthority } from './authority.ts';
import { CannotMeasure } from './exit-codes.ts';
import type { House } from './house.ts';
import type { Resolve } from './resolve.ts';
import { tapBehaviour } from './tap-behaviour.ts';

export interface TapPlan {
  readonly doors: number;
  readonly clockOrigin: bigint;
  readonly emit: Emit;
  readonly seed: number;
  /** What the look before the run found to be endless. */
  readonly streamUrls?: readonly string[];
  readonly resolve?: Resolve;
  /** Players will speak TLS with it, or may. */
  readonly isTlsExpected: boolean;
  /** How long the taking of a batch of records takes. */
  readonly timed?: (work: () => void) => void;
  /** What doors, connections and, in a run, the clients' pipes take together. */
  readonly neededFiles: number;
}

/** One worker of the tap per this many cores, and at least one. */
const CORES_PER_WORKER = 4;
/** In the code or, as errors may lose theirs on the way out of a worker, in the message. */
const OUT_OF_FILES = /\b(EMFILE|ENFILE)\b/;
const OUT_OF_PORTS = /\b(EADDRNOTAVAIL|ENOBUFS)\b/;

/** @throws CannotMeasure when the machine grants too few files, ports or buffers, or the file of the authority cannot be written */
export async function openTap(
  options: Options,
  { doors, clockOrigin, emit, seed, neededFiles, streamUrls, resolve, isTlsExpected, timed }: TapPlan,
  { fail }: Pick<House, 'fail'>,
): Promise<Tap> {
  const { proxyWorkers, timeoutMs } = options;
  const authority = await openAuthority(options, isTlsExpected, clockFrom(clockOrigin));
  const behaviour = tapBehaviour(options, seed, { streamUrls, authority, resolve });
  const workers = proxyWorkers ?? Math.max(1, Math.floor(availableParallelism() / CORES_PER_WORKER));
  try {
    return await Tap.open({
      doors,
      workers,
      clockOrigin,
      dialTimeoutMs: timeoutMs,
      behaviour,
      emit,
      onFailure: fail,
      ...(timed === undefined ? {} : { timed }),
    });
  } catch (error) {
    throw asRefusal(error, doors, neededFiles) ?? error;
  }
}

/** Undefined for what is no fault of the machine. */
export function asRefusal(error: unknown, doors: number, neededFiles: number): CannotMeasure | undefined {
  const { code = '', message = '' } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const text = `${code} ${message}`;
  if (OUT_OF_FILES.test(text)) {
    return new CannotMeasure(
      `${doors} doors cannot be opened: about ${neededFiles} file descriptors are needed (${message})\n` +
        `  Fix: ulimit -n ${neededFiles}`,
    );
  }
  if (!OUT_OF_PORTS.test(text)) return undefined;
  return new CannotMeasure(`${doors} doors cannot be opened: this machine has no port or buffer left (${message})`);
}
