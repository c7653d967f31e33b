// `--print-cmd`: the FFmpeg line of one client as a shell runs it, direct, with the progress on fd 3 thrown away.
// It looks at the installed FFmpeg, because options follow from it, but at no stream: a line for a live HLS stream.
import type { Options } from '../config/options.ts';
import { printCommand } from '../swarm/arguments.ts';
import { probeCapabilities } from '../swarm/capabilities.ts';
import { swarmArguments } from '../swarm/swarm.ts';
import { CannotMeasure, EXIT, type ExitCode } from './exit-codes.ts';
import { swarmOptions } from './swarm-options.ts';
import type { Terminal } from './terminal.ts';
import { unlessEnded } from './unless-ended.ts';

const PLACEHOLDER_URL = 'http://127.0.0.1/live/stream.m3u8';
const STREAM_MAPS: Readonly<Record<Options['variant'], readonly string[]>> = {
  all: ['0'],
  first: ['0:v:0?', '0:a:0?'],
  highest: ['0:p:0'],
  lowest: ['0:p:0'],
};

/** @throws CannotMeasure when there is no usable FFmpeg */
export async function printClientCommand(
  url: string | undefined,
  options: Options,
  terminal: Terminal,
): Promise<ExitCode> {
  const probed = await unlessEnded(terminal, probeCapabilities(options.ffmpegPath), 'FFmpeg was looked at');
  if (!probed.ok) throw new CannotMeasure(probed.reason);
  const { capabilities } = probed;
  const looked = { capabilities, isHls: true, isLive: true, streamUrls: [], map: STREAM_MAPS[options.variant] };
  const plan = { url: url ?? PLACEHOLDER_URL, options, looked, seed: 0, tap: undefined };
  const { args } = swarmArguments(swarmOptions(plan), 1);
  // Without it descriptor 3 would be FFmpeg's first socket, and the progress would go to the origin.
  terminal.stdout.write(`${printCommand(capabilities.path, args)} 3>/dev/null\n`);
  return EXIT.measured;
}
