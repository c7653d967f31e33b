// `--print-cmd`: the FFmpeg line of one client as a shell runs it, direct, with the progress on fd 3 thrown away.
// It looks at the installed FFmpeg and at the stream, because options follow from both, and plays nothing.
import type { Options } from '../config/options.ts';
import { clientHeaders, environmentOfBuild, printCommand } from '../swarm/arguments.ts';
import { probeCapabilities } from '../swarm/capabilities.ts';
import { type Mapping, resolveMapping } from '../swarm/probe.ts';
import { inspectStream, type StreamFacts } from '../swarm/stream.ts';
import { swarmArguments } from '../swarm/swarm.ts';
import { CannotMeasure, EXIT, type ExitCode } from './exit-codes.ts';
import { omittedNote } from './omitted-note.ts';
import { lookFetcher, mappingOptions } from './own-look.ts';
import { swarmOptions } from './swarm-options.ts';
import type { Terminal } from './terminal.ts';
import { unlessEnded } from './unless-ended.ts';

const PLACEHOLDER_URL = 'http://127.0.0.1/live/stream.m3u8';
/** A line is wanted now: a stream that takes longer is taken for live HLS. */
const LOOK_LIMIT_MS = 3_000;
const RESOLVE_NOTE = 'hls-swarm: --resolve acts in the tap: this line connects to the host itself\n';

/** @throws CannotMeasure when there is no usable FFmpeg, or not the variant that was asked for */
export async function printClientCommand(
  url: string | undefined,
  options: Options,
  terminal: Terminal,
): Promise<ExitCode> {
  const { stdout, stderr } = terminal;
  const both = Promise.all([probeCapabilities(options.ffmpegPath), factsOf(url, options, stderr)]);
  const [probed, facts] = await unlessEnded(terminal, both, 'FFmpeg and the stream were looked at');
  if (!probed.ok) throw new CannotMeasure(probed.reason);
  const { capabilities } = probed;
  const mapping = await unlessEnded(terminal, mappingOf(url, options, facts), 'the variant was chosen');
  if (!mapping.ok) throw new CannotMeasure(mapping.reason);
  if (mapping.note !== undefined) stderr.write(`hls-swarm: ${mapping.note}\n`);
  if (options.resolve !== undefined) stderr.write(RESOLVE_NOTE);
  const { isHls = true, isLive = true } = facts ?? {};
  const looked = { capabilities, isHls, isLive, streamUrls: [], map: mapping.map };
  const plan = { url: url ?? PLACEHOLDER_URL, options, looked, seed: 0, tap: undefined };
  const { args } = swarmArguments(swarmOptions(plan), 1);
  const omitted = omittedNote(plan);
  if (omitted !== undefined) stderr.write(omitted);
  // Without it descriptor 3 would be FFmpeg's first socket, and the progress would go to the origin.
  const line = printCommand(capabilities.path, args, environmentOfBuild(capabilities.version));
  stdout.write(`${line} 3>/dev/null\n`);
  return EXIT.measured;
}

/** Undefined for what cannot be looked at: that is said, and no reason to print nothing. */
async function factsOf(
  url: string | undefined,
  options: Options,
  stderr: Terminal['stderr'],
): Promise<StreamFacts | undefined> {
  if (url === undefined) return undefined;
  const fetcher = lookFetcher(url, options);
  const timeoutMs = Math.min(LOOK_LIMIT_MS, options.timeoutMs);
  const inspected = await inspectStream(url, fetcher, { headers: clientHeaders(options), timeoutMs });
  await fetcher.close();
  if (inspected.ok) return inspected.facts;
  stderr.write(`hls-swarm: ${inspected.reason}; this line is for a live HLS stream\n`);
  return undefined;
}

/** ffprobe is not asked about a stream that could not be read. */
async function mappingOf(url: string | undefined, options: Options, facts: StreamFacts | undefined): Promise<Mapping> {
  const { variant } = options;
  const isBlind = facts === undefined && variant !== 'all' && variant !== 'first';
  const asked = mappingOptions(url ?? PLACEHOLDER_URL, options, facts?.description);
  const mapping = await resolveMapping(isBlind ? { ...asked, variant: 'first' } : asked);
  return isBlind && mapping.ok
    ? { ...mapping, note: `--variant ${variant}: no stream was read to choose from; using first` }
    : mapping;
}
