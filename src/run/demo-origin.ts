// The embedded origin of `demo`: started in its own process, its account of each request told as events.
// It changes no option but the addresses that only this origin knows.
import type { Clock } from '../clock.ts';
import type { Options } from '../config/options.ts';
import type { Emit } from '../events.ts';
import { type EmbeddedOrigin, startEmbeddedOrigin } from '../origin/embedded.ts';
import { CannotMeasure } from './exit-codes.ts';
import type { House } from './house.ts';
import { delay } from './terminal.ts';

export interface DemoOrigin extends Pick<EmbeddedOrigin, 'url' | 'metricsUrl' | 'listingUrl'> {
  /** Resolves when it is gone, or after `limitMs`: then it goes when we exit, with its folder. Any number of times. */
  stop(limitMs?: number): Promise<void>;
}

/** A healthy origin is gone in a fraction of it. */
const STOP_LIMIT_MS = 1_000;

/** @throws CannotMeasure when it cannot be started, or when the run is ended meanwhile */
export async function startDemoOrigin(
  options: Options,
  { log, terminal, fail }: House,
  { clock, emit }: { readonly clock: Clock; readonly emit: Emit },
): Promise<DemoOrigin> {
  log.info({ profile: options.profile }, 'origin_starting');
  try {
    const origin = await startEmbeddedOrigin({
      profile: options.profile,
      ffmpegPath: options.ffmpegPath,
      signal: terminal.ending,
      ...(options.accessLog === undefined ? {} : { accessLogFile: options.accessLog }),
      log,
      onRequest: (request) => emit({ type: 'origin-request', atMs: clock.nowMs(), ...request }),
    });
    void origin.broken.then((reason) => fail(new CannotMeasure(`the embedded origin: ${reason}`)));
    const { url, metricsUrl, listingUrl } = origin;
    let stopped: Promise<void> | undefined;
    const stop = (limitMs = STOP_LIMIT_MS): Promise<void> =>
      (stopped ??= Promise.race([origin.stop(), delay(limitMs)]));
    return { url, metricsUrl, listingUrl, stop };
  } catch (error) {
    if (terminal.ending.aborted) throw new CannotMeasure('ended before the embedded origin was live');
    throw new CannotMeasure(`the embedded origin: ${error instanceof Error ? error.message : String(error)}`);
  }
}
