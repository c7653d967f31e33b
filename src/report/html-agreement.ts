// The HTML report's section about the parser: how far it can be believed, kind by kind, and each estimator of bytes. Pure.
import type { EstimatorScore, KindAgreement, Snapshot } from '../stats/summary.ts';
import { formatMs } from '../units.ts';
import { html, type Markup, type Piece } from './html-markup.ts';
import { details, note, numbers, section, table } from './html-parts.ts';
import { percent } from './html-traffic.ts';
import { count, known, UNKNOWN } from './text-layout.ts';

const KINDS = ['segment', 'playlist', 'init', 'key'] as const;
/** The bar of an error this large, or larger, is full. */
const FULL_BAR_RATIO = 0.2;
const BAR_HALF_WIDTH = 60;

export function agreementSection({ summary }: Snapshot): Markup {
  const { agreement } = summary;
  const reasons = new Set(KINDS.flatMap((kind) => agreement[kind].unavailable ?? []));
  const { estimators } = agreement;
  return section(
    'agreement',
    'Agreement of the parser with the proxy',
    table(
      'Requests that the log names, paired with those that the proxy relayed; start error = parser − proxy',
      [
        { label: 'kind' },
        ...numbers('matched', 'missed', 'spurious', 'precision', 'recall', 'bias', 'error p95', '2.5 %', '97.5 %'),
      ],
      KINDS.flatMap((kind) => kindRow(kind, agreement[kind])),
    ),
    ...[...reasons].map((reason) => note(`Not judged: ${reason}.`)),
    html`<h3>Estimators of bytes</h3>`,
    table(
      'What each way to know the bytes without a proxy would have said; error = estimator − reference',
      [
        { label: 'estimator' },
        { label: 'status' },
        ...numbers('bytes', 'reference', 'error'),
        { label: '' },
        ...numbers('coverage'),
      ],
      estimators.map(estimatorRow),
    ),
    note(html`The bars are of errors up to ±20 %; blue is below the reference, orange above.`),
    details(
      'Why an estimator has no figure, and how it is known to err',
      html`<dl>${estimators.flatMap(({ name, reason, absence, knownBias }) => {
        const words = [reason ?? absence, knownBias].filter((text) => text !== undefined);
        return words.length === 0 ? [] : [html`<dt><strong>${name}</strong></dt><dd>${words.join('; ')}</dd>`];
      })}</dl>`,
    ),
  );
}

function kindRow(kind: string, agreement: KindAgreement): readonly (readonly Piece[])[] {
  const { matched, missed, spurious, precision, recall, startErrorMs } = agreement;
  if (agreement.unavailable !== undefined || [matched, missed, spurious].every((requests) => !requests)) return [];
  const { bias, absP95, p2_5, p97_5 } = startErrorMs;
  return [
    [
      kind,
      ...[matched, missed, spurious].map(count),
      ...[precision, recall].map((ratio) => known(ratio, percent)),
      ...[bias, absP95, p2_5, p97_5].map((ms) => known(ms, formatMs)),
    ],
  ];
}

function estimatorRow(score: EstimatorScore): readonly Piece[] {
  const { name, status, bytes, referenceBytes, errorRatio, coverage } = score;
  return [
    name,
    status,
    count(bytes),
    count(referenceBytes),
    known(errorRatio, (ratio) => `${ratio < 0 ? '−' : '+'}${percent(Math.abs(ratio))}`),
    errorRatio === undefined ? '' : errorBar(errorRatio),
    coverage === undefined ? UNKNOWN : percent(coverage),
  ];
}

/** To the left of the line: too few bytes; to the right: too many. The figure stands beside it. */
function errorBar(ratio: number): Markup {
  const length = Math.min(1, Math.abs(ratio) / FULL_BAR_RATIO) * BAR_HALF_WIDTH;
  const width = length.toFixed(1);
  const from = (ratio < 0 ? BAR_HALF_WIDTH - length : BAR_HALF_WIDTH).toFixed(1);
  const side = ratio < 0 ? 'bar' : 'bar over';
  return html`<svg width="${2 * BAR_HALF_WIDTH}" height="12" aria-hidden="true"><rect class="${side}" x="${from}" y="2" width="${width}" height="8"/><line class="zero" x1="${BAR_HALF_WIDTH}" x2="${BAR_HALF_WIDTH}" y1="0" y2="12"/></svg>`;
}
