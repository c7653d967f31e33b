// Asks the installed FFmpeg once what it is and which of our options it takes, so that no client ever starts with a wrong one.
// It does not choose options (arguments.ts does) and keeps no cache. A question costs what starting FFmpeg costs, so few are asked.
import { type ProgramOutput, runProgram } from '../process.ts';
import { MIB } from '../units.ts';

export interface Capabilities {
  readonly path: string;
  /** As printed, for example `5.1.9-0+deb12u1`. */
  readonly version: string;
  /** Major and minor; of builds that name themselves after a commit, the release that their libraries came with or after. */
  readonly release?: Release;
  /** Of inputs; absent where the list cannot be read. */
  readonly protocols?: ReadonlySet<string>;
  readonly demuxers?: ReadonlySet<string>;
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
  | { readonly ok: false; readonly reason: string; readonly fix?: string };

export type Release = readonly [major: number, minor: number];

const OLDEST: Release = [5, 1];
/** No release before it, whoever built it, understands `-loglevel datetime`. */
const DATETIME_LEVEL_FROM: Release = [7, 0];
/** `libavformat` major.minor from which on a build is that release or later. */
const LIBRARY_RELEASES: readonly { readonly library: Release; readonly release: Release }[] = [
  { library: [58, 0], release: [4, 0] },
  { library: [59, 0], release: [5, 0] },
  { library: [59, 27], release: [5, 1] },
  { library: [60, 0], release: [6, 0] },
  { library: [61, 0], release: [7, 0] },
  { library: [62, 0], release: [8, 0] },
  { library: [63, 0], release: [9, 0] },
];
/** A probe takes 50 ms; a machine that needs longer than this is not fit to measure, or the program is no FFmpeg. */
const PROBE_TIMEOUT_MS = 5_000;
/** `-h full` of 5.1 prints 1 MiB. */
const PROBE_MAX_BYTES: number = 16 * MIB;
const QUOTED_CHARACTERS = 120;
const UNASKED_FIX = 'see file_descriptors and process_limit: this machine may have none left, or try again';
const VERIFIES_BY_DEFAULT = /^ {1,3}-tls_verify\s.*\(default (?:1|true)\)/m;
const OPTION_LINE = /^ {1,3}-([A-Za-z0-9_]+)\s+<?/gm;

/** A few short runs side by side. Never rejects. */
export async function probeCapabilities(path: string): Promise<CapabilitiesResult> {
  const probe = (...args: string[]) =>
    runProgram(path, ['-hide_banner', ...args], { timeoutMs: PROBE_TIMEOUT_MS, maxBytes: PROBE_MAX_BYTES });
  const [plain, help, protocols, demuxers] = await Promise.all([
    probe('-version'),
    probe('-h', 'full'),
    probe('-protocols'),
    probe('-demuxers'),
  ]);
  const refuse = (reason: string): Extract<CapabilitiesResult, { ok: false }> => ({ ok: false, reason });
  if (plain.failure !== undefined) return refuse(`FFmpeg cannot be used: ${plain.failure}`);
  if (plain.timedOut) return refuse(`${path} is not FFmpeg: it did not answer -version within ${PROBE_TIMEOUT_MS} ms`);
  const version = versionOf(plain.stdout);
  if (plain.code !== 0 || version === undefined) return refuse(`${path} is not FFmpeg: -version ${whatCame(plain)}`);
  const release = parseRelease(version) ?? libraryRelease(plain.stdout);
  const accepts = async (...args: string[]): Promise<boolean> => (await probe(...args, '-version')).code === 0;
  const hasStatsPeriod = release !== undefined || (await accepts('-stats_period', '1'));
  if (release === undefined ? !hasStatsPeriod : isOlder(release, OLDEST)) {
    return refuse(
      `${path} is FFmpeg ${version}; ${OLDEST.join('.')} or later is needed (older ones fetch byte ranges and fMP4 wrongly)`,
    );
  }
  const [inputs, formats] = [inputProtocols(protocols.stdout), demuxerNames(demuxers.stdout)];
  const unasked = unaskedReason([help, protocols, demuxers], help);
  if (unasked !== undefined)
    return {
      ...refuse(`${path} (FFmpeg ${version}) could not be asked what it can do: ${unasked}`),
      fix: UNASKED_FIX,
    };
  const hlsOptions = optionNames(optionLines(help.stdout, 'hls demuxer'));
  if (!hlsOptions.has('max_reload')) return refuse(`${path} (FFmpeg ${version}) was built without the HLS demuxer`);
  const tls = optionLines(help.stdout, 'tls');
  const mayHaveDatetime = release === undefined || !isOlder(release, DATETIME_LEVEL_FROM);
  return {
    ok: true,
    capabilities: {
      path,
      version,
      ...(release === undefined ? {} : { release }),
      ...(inputs === undefined ? {} : { protocols: inputs }),
      ...(formats === undefined ? {} : { demuxers: formats }),
      hlsOptions,
      httpOptions: optionNames(optionLines(help.stdout, 'http')),
      tlsOptions: optionNames(tls),
      verifiesTls: verifiesByDefault(tls),
      hasDatetimeLevel: mayHaveDatetime && (await accepts('-loglevel', 'repeat+level+datetime+info')),
      hasStatsPeriod,
    },
  };
}

/** The third word of what `ffmpeg -version` prints; undefined when that is no FFmpeg's. */
export function versionOf(printed: string): string | undefined {
  return /^ffmpeg version (\S+)/m.exec(printed)?.[1];
}

/** `5.1.9-0+deb12u1` or `n7.1` to numbers; undefined for a commit's name. */
export function parseRelease(version: string): Release | undefined {
  const [, major, minor] = /^n?(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined || minor === undefined ? undefined : [Number(major), Number(minor)];
}

/** From what `-version` prints of libavformat: the newest release that this library is not older than. */
export function libraryRelease(versionText: string): Release | undefined {
  const [, major, minor] = /^libavformat\s+(\d+)\.\s*(\d+)/m.exec(versionText) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  const built: Release = [Number(major), Number(minor)];
  return LIBRARY_RELEASES.findLast(({ library }) => !isOlder(built, library))?.release;
}

/** The names under `Input:` of `ffmpeg -protocols`; undefined when there is no such list. */
export function inputProtocols(text: string): ReadonlySet<string> | undefined {
  const list = /^Input:\s*\n([\s\S]*?)(?:^Output:|$(?![\s\S]))/m.exec(text)?.[1];
  return list === undefined ? undefined : new Set(list.split(/\s+/).filter((name) => name !== ''));
}

/** Every name of `ffmpeg -demuxers`, the several of one demuxer apart; undefined when there is no such list. */
export function demuxerNames(text: string): ReadonlySet<string> | undefined {
  const names = Array.from(text.matchAll(/^ *D[ d]*\s+(\S+)\s/gm), (match) => match[1] ?? '');
  return names.length === 0 ? undefined : new Set(names.flatMap((name) => name.split(',')));
}

/** What `ffmpeg -h full` prints of the options of one part, `hls demuxer` or `http`; empty when it has none. */
export function optionLines(help: string, part: string): string {
  const heading = `\n${part} AVOptions:\n`;
  const at = `\n${help}`.indexOf(heading);
  if (at < 0) return '';
  return /(?: .*\n?)*/y.exec(help.slice(at + heading.length - 1))?.[0] ?? '';
}

/** The option names in such lines. */
export function optionNames(lines: string): ReadonlySet<string> {
  return new Set(Array.from(lines.matchAll(OPTION_LINE), (match) => match[1] ?? ''));
}

/** From such lines of `tls`. */
export function verifiesByDefault(lines: string): boolean {
  return VERIFIES_BY_DEFAULT.test(lines);
}

export function isOlder(release: Release, than: Release): boolean {
  return release[0] < than[0] || (release[0] === than[0] && release[1] < than[1]);
}

/** Why a question has no answer, which says nothing about the build: only one that ran to its end can lack something. */
function unaskedReason(asked: readonly ProgramOutput[], help: ProgramOutput): string | undefined {
  const failed = asked.find(({ failure, timedOut }) => failure !== undefined || timedOut);
  if (failed !== undefined) return failed.failure ?? `no answer within ${PROBE_TIMEOUT_MS} ms`;
  return help.code === 0 ? undefined : `-h full ${whatCame(help)}`;
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
