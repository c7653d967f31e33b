// Everything that a run needs, looked at before the first client: a usable FFmpeg, the machine's limits, a stream that answers.
// It starts no client and changes nothing; the caller prints the checks and turns a failure into exit 1.
import { type Capabilities, probeCapabilities } from './capabilities.ts';
import type { Check } from './check.ts';
import { type InspectOptions, inspectStream } from './stream.ts';
import { readSystemFacts, type SystemFacts, systemChecks } from './system-limits.ts';

export interface PreflightOptions extends InspectOptions {
  readonly url: string;
  readonly clients: number;
  readonly ffmpegPath: string;
  /** `--skip-preflight`: the machine's limits are not looked at; FFmpeg and the stream must be known all the same. */
  readonly skipsLimits: boolean;
}

export interface Preflight {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly capabilities?: Capabilities;
  readonly isHls: boolean;
  /** true also when it is not known whether the stream ends. */
  readonly isLive: boolean;
  /** Addresses of an endless transport stream: the asked one and where it redirects to. Empty for HLS. */
  readonly streamUrls: readonly string[];
  readonly targetDurationSeconds?: number;
  /** Octets of our own requests to the origin. */
  readonly ownBytes: number;
}

const INSTALL_FIX =
  'install ffmpeg 5.1 or later (apt-get install ffmpeg, brew install ffmpeg), or name one with --ffmpeg PATH';

/** All checks side by side. Never rejects. */
export async function preflight(
  fetcher: Parameters<typeof inspectStream>[1],
  options: PreflightOptions,
  system: SystemFacts = readSystemFacts(),
): Promise<Preflight> {
  const [probed, inspected] = await Promise.all([
    probeCapabilities(options.ffmpegPath),
    inspectStream(options.url, fetcher, options),
  ]);
  const checks: Check[] = [
    probed.ok
      ? {
          name: 'ffmpeg',
          ok: true,
          level: 'ok',
          detail: `FFmpeg ${probed.capabilities.version} at ${probed.capabilities.path}`,
        }
      : { name: 'ffmpeg', ok: false, level: 'fail', detail: probed.reason, fix: INSTALL_FIX },
    ...(options.skipsLimits ? [] : systemChecks(options.clients, system)),
    streamCheck(inspected),
  ];
  const facts = inspected.ok ? inspected.facts : undefined;
  return {
    ok: checks.every((check) => check.ok),
    checks,
    isHls: facts?.isHls ?? false,
    isLive: facts?.isLive ?? true,
    streamUrls: facts?.streamUrls ?? [],
    ownBytes: inspected.ownBytes,
    ...(probed.ok ? { capabilities: probed.capabilities } : {}),
    ...(facts?.targetDurationSeconds === undefined ? {} : { targetDurationSeconds: facts.targetDurationSeconds }),
  };
}

function streamCheck(inspected: Awaited<ReturnType<typeof inspectStream>>): Check {
  if (!inspected.ok) return { name: 'stream', ok: false, level: 'fail', detail: inspected.reason };
  const { detail, warning } = inspected.facts;
  if (warning === undefined) return { name: 'stream', ok: true, level: 'ok', detail };
  return { name: 'stream', ok: true, level: 'warn', detail: `${detail}; ${warning}` };
}
