// `hls-swarm origin`: the live origin in the foreground, until a signal. It starts no client and measures nothing.
import { faultRules } from '../faults/parse.ts';
import { startLiveOrigin } from './live-origin.ts';
import type { ProfileName } from './profiles.ts';

/** By the names of the option table. */
export interface OriginCommandOptions {
  readonly profile: ProfileName;
  readonly host: string;
  readonly port: number;
  /** A file, appended to. */
  readonly accessLog?: string;
  /** Faults on purpose, as written, and the seed of their chances. */
  readonly faults?: readonly string[];
  readonly seed?: number;
  /** Default `ffmpeg`. */
  readonly ffmpegPath?: string;
  /** Default stdout and stderr. */
  readonly print?: (line: string) => void;
  readonly complain?: (line: string) => void;
}

const STOPPED = 0;
const COULD_NOT = 1;

/** Prints the addresses when the stream is live, runs until SIGINT, SIGTERM or SIGHUP; the exit code. */
export async function runOrigin(options: OriginCommandOptions): Promise<number> {
  const print = options.print ?? ((line) => void process.stdout.write(`${line}\n`));
  const complain = options.complain ?? ((line) => void process.stderr.write(`${line}\n`));
  const ending = new AbortController();
  const onSignal = (): void => ending.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const { profile, host, port, accessLog, ffmpegPath = 'ffmpeg', faults = [], seed = 0 } = options;
    const origin = await startLiveOrigin(
      {
        profile,
        host,
        port,
        ffmpegPath,
        faults: faultRules(faults),
        seed,
        signal: ending.signal,
        ...(accessLog === undefined ? {} : { accessLogFile: accessLog }),
      },
      () => {},
    );
    print(`stream   ${origin.url}`);
    print(`metrics  ${origin.metricsUrl}`);
    print(`listing  ${origin.listingUrl}`);
    for (const fault of faults) print(`fault    ${fault}`);
    if (faults.length > 0) print(`seed     ${seed}`);
    const { promise: asked, resolve: ask } = Promise.withResolvers<undefined>();
    if (ending.signal.aborted) ask(undefined);
    ending.signal.addEventListener('abort', () => ask(undefined), { once: true });
    const reason = await Promise.race([origin.broken, asked]);
    await origin.stop();
    if (reason === undefined) return STOPPED;
    complain(reason);
    return COULD_NOT;
  } catch (error) {
    if (ending.signal.aborted) return STOPPED;
    complain((error as Error).message);
    return COULD_NOT;
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}
