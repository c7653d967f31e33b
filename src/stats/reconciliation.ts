// The origin's octets explained term by term: origin = terms + residual, to the octet, whatever the source.
// It chooses the source and closes the sum; the terms are access-log-join.ts's and flow-terms.ts's. Unknown terms are missing.
import type { Kind } from '../events.ts';
import type { JoinReading } from './access-log-join.ts';
import type { FlowAccount } from './flow-bytes.ts';
import { contentTerms, type Explained, explainedBytes } from './flow-terms.ts';
import type { Summary } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

type Reconciliation = Summary['reconciliation'];

/** A log counts at completion, request by request: what it has and we have not is foreign. */
export function reconcileLog({ originBytes, explained, joined }: JoinReading): Reconciliation {
  return { source: 'access-log', originBytes, explained, ...residual(originBytes, explained), joined };
}

/** A source that counts by flow, cut at its scrape: whole host or server, so foreign traffic ends in the residual. */
export function reconcileFlow(flow: FlowAccount): Reconciliation {
  const { source, originBytes, explained, sinceMs, untilMs, uncertaintyBytes } = flow;
  const window = { fromMs: sinceMs, toMs: untilMs, uncertaintyBytes };
  return { source, originBytes, explained, ...residual(originBytes, explained), window };
}

/** No origin to hold the tap against: its own terms stand alone. */
export function unreconciled(
  sum: (
    figure: 'contentBytes' | 'responseHeadBytes' | 'interimHeadBytes' | 'framingBytes',
    kinds?: readonly Kind[],
  ) => number,
): Reconciliation {
  return {
    explained: {
      ...contentTerms((kind) => (kind === 'open' ? 0 : sum('contentBytes', [kind]))),
      responseHeads: sum('responseHeadBytes'),
      interimHeads: sum('interimHeadBytes'),
      framing: sum('framingBytes'),
    },
  };
}

/** What the origin counted, where nothing was tapped that could explain any of it. */
export function unexplained(counted: { readonly source?: string; readonly originBytes?: number } = {}): Reconciliation {
  const { source, originBytes } = counted;
  return withoutAbsent<Reconciliation>({ source, originBytes, explained: undefined });
}

function residual(
  originBytes: number,
  explained: Explained,
): { readonly residualBytes: number; readonly residualRatio?: number } {
  const residualBytes = originBytes - explainedBytes(explained);
  return withoutAbsent({ residualBytes, residualRatio: originBytes > 0 ? residualBytes / originBytes : undefined });
}
