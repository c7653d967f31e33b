// From options to what the tap does beyond counting. Pure.
// It decides nothing; the tap reads it in every worker.
import type { Options } from '../config/options.ts';
import { faultRules } from '../faults/parse.ts';
import { type Behaviour, MIRROR } from '../proxy/behaviour.ts';
import type { Authority } from '../proxy/tls/authority.ts';
import type { Resolve } from './resolve.ts';

/** What the options do not say. */
export interface TapFindings {
  /** What the look before the run found to be endless. */
  readonly streamUrls?: readonly string[] | undefined;
  readonly authority?: Authority | undefined;
  readonly resolve?: Resolve | undefined;
}

/** IPv6 in a URL. */
const BRACKETS = /^\[|\]$/g;

export function tapBehaviour(
  options: Options,
  seed: number,
  { streamUrls = [], authority, resolve }: TapFindings = {},
): Behaviour {
  return {
    ...MIRROR,
    ...(resolve === undefined ? {} : { resolve: { ...resolve, host: resolve.host.replace(BRACKETS, '') } }),
    upstream: options.upstream,
    shared: { maxConnectionsPerOrigin: options.upstreamConnections, idleMs: options.upstreamIdleMs },
    tls: {
      mode: options.tls,
      verifiesOrigin: !options.dangerous,
      ...(authority === undefined ? {} : { authority }),
    },
    streams: {
      urls: streamUrls,
      firstByteMs: options.streamFirstByteMs,
      silentMs: options.streamSilentMs,
      notDrainingMs: options.streamDrainMs,
      checksTransportStream: options.checkTs,
    },
    faults: faultRules(options.faults),
    seed,
    recordFields: options.recordFields.map((name) => name.toLowerCase()),
    answersErrors: options.answerErrors,
    halfCloses: options.halfClose,
  };
}
