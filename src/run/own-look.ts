// How we look at a stream ourselves, before or instead of a run: with the fields, cookies and address that clients will have.
// It looks at nothing.
import type { Options } from '../config/options.ts';
import { version } from '../config/version.ts';
import { Fetcher } from '../fetch.ts';
import type { StreamDescription } from '../hls/stream-description.ts';
import { clientHeaders } from '../swarm/arguments.ts';
import type { ProbeOptions } from '../swarm/probe.ts';
import { resolveFor } from './resolve.ts';

/** The caller closes it. */
export function lookFetcher(url: string, options: Options): Fetcher {
  return new Fetcher({
    version,
    verifiesTls: !options.dangerous,
    keepsCookies: true,
    cookies: { origin: new URL(url).origin, cookies: options.cookies },
    ...resolveFor(url, options),
  });
}

/** `description`: of the playlist that was read there, if any. */
export function mappingOptions(
  url: string,
  options: Options,
  description: StreamDescription | undefined,
): ProbeOptions {
  return {
    url,
    variant: options.variant,
    failurePolicy: options.probeFailurePolicy,
    ffmpegPath: options.ffmpegPath,
    userAgent: `hls-swarm-probe/${version}`,
    headers: clientHeaders(options),
    cookies: options.cookies,
    timeoutMs: options.timeoutMs,
    ...resolveFor(url, options),
    ...(description === undefined ? {} : { variants: description.variants }),
  };
}
