// How a run closes: the final snapshot becomes the summary on stdout, the files are named, the exit code follows.
// It measures nothing; the verdict was reached by the ledger.
import { renderSummary, type SummaryOptions } from '../report/exit-summary.ts';
import { FINDINGS } from '../stats/findings.ts';
import type { Snapshot } from '../stats/summary.ts';
import { thresholdWords } from '../stats/threshold.ts';
import { inAscii, isAsciiOnly } from '../tui/characters.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { noMediaCause } from './no-media.ts';
import type { Recorder } from './record.ts';
import type { Output, Terminal } from './terminal.ts';

const SUMMARY_WIDTH = 80;

/** Prints the summary and writes the files; resolves to the exit code. Without clients nobody promised any media. */
export async function close(
  recorder: Recorder,
  terminal: Pick<Terminal, 'env'> & { readonly stdout: Output; readonly stderr: Output },
  { hasClients = true }: { readonly hasClients?: boolean } = {},
): Promise<ExitCode> {
  const { snapshot, files, failed } = await recorder.end();
  if (snapshot === undefined) return EXIT.notMeasured;
  const nextSteps = Object.fromEntries(Object.entries(FINDINGS).map(([code, { next }]) => [code, next]));
  const options: SummaryOptions = {
    width: SUMMARY_WIDTH,
    nextSteps,
    metricsUrl: recorder.serverUrl,
    files,
    hasClients,
  };
  const page = renderSummary(snapshot, options);
  terminal.stdout.write(isAsciiOnly(terminal.env) ? inAscii(page) : page);
  const code = exitCode(snapshot, hasClients);
  for (const line of thresholdLines(snapshot)) terminal.stderr.write(line);
  // Said already. A file that a script will look for is not there: that is no success.
  if (failed && code === EXIT.measured) return EXIT.notMeasured;
  if (code === EXIT.notMeasured)
    terminal.stderr.write(`hls-swarm: could not measure: not one media byte was received${noMediaCause(snapshot)}\n`);
  return code;
}

/** What became of `--fail-if`, one line for each that holds or that nobody can tell. */
function thresholdLines({ summary }: Snapshot): readonly string[] {
  return summary.thresholds
    .filter(({ value, failed }) => failed || value === undefined)
    .map((threshold) => `hls-swarm: --fail-if ${thresholdWords(threshold)}\n`);
}

/** 1 when there is nothing to trust; 98 when the numbers cannot be trusted; 99 when one is as it must not be. */
export function exitCode(snapshot: Snapshot, hasClients = true): ExitCode {
  const { byKind = {}, opaqueBytes = 0 } = snapshot.summary.proxy ?? {};
  const mediaBytes = (['segment', 'part', 'stream', 'init'] as const)
    .map((kind) => byKind[kind]?.contentBytes ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
  // What passed in tunnels nobody can name.
  const isTapped = snapshot.summary.run.proxyWorkers > 0;
  // A transport stream is of none of the kinds that HLS has.
  const { segment = 0, other = 0 } = snapshot.summary.parser.requests ?? {};
  const heardOf = isTapped ? mediaBytes + opaqueBytes : segment + other;
  if (heardOf === 0 && hasClients) return EXIT.notMeasured;
  const { instrument, thresholds } = snapshot.summary;
  if (instrument.verdict === 'invalid') return EXIT.invalid;
  return thresholds.some(({ failed }) => failed) ? EXIT.thresholdHeld : EXIT.measured;
}
