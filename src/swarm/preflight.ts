// Everything that a run needs, looked at before the first client: a usable FFmpeg, the machine's limits and means, a stream
// that answers. It starts no client and changes nothing; the caller prints the checks and turns a failure into exit 1.
import { declaredBitsPerSecond, type StreamDescription } from '../hls/stream-description.ts';
import type { VariantChoice } from '../hls/variant-choice.ts';
import { findProgram } from '../process.ts';
import { isPaced, type Pace } from './arguments.ts';
import { type Capabilities, isOlder, probeCapabilities } from './capabilities.ts';
import { type Check, havePassed } from './check.ts';
import { ffmpegCheck, ffprobeCheck } from './ffmpeg-checks.ts';
import { machineChecks } from './machine-checks.ts';
import { ffprobeBeside } from './probe.ts';
import { type InspectOptions, inspectStream, type StreamFacts, type StreamInspection } from './stream.ts';
import { readSystemFacts, type SystemFacts } from './system-facts.ts';
import { systemChecks } from './system-limits.ts';

export interface PreflightOptions extends InspectOptions {
  readonly url: string;
  readonly clients: number;
  readonly rampRatePerSecond: number;
  readonly isPrepared?: boolean;
  readonly isTapped: boolean;
  readonly pace: Pace;
  readonly variant: VariantChoice;
  readonly ffmpegPath: string;
  /** `--skip-preflight`: the machine is not looked at; FFmpeg and the stream must be known all the same. */
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
  /** Absent when the stream cannot be read. */
  readonly stream?: StreamFacts;
  /** Octets of our own requests to the origin. */
  readonly ownBytes: number;
}

/** Without a playlist to choose from, ffprobe lists what there is to choose. */
const PROBED_VARIANTS: ReadonlySet<VariantChoice> = new Set(['highest', 'lowest']);
const THREE_THREADS_FROM = [7, 0] as const;
const SEGMENT_DEMUXERS: Readonly<Partial<Record<StreamDescription['packaging'], readonly string[]>>> = {
  'MPEG-TS': ['mpegts'],
  fMP4: ['mov', 'mp4'],
};

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
  const stream = inspected.ok ? inspected.facts : undefined;
  const capabilities = probed.ok ? probed.capabilities : undefined;
  const ffmpeg = findProgram(options.ffmpegPath, process.env['PATH']);
  const ffprobe = findProgram(ffprobeBeside(options.ffmpegPath), process.env['PATH']);
  const checks: Check[] = [
    ffmpegCheck(probed, 'path' in ffmpeg ? ffmpeg.path : options.ffmpegPath, {
      isHttps: options.url.startsWith('https:') || stream?.usesTls === true,
      isTapped: options.isTapped,
      isHls: stream?.isHls,
      segmentDemuxers: SEGMENT_DEMUXERS[stream?.description?.packaging ?? 'unknown'] ?? [],
      isEncrypted: stream?.description?.encryption.includes('AES-128') ?? false,
    }),
    ffprobeCheck(ffprobe, PROBED_VARIANTS.has(options.variant) && stream?.isHls !== true),
    ...(options.skipsLimits ? [] : limitChecks(options, system, stream, capabilities)),
    streamCheck(inspected),
  ];
  return {
    ok: havePassed(checks),
    checks,
    isHls: stream?.isHls ?? false,
    isLive: stream?.isLive ?? true,
    streamUrls: stream?.streamUrls ?? [],
    ownBytes: inspected.ownBytes,
    ...(capabilities === undefined ? {} : { capabilities }),
    ...(stream === undefined ? {} : { stream }),
    ...(stream?.targetDurationSeconds === undefined ? {} : { targetDurationSeconds: stream.targetDurationSeconds }),
  };
}

function limitChecks(
  { clients, rampRatePerSecond, isPrepared, isTapped, pace, variant }: PreflightOptions,
  system: SystemFacts,
  stream: StreamFacts | undefined,
  capabilities: Capabilities | undefined,
): readonly Check[] {
  const { release } = capabilities ?? {};
  const threadsPerClient = release === undefined || isOlder(release, THREE_THREADS_FROM) ? 1 : 3;
  const bitsPerSecond =
    stream?.description === undefined ? undefined : declaredBitsPerSecond(stream.description, variant);
  const paced = isPaced(pace, stream?.isLive ?? true);
  const load = { clients, rampRatePerSecond, isPrepared: isPrepared === true, isTapped, isPaced: paced, bitsPerSecond };
  return [...systemChecks(clients, system, { isTapped, threadsPerClient }), ...machineChecks(load, system)];
}

function streamCheck(inspected: StreamInspection): Check {
  if (!inspected.ok) {
    const { reason, fix } = inspected;
    return { name: 'stream', ok: false, level: 'fail', detail: reason, ...(fix === undefined ? {} : { fix }) };
  }
  const { detail, warning } = inspected.facts;
  if (warning === undefined) return { name: 'stream', ok: true, level: 'ok', detail };
  return { name: 'stream', ok: true, level: 'warn', detail: `${detail}; ${warning}` };
}
