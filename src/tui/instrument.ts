// The instrument's own panel: how late its loops are, what it costs, what it lost, and the thresholds of `--fail-if`.
// The verdict is in the header; here are the figures behind it.
import type { Snapshot } from '../stats/summary.ts';
import { MAIN_DELAY_DEGRADED_MS, TAP_DELAY_DEGRADED_MS, TAP_DELAY_INVALID_MS } from '../stats/verdict.ts';
import { formatBytes, formatMs, formatShortMs } from '../units.ts';
import { cell, type Line, safeText } from './cells.ts';
import { count, item, judged, known, levelAbove } from './figures.ts';
import type { Panel, Row } from './panel.ts';

export function instrumentPanel({ summary }: Snapshot): Panel {
  const { instrument, clients, thresholds } = summary;
  const { tapP99, mainP99 } = instrument.eventLoopDelayMs;
  const cpu = (value: number | undefined): string => known(value, (spent) => `${spent.toFixed(1)} s`);
  const delays: Line = [
    cell('tap '),
    judged(known(tapP99, formatMs), levelAbove(tapP99, TAP_DELAY_DEGRADED_MS, TAP_DELAY_INVALID_MS)),
    cell(', main '),
    judged(known(mainP99, formatMs), levelAbove(mainP99, MAIN_DELAY_DEGRADED_MS)),
  ];
  const spent = item(
    `tap ${cpu(instrument.tapCpuSeconds)}, main ${cpu(instrument.mainCpuSeconds)}, FFmpeg ${cpu(clients.cpuSeconds)}`,
  );
  const losses: readonly Line[] = [
    [judged(`${count(instrument.lostRecords)} records lost`, levelAbove(instrument.lostRecords, 0, 0))],
    [judged(`${count(instrument.bypassedRequests)} bypassed`, levelAbove(instrument.bypassedRequests, 0, 0))],
    [
      judged(
        `ledger ${formatBytes(instrument.ledgerImbalanceBytes)} off`,
        levelAbove(Math.abs(instrument.ledgerImbalanceBytes), 0, 0),
      ),
    ],
  ];
  return {
    title: 'Instrument',
    heading: 'Instrument',
    rows: [
      { label: 'loop delay', items: [[cell('p99 '), ...delays]] },
      {
        label: 'CPU',
        items: [spent, item(`${known(instrument.tapBytesPerCpuSecond, formatBytes)} relayed per CPU-second`)],
      },
      ...calibrationRows(instrument.calibration),
      { label: 'account', items: losses },
      ...thresholdRows(thresholds),
    ],
    brief: [[cell('loop delay p99 '), ...delays], ...losses, [cell('CPU '), ...spent]],
    priorities: { line: 54, lines: 72, panel: 74 },
  };
}

/** What the tap adds by itself, beside the figures it is part of. */
function calibrationRows(calibration: Snapshot['summary']['instrument']['calibration']): readonly Row[] {
  if (calibration === undefined) return [];
  const { addedMsP50, cpuMsPerTransfer, cpuMsPerMiB } = calibration;
  const cost = `CPU ${formatShortMs(cpuMsPerTransfer)} each and ${formatShortMs(cpuMsPerMiB)} per MiB`;
  return [{ label: 'tap adds', items: [item(`${formatShortMs(addedMsP50)} per request (p50)`), item(cost)] }];
}

function thresholdRows(thresholds: Snapshot['summary']['thresholds']): readonly Row[] {
  if (thresholds.length === 0) return [];
  const failed = thresholds.filter((threshold) => threshold.failed);
  const items = failed.map(({ expression }): Line => [judged(safeText(expression), 'bad')]);
  return [{ label: '--fail-if', items: items.length === 0 ? [item('none holds')] : items }];
}
