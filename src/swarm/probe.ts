// Which streams a client maps: `--variant` turned into `-map` values, from the playlist where there is one, else by ffprobe.
// It starts no client. ffprobe's requests are our own: they carry our User-Agent and go past the doors.
import { isIPv6 } from 'node:net';
import { dirname, join } from 'node:path';
import { NO_CHARACTER_SETS } from '../character-sets.ts';
import type { Variant } from '../hls/playlist.ts';
import { chooseVariant, listVariants, type VariantChoice } from '../hls/variant-choice.ts';
import { findProgram, runProgram, withoutProxyVariables } from '../process.ts';
import { MIB, msToUs } from '../units.ts';
import { cookieJar } from './arguments.ts';

export interface ProbeOptions {
  readonly url: string;
  readonly variant: VariantChoice;
  /** Of the playlist that was looked at, none for a media playlist. Absent: nobody read one, ffprobe is asked. */
  readonly variants?: readonly Variant[];
  /** What to do when ffprobe finds no programs to choose from. */
  readonly failurePolicy: 'fallback' | 'fail';
  readonly ffmpegPath: string;
  /** `hls-swarm-probe/<version>`. */
  readonly userAgent: string;
  /** `Name: value`, as the clients send them. */
  readonly headers: readonly string[];
  /** `name=value`, for the URL's own host and port. Default none. */
  readonly cookies?: readonly string[];
  readonly timeoutMs: number;
  /** `--resolve`: `host` (as `URL.hostname` has it) is asked at `address`. */
  readonly resolve?: { readonly host: string; readonly address: string };
}

export type Mapping =
  | {
      readonly ok: true;
      /** The value of each `-map`. */
      readonly map: readonly string[];
      /** BANDWIDTH of the chosen variant stream. */
      readonly bandwidthBitsPerSecond?: number;
      /** Why another choice than the asked one was made. */
      readonly note?: string;
    }
  | { readonly ok: false; readonly reason: string };

interface ProgramFacts {
  readonly id: number;
  readonly bandwidthBitsPerSecond?: number;
}

const NO_BANDWIDTHS = 'the stream names no bandwidths to choose by';
const ALL_STREAMS = ['0'];
const FIRST_STREAMS = ['0:v:0?', '0:a:0?'];
/** ffprobe reads two segments of every variant; a stream that takes longer cannot be probed. */
const PROBE_LIMIT_MS = 30_000;
const PROBE_MAX_BYTES: number = MIB;

/** Never rejects. */
export async function resolveMapping(options: ProbeOptions): Promise<Mapping> {
  if (options.variant === 'all') return { ok: true, map: ALL_STREAMS };
  const { variant, variants } = options;
  if (variant === 'first') return { ok: true, map: FIRST_STREAMS };
  if (variants === undefined && variant !== 'highest' && variant !== 'lowest') {
    return { ok: false, reason: `--variant ${variant}: the stream has no multivariant playlist to choose from` };
  }
  return variants === undefined ? mapProgram(options) : mapVariant(variants, variant, options);
}

function mapVariant(
  variants: readonly Variant[],
  choice: Exclude<VariantChoice, 'all' | 'first'>,
  options: ProbeOptions,
): Mapping {
  // A media playlist is the only variant of itself.
  const chosen = chooseVariant(variants.length === 0 ? [{ url: options.url }] : variants, choice);
  if (chosen !== undefined) return mapOf(chosen.index, chosen.variant);
  if (choice === 'highest' || choice === 'lowest') return withoutChoice(NO_BANDWIDTHS, options);
  const there = variants.length === 0 ? 'a media playlist, which has no variants' : listVariants(variants);
  return { ok: false, reason: `--variant ${choice}: the stream has no such variant; there is ${there}` };
}

async function mapProgram(options: ProbeOptions): Promise<Mapping> {
  const sign = options.variant === 'lowest' ? 'lowest' : 'highest';
  const programs = await probePrograms(options);
  const chosen = 'failure' in programs ? undefined : chooseProgram(programs.programs, sign);
  if (chosen !== undefined) return mapOf(chosen.id, chosen);
  return withoutChoice('failure' in programs ? programs.failure : NO_BANDWIDTHS, options);
}

function mapOf(program: number, { bandwidthBitsPerSecond }: { readonly bandwidthBitsPerSecond?: number }): Mapping {
  return {
    ok: true,
    map: [`0:p:${program}`],
    ...(bandwidthBitsPerSecond === undefined ? {} : { bandwidthBitsPerSecond }),
  };
}

function withoutChoice(why: string, { variant, failurePolicy }: ProbeOptions): Mapping {
  const reason = `--variant ${variant}: ${why}`;
  return failurePolicy === 'fail'
    ? { ok: false, reason }
    : { ok: true, map: FIRST_STREAMS, note: `${reason}; using first` };
}

/** The program with the most (or least) bandwidth, the first of equals; a single program needs no bandwidth to be chosen. */
export function chooseProgram(
  programs: readonly ProgramFacts[],
  variant: 'highest' | 'lowest',
): ProgramFacts | undefined {
  if (programs.length === 1) return programs[0];
  const sign = variant === 'highest' ? 1 : -1;
  const worth = ({ bandwidthBitsPerSecond }: ProgramFacts): number => sign * (bandwidthBitsPerSecond ?? 0);
  return programs
    .filter((program) => program.bandwidthBitsPerSecond !== undefined)
    .reduce<ProgramFacts | undefined>(
      (best, program) => (best === undefined || worth(program) > worth(best) ? program : best),
      undefined,
    );
}

/** Programs in ffprobe's JSON; undefined when it is not that. A bandwidth of 0 is one that was not declared. */
export function parsePrograms(json: string): readonly ProgramFacts[] | undefined {
  const parsed = parseJson(json);
  const programs = isRecord(parsed) ? parsed['programs'] : undefined;
  if (!Array.isArray(programs)) return undefined;
  return programs.filter(isRecord).flatMap((program): ProgramFacts[] => {
    const id = program['program_id'];
    const tags = program['tags'];
    const bandwidth = isRecord(tags) ? Number(tags['variant_bitrate']) : Number.NaN;
    if (typeof id !== 'number') return [];
    return [bandwidth > 0 ? { id, bandwidthBitsPerSecond: bandwidth } : { id }];
  });
}

async function probePrograms(
  options: ProbeOptions,
): Promise<{ readonly programs: readonly ProgramFacts[] } | { readonly failure: string }> {
  const place = probedPlace(options);
  if (place === undefined) return { failure: 'ffprobe cannot ask an https host at the address of --resolve' };
  const headers = place.headers.map((line) => `${line}\r\n`).join('');
  const jar = cookieJar({ url: place.url, cookies: options.cookies ?? [] });
  const timeoutUs = String(Math.round(msToUs(options.timeoutMs)));
  const args = [
    ...['-v', 'error', '-show_programs', '-of', 'json'],
    ...['-user_agent', options.userAgent, '-rw_timeout', timeoutUs],
    ...(headers === '' ? [] : ['-headers', headers]),
    ...(jar === undefined ? [] : ['-cookies', jar]),
    place.url,
  ];
  const output = await runProgram(ffprobeBeside(options.ffmpegPath), args, {
    timeoutMs: PROBE_LIMIT_MS,
    maxBytes: PROBE_MAX_BYTES,
    env: { ...withoutProxyVariables(process.env), ...NO_CHARACTER_SETS },
  });
  if (output.failure !== undefined) return { failure: `ffprobe is needed: ${output.failure}` };
  if (output.timedOut) return { failure: `ffprobe found no answer within ${PROBE_LIMIT_MS} ms` };
  if (output.code !== 0) return { failure: `ffprobe failed: ${output.stderr.trim().split('\n').at(-1) ?? ''}` };
  const programs = parsePrograms(output.stdout);
  return programs === undefined ? { failure: 'ffprobe printed no list of programs' } : { programs };
}

/**
 * ffprobe dials what its URL says: the address stands there and the host in the Host field. Undefined for https, where the
 * host must also be in the TLS handshake.
 */
export function probedPlace({
  url,
  headers,
  resolve,
}: Pick<ProbeOptions, 'url' | 'headers' | 'resolve'>):
  | { readonly url: string; readonly headers: readonly string[] }
  | undefined {
  const target = new URL(url);
  if (resolve === undefined || target.hostname !== resolve.host) return { url, headers };
  if (target.protocol !== 'http:') return undefined;
  const host = `Host: ${target.host}`;
  target.hostname = isIPv6(resolve.address) ? `[${resolve.address}]` : resolve.address;
  return { url: target.href, headers: headers.some((line) => /^host:/i.test(line)) ? headers : [...headers, host] };
}

/** The ffprobe in FFmpeg's own folder, else the one in PATH. */
export function ffprobeBeside(ffmpegPath: string): string {
  const beside = join(dirname(ffmpegPath), 'ffprobe');
  return ffmpegPath.includes('/') && 'path' in findProgram(beside, undefined) ? beside : 'ffprobe';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
