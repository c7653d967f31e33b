// The section of the exit summary about long-lived bodies. Pure. It is left out where there was none.
// How each of them ended stands among the endings; here only those codes that streams have.
import { TERMINATIONS } from '../events.ts';
import type { Snapshot } from '../stats/summary.ts';
import { formatBytes, formatMbps, formatMs } from '../units.ts';
import { count, fact, heading, known } from './text-layout.ts';

const LABEL = 12;

export function streamsSection({ summary }: Snapshot, width: number): readonly string[] {
  if (summary.proxy === undefined || summary.proxy.streams.opened === 0) return [];
  const { open, opened, endings, contentBytes, longestGapMs, throughput, transportStream } = summary.proxy.streams;
  const codes = TERMINATIONS.flatMap((code) =>
    endings[code] === undefined ? [] : [`${code} ${count(endings[code])}`],
  );
  const rate = known(throughput.bytesPerSecondOverall, formatMbps);
  const checked =
    transportStream === undefined
      ? []
      : fact(
          '  checked',
          `${count(transportStream.packets)} packets, lost sync ${count(transportStream.syncLosses)}, ` +
            `wrong continuity counters ${count(transportStream.continuityErrors)}`,
          LABEL,
          width,
        );
  return [
    ...heading('Streams: MPEG-TS over HTTP (proxy)', width),
    ...fact(
      '  streams',
      `${count(opened)}${open > 0 ? `, ${count(open)} still open` : ''}; ended ${codes.length === 0 ? 'none' : codes.join(', ')}`,
      LABEL,
      width,
    ),
    ...fact(
      '  content',
      `${formatBytes(contentBytes)}, ${rate} overall; longest gap ${known(longestGapMs, formatMs)}`,
      LABEL,
      width,
    ),
    ...checked,
  ];
}
