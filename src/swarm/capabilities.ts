// Asks the installed FFmpeg once what it is and which of our options it takes, so that no client ever starts with a wrong one.
// It does not choose options (arguments.ts does) and keeps no cache.
import { runProgram } from '../process.ts';
import { KIB } from '../units.ts';

export interface Capabilities {
  readonly path: string;
  /** As printed, for example `5.1.9-0+deb12u1`. */
  readonly version: string;
  /** Major and minor; absent for builds that name themselves after a commit. */
  readonly release?: readonly [number, number];
  /** Names without the dash. */
  readonly hlsOptions: ReadonlySet<string>;
  readonly httpOptions: ReadonlySet<string>;
  readonly tlsOptions: ReadonlySet<string>;
  /** It refuses certificates that nobody vouches for unless told otherwise (9 and later). */
  readonly verifiesTls: boolean;
  /** `-loglevel ...+datetime` is understood (8.0 and later). */
  readonly hasDatetimeLevel: boolean;
  readonly hasStatsPeriod: boolean;
}

export type CapabilitiesResult =
  | { readonly ok: true; readonly capabilities: Capabilities }
  /** `reason` is a sentence that names the path and what came instead. */
  | { readonly ok: false; readonly reason: string };

const OLDEST: readonly [number, number] = [5, 1];
/** A probe takes 50 ms; a machine that needs longer than this is not fit to measure, or the program is no FFmpeg. */
const PROBE_TIMEOUT_MS = 5_000;
/** `-h demuxer=hls` prints about 2 KiB. */
const PROBE_MAX_BYTES: number = 256 * KIB;
const QUOTED_CHARACTERS = 120;
const VERIFIES_BY_DEFAULT = /^ {1,3}-tls_verify\s.*\(default (?:1|true)\)/m;
const OPTION_LINE = /^ {1,3}-([A-Za-z0-9_]+)\s+<?/gm;

/** Six short runs side by side. Never rejects. */
export async function probeCapabilities(path: string): Promise<CapabilitiesResult> {
  const probe = (...args: string[]) =>
    runProgram(path, ['-hide_banner', ...args], { timeoutMs: PROBE_TIMEOUT_MS, maxBytes: PROBE_MAX_BYTES });
  const [plain, hls, http, tls, datetime, period] = await Promise.all([
    probe('-version'),
    probe('-h', 'demuxer=hls'),
    probe('-h', 'protocol=http'),
    probe('-h', 'protocol=tls'),
    probe('-loglevel', 'repeat+level+datetime+info', '-version'),
    probe('-stats_period', '1', '-version'),
  ]);
  const refuse = (reason: string): CapabilitiesResult => ({ ok: false, reason });
  if (plain.failure !== undefined) return refuse(`FFmpeg cannot be used: ${plain.failure}`);
  if (plain.timedOut) return refuse(`${path} is not FFmpeg: it did not answer -version within ${PROBE_TIMEOUT_MS} ms`);
  const version = /^ffmpeg version (\S+)/m.exec(plain.stdout)?.[1];
  if (plain.code !== 0 || version === undefined) return refuse(`${path} is not FFmpeg: -version ${whatCame(plain)}`);
  const release = parseRelease(version);
  const hasStatsPeriod = period.code === 0;
  if (release === undefined ? !hasStatsPeriod : isOlder(release, OLDEST)) {
    return refuse(
      `${path} is FFmpeg ${version}; ${OLDEST.join('.')} or later is needed (older ones fetch byte ranges and fMP4 wrongly)`,
    );
  }
  const hlsOptions = optionNames(hls.stdout);
  if (!hlsOptions.has('max_reload')) return refuse(`${path} (FFmpeg ${version}) was built without the HLS demuxer`);
  return {
    ok: true,
    capabilities: {
      path,
      version,
      ...(release === undefined ? {} : { release }),
      hlsOptions,
      httpOptions: optionNames(http.stdout),
      tlsOptions: optionNames(tls.stdout),
      verifiesTls: verifiesByDefault(tls.stdout),
      hasDatetimeLevel: datetime.code === 0,
      hasStatsPeriod,
    },
  };
}

/** `5.1.9-0+deb12u1` or `n7.1` to numbers; undefined for a commit's name. */
export function parseRelease(version: string): readonly [number, number] | undefined {
  const [, major, minor] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

/** The option names in the output of `ffmpeg -h demuxer=...` or `-h protocol=...`. */
export function optionNames(help: string): ReadonlySet<string> {
  return new Set(Array.from(help.matchAll(OPTION_LINE), (match) => match[1] ?? ''));
}

/** From the output of `ffmpeg -h protocol=tls`. */
export function verifiesByDefault(help: string): boolean {
  return VERIFIES_BY_DEFAULT.test(help);
}

function isOlder(release: readonly [number, number], than: readonly [number, number]): boolean {
  return release[0] < than[0] || (release[0] === than[0] && release[1] < than[1]);
}

function whatCame(output: {
  readonly stdout: string;
  readonly stderr: string;
  readonly code?: number;
  readonly signal?: string;
}): string {
  const printed = `${output.stdout}${output.stderr}`.trim();
  const ending = output.signal === undefined ? `left with ${output.code}` : `ended by ${output.signal}`;
  if (printed === '') return `printed nothing and ${ending}`;
  const shown = printed.length > QUOTED_CHARACTERS ? `${printed.slice(0, QUOTED_CHARACTERS)}…` : printed;
  return `printed ${JSON.stringify(shown)} and ${ending}`;
}
