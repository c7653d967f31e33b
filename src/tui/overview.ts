// The screen "overview": all panels in short, from top to bottom; which of their steps are taken is decided by room.
// It writes no panel: each is in its own file.
import type { Snapshot } from '../stats/summary.ts';
import { accountsSteps } from './accounts.ts';
import { agreementPanel } from './agreement.ts';
import type { Block } from './arrange.ts';
import { clientsPanel } from './clients.ts';
import { errorsPanel } from './errors.ts';
import { findingsSteps } from './findings.ts';
import { instrumentPanel } from './instrument.ts';
import { originPanel } from './origin.ts';
import { panelPair, panelSteps } from './panel.ts';
import { phasesSteps } from './phases.ts';
import { throughputSteps } from './sparklines.ts';
import { streamsSteps } from './streams.ts';

/** From here on panels stand two by two. */
const TWO_COLUMNS = 110;

export function overviewBlocks(snapshot: Snapshot, columns: number): readonly Block[] {
  const pairs = [
    [clientsPanel(snapshot), agreementPanel(snapshot)],
    [errorsPanel(snapshot), originPanel(snapshot)],
  ] as const;
  const panels =
    columns < TWO_COLUMNS
      ? pairs.flat().map((panel) => panelSteps(panel, columns))
      : pairs.map(([left, right]) => panelPair(left, right, columns));
  return [
    accountsSteps(snapshot, columns),
    streamsSteps(snapshot, columns),
    ...(playsOnlyStreams(snapshot) ? [] : [throughputSteps(snapshot, columns), phasesSteps(snapshot, columns)]),
    ...panels,
    panelSteps(instrumentPanel(snapshot), columns),
    findingsSteps(snapshot, columns),
  ];
}

/** Then no request has phases to speak of, and the streams take their room. */
function playsOnlyStreams({ summary }: Snapshot): boolean {
  if (summary.proxy === undefined) return false;
  const { streams, byKind } = summary.proxy;
  const requests = (byKind.segment?.transfers ?? 0) + (byKind['media-playlist']?.transfers ?? 0);
  return streams.opened > 0 && requests === 0;
}
