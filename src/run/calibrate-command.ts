// `hls-swarm proxy --calibrate`: the tap\'s own added time and CPU on this machine, over many short rounds, and leaves.
// The rounds\' range is said with each figure: a machine that has other work to do shows it there.
import type { Options } from '../config/options.ts';
import { formatShortMs } from '../units.ts';
import { type Calibration, CalibrationBench, quantile } from './calibration.ts';
import { CannotMeasure, EXIT, type ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';
import { unlessEnded } from './unless-ended.ts';

/** Enough for a median that an unlucky second does not move. */
const ROUNDS = 10;
const ROUND_MS = 300;
const HALF = 0.5;

type Figure = Exclude<keyof Calibration, 'transfers'>;
const FIGURES: readonly Figure[] = ['addedMsP25', 'addedMsP50', 'addedMsP75', 'cpuMsPerTransfer', 'cpuMsPerMiB'];

interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** @throws CannotMeasure when it was ended, or the machine did not let it */
export async function printCalibration({ json }: Options, terminal: Terminal): Promise<ExitCode> {
  const rounds = await measuredRounds(terminal);
  const spreads = Object.fromEntries(FIGURES.map((figure) => [figure, spreadOf(rounds, figure)])) as Record<
    Figure,
    Spread
  >;
  const transfers = rounds.reduce((sum, round) => sum + round.transfers, 0);
  terminal.stdout.write(json ? asJson(rounds.length, transfers, spreads) : asText(rounds.length, transfers, spreads));
  return EXIT.measured;
}

async function measuredRounds(terminal: Terminal): Promise<readonly Calibration[]> {
  const bench = await opened();
  try {
    const rounds: Calibration[] = [];
    // The first round is the warming up: a thread\'s first transfers run code that is not compiled yet.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const measured = await unlessEnded(
        terminal,
        bench.measure(ROUND_MS, terminal.ending),
        'the calibration was over',
      );
      if (measured !== undefined && round > 0) rounds.push(measured);
    }
    if (rounds.length === 0) throw new CannotMeasure('this machine was too busy for a single round of the calibration');
    return rounds;
  } finally {
    await bench.close();
  }
}

async function opened(): Promise<CalibrationBench> {
  try {
    return await CalibrationBench.open();
  } catch (error) {
    throw new CannotMeasure(
      `the calibration cannot be set up: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function spreadOf(rounds: readonly Calibration[], figure: Figure): Spread {
  const values = rounds.map((round) => round[figure]).sort((left, right) => left - right);
  return { median: quantile(values, HALF), low: values[0] ?? Number.NaN, high: values.at(-1) ?? Number.NaN };
}

/** One line: the figures as a summary has them, and beside them their range over the rounds. */
function asJson(rounds: number, transfers: number, spreads: Readonly<Record<Figure, Spread>>): string {
  const medians = Object.fromEntries(FIGURES.map((figure) => [figure, spreads[figure].median]));
  const ranges = Object.fromEntries(FIGURES.map((figure) => [figure, [spreads[figure].low, spreads[figure].high]]));
  return `${JSON.stringify({ calibration: { transfers, ...medians }, rounds, ranges })}\n`;
}

function asText(rounds: number, transfers: number, spreads: Readonly<Record<Figure, Spread>>): string {
  const { addedMsP25, addedMsP50, addedMsP75, cpuMsPerTransfer, cpuMsPerMiB } = spreads;
  const line = (label: string, { median, low, high }: Spread): string =>
    `  ${label.padEnd(28)}${formatShortMs(median).padStart(9)}   rounds ${formatShortMs(low)} to ${formatShortMs(high)}\n`;
  return (
    `What the tap itself adds on this machine: ${transfers} pairs of transfers of 600 bytes, one asked directly, one\n` +
    `through a door; medians of ${rounds} rounds. No figure of a run has it subtracted.\n` +
    line('time per request, median', addedMsP50) +
    line('  lower quartile', addedMsP25) +
    line('  upper quartile', addedMsP75) +
    line('CPU per request', cpuMsPerTransfer) +
    line('CPU per MiB on top', cpuMsPerMiB)
  );
}
