// The agreement panel: how well the parser's account follows the proxy's, and how good the estimators of bytes are.
// It scores nothing; the 80 % and 50 % of the lookup are the original system's colours.
import type { EstimatorScore, KindAgreement, Snapshot } from '../stats/summary.ts';
import { formatMs } from '../units.ts';
import { cell, type Line, safeText } from './cells.ts';
import { count, item, judged, known, type Level, percent, share, signedPercent, UNKNOWN } from './figures.ts';
import type { Panel } from './panel.ts';

const LOOKUP_GOOD = 0.8;
const LOOKUP_FAIR = 0.5;

export function agreementPanel({ summary }: Snapshot): Panel {
  const { agreement, parser } = summary;
  const { segment, playlist } = agreement;
  const start = segment.startErrorMs;
  const lookupScore = agreement.estimators.find(({ name }) => name === 'lookup');
  const startError = `p50 ${known(start.absP50, formatMs)}, p95 ${known(start.absP95, formatMs)}`;
  const statistics = estimate(agreement.estimators.find(({ name }) => name === 'statistics'));
  const bytesBy = [[cell('lookup '), ...lookupWords(parser.lookup, lookupScore)], ...statistics];
  return {
    title: 'Agreement',
    heading: 'Agreement of the parser with the proxy',
    rows: [
      { label: 'segments', items: pairing(segment) },
      { label: 'playlists', items: pairing(playlist) },
      { label: 'start error', items: [item(startError), item(`bias ${known(start.bias, formatMs)}`)] },
      { label: 'bytes', items: bytesBy },
      { label: 'inferred', items: inferredItems(summary) },
      {
        label: 'log lines',
        items: [
          item(`${count(parser.lines)}${parser.level === 'none' ? ', read for last words only' : ''}`),
          ...(parser.unparsedLines === undefined ? [] : [item(`${count(parser.unparsedLines)} not understood`)]),
          [judged(`${count(parser.droppedLines)} dropped`, parser.droppedLines > 0 ? 'warn' : 'good')],
        ],
      },
    ],
    brief: [
      ...pairing(segment).slice(0, 2),
      ...(start.n > 0 ? [item(`start error ${startError}`)] : []),
      ...bytesBy.slice(0, 2),
    ],
    priorities: { line: 31, lines: 55, panel: 63 },
  };
}

function pairing({ unavailable, precision, recall, matched, missed, spurious }: KindAgreement): readonly Line[] {
  if (unavailable !== undefined) return [item(unavailable, 'dim')];
  return [
    item(`precision ${known(precision, share)}`),
    item(`recall ${known(recall, share)}`),
    item(`${count(missed)} missed`),
    item(`${count(spurious)} spurious`),
    item(`${count(matched)} matched`),
  ];
}

/** The original's "wall time" of a segment beside what the wire took. */
export function inferredItems({ parser, proxy, agreement }: Snapshot['summary']): readonly Line[] {
  const wire = proxy?.byKind.segment?.phases;
  return [
    item(`segment p50 ${known(parser.inferred?.segmentMs.p50, formatMs)}`),
    item(`on the wire ${known(wire?.totalMs.p50, formatMs)}, receive ${known(wire?.receiveMs.p50, formatMs)}`),
    item(`error bias ${known(agreement.segment.inferredDurationErrorMs?.bias, formatMs)}`),
  ];
}

export function lookupRate(lookup: Snapshot['summary']['parser']['lookup']): Line {
  if (lookup === undefined || lookup.attempts === 0) return item(UNKNOWN);
  const rate = lookup.successes / lookup.attempts;
  const level: Level = rate >= LOOKUP_GOOD ? 'good' : rate >= LOOKUP_FAIR ? 'warn' : 'bad';
  return [level === 'good' ? cell(percent(rate), 'good') : judged(percent(rate), level), cell(' found')];
}

/** Why there is no rate at all, where that is known: most often that no listing of sizes was asked for. */
function lookupWords(lookup: Snapshot['summary']['parser']['lookup'], score: EstimatorScore | undefined): Line {
  if ((lookup?.attempts ?? 0) > 0 || score?.status !== 'unavailable' || score.reason === undefined)
    return lookupRate(lookup);
  return item(`${UNKNOWN}: ${safeText(score.reason)}`);
}

/** The status in place of an error that is not known. */
function estimate(score: EstimatorScore | undefined): readonly Line[] {
  if (score === undefined) return [item(`statistics ${UNKNOWN}`)];
  const { errorRatio, status, reason } = score;
  const words =
    errorRatio === undefined
      ? [item(`statistics ${status}`)]
      : [item(`statistics ${signedPercent(errorRatio)} bytes`), ...(status === 'ok' ? [] : [item(status)])];
  return [...words, ...(reason === undefined ? [] : [item(safeText(reason))])];
}
