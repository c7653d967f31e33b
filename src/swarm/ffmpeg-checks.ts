// What the preflight says of the FFmpeg at hand: its version, and whether it was built with what this run needs. Pure.
// It starts nothing; capabilities.ts has asked.
import { type Capabilities, type CapabilitiesResult, isOlder, type Release } from './capabilities.ts';
import type { Check } from './check.ts';

/** What the run will ask of FFmpeg. */
export interface FfmpegNeeds {
  readonly isHttps: boolean;
  /** Clients go through doors. */
  readonly isTapped: boolean;
  /** Undefined while the stream is not known. */
  readonly isHls?: boolean | undefined;
  /** Demuxers that the segments want, any of them; empty when that is not known. */
  readonly segmentDemuxers?: readonly string[];
  readonly isEncrypted?: boolean;
}

/** The first release that none of ours was tried with. */
const UNKNOWN_FROM: Release = [9, 0];
const INSTALL_FIX =
  'install ffmpeg 5.1 or later (apt-get install ffmpeg, brew install ffmpeg), or name one with --ffmpeg PATH';
const OTHER_BUILD = "use a build that has it, such as the distribution's own, with --ffmpeg PATH";

/** `path`: the file that was found for the name that was given. */
export function ffmpegCheck(probed: CapabilitiesResult, path: string, needs: FfmpegNeeds): Check {
  if (!probed.ok)
    return { name: 'ffmpeg', ok: false, level: 'fail', detail: probed.reason, fix: probed.fix ?? INSTALL_FIX };
  const { capabilities } = probed;
  const name = `FFmpeg ${capabilities.version} at ${path}`;
  const [missing] = missingParts(capabilities, needs);
  if (missing !== undefined)
    return { name: 'ffmpeg', ok: false, level: 'fail', detail: `${name} ${missing}`, fix: OTHER_BUILD };
  const { release } = capabilities;
  if (release !== undefined && !isOlder(release, UNKNOWN_FROM)) {
    const detail = `${name} is newer than any that this was tried with (5.1 to 8.x): what its log says may be read wrongly`;
    return {
      name: 'ffmpeg',
      ok: true,
      level: 'warn',
      detail,
      fix: 'trust the proxy account; compare --stats-loglevel',
    };
  }
  return { name: 'ffmpeg', ok: true, level: 'ok', detail: `${name} (5.1 or later needed)` };
}

/** ffprobe lists programs to choose from where no playlist does; any other run does without. */
export function ffprobeCheck(
  found: { readonly path: string } | { readonly failure: string },
  isNeeded: boolean,
): Check {
  if ('path' in found) return { name: 'ffprobe', ok: true, level: 'ok', detail: found.path };
  const use = isNeeded
    ? '--variant highest and lowest want it for a stream without playlists'
    : 'this run does not need it';
  const detail = `${found.failure}; ${use}`;
  if (!isNeeded) return { name: 'ffprobe', ok: true, level: 'ok', detail };
  return {
    name: 'ffprobe',
    ok: true,
    level: 'warn',
    detail,
    fix: 'install it beside ffmpeg: it comes with the same package',
  };
}

/** Clauses about what the build lacks; a list that could not be read accuses nobody. */
function missingParts(capabilities: Capabilities, needs: FfmpegNeeds): readonly string[] {
  const { protocols, demuxers, httpOptions } = capabilities;
  const lacksProtocol = (name: string): boolean => protocols?.has(name) === false;
  const lacksDemuxers = (names: readonly string[]): boolean =>
    demuxers !== undefined && names.length > 0 && !names.some((name) => demuxers.has(name));
  const { isHttps, isTapped, isHls, segmentDemuxers = [], isEncrypted = false } = needs;
  const lacks: readonly (readonly [boolean, string])[] = [
    [lacksProtocol('http'), 'was built without the protocol http'],
    [isHttps && lacksProtocol('https'), 'was built without the protocol https: it has no TLS library'],
    [
      isHttps && isTapped && lacksProtocol('httpproxy'),
      'was built without the protocol httpproxy: https cannot be tapped',
    ],
    [isHls === true && lacksDemuxers(['hls']), 'was built without the demuxer hls'],
    [isHls === false && lacksDemuxers(['mpegts']), 'was built without the demuxer mpegts'],
    [
      lacksDemuxers(segmentDemuxers),
      `was built without the demuxer ${segmentDemuxers.join(' or ')}: it cannot read the segments`,
    ],
    [isEncrypted && lacksProtocol('crypto'), 'was built without the protocol crypto: the segments are encrypted'],
    [
      isTapped && httpOptions.size > 0 && !httpOptions.has('http_proxy'),
      'does not take -http_proxy: its clients would pass by the tap',
    ],
  ];
  return lacks.filter(([isLacking]) => isLacking).map(([, words]) => words);
}
