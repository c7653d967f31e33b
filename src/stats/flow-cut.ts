// All that can explain an origin's flow of octets, at one instant and between two. Pure.
// It reads no meter and judges nothing: cuts come with the scrapes, what they mean is in flow-terms.ts.
import { KINDS, type Kind, type MeterCut, type SampleEvent } from '../events.ts';

/** Running totals that are no meters of the tap's. */
export interface CutTotals {
  readonly tlsBytes: number;
  /** Requests of our own, of all purposes: how many, their octets both ways, and those of the answers. */
  readonly ownRequests: number;
  readonly ownBytes: number;
  readonly ownReceivedBytes: number;
  /** Of those, the answers that came from the server which counts. */
  readonly ownServedBytes: number;
}

/** Those of the tap's meters that a reconciliation is made of; a journal need not keep the others with every scrape. */
export const CUT_METERS = [
  'transfers',
  'connections',
  'upstreamConnections',
  'responseHeadBytes',
  'interimHeadBytes',
  'framingBytes',
  'readBytes',
  'writtenBytes',
  'deliveredBytes',
] as const;
type Meter = (typeof CUT_METERS)[number];
const TOTALS = ['tlsBytes', 'ownRequests', 'ownBytes', 'ownReceivedBytes', 'ownServedBytes'] as const;
const OTHERS = [...CUT_METERS, ...TOTALS, 'controlBytes'] as const;
const CONTENT = [...KINDS, 'open'] as const;

export interface FlowCut extends CutTotals, Readonly<Record<Meter | 'controlBytes', number>> {
  readonly contentBytesByKind: Readonly<Record<Kind | 'open', number>>;
}

/** `read` absent: no meter was ever read, and nothing has passed. */
export function flowCut(read: MeterCut | SampleEvent | undefined, totals: CutTotals): FlowCut {
  const controlBytes = read !== undefined && 'controlBytes' in read ? (read.controlBytes ?? 0) : 0;
  return each(
    (kind) => read?.contentBytesByKind[kind] ?? 0,
    (figure) =>
      figure === 'controlBytes' ? controlBytes : isTotal(figure) ? totals[figure] : (read?.meters[figure] ?? 0),
  );
}

/** What passed between two cuts. */
export function minus(now: FlowCut, base: FlowCut): FlowCut {
  return each(
    (kind) => now.contentBytesByKind[kind] - base.contentBytesByKind[kind],
    (figure) => now[figure] - base[figure],
  );
}

/** Half way, in whole octets: a counter that was read in between is off by half of what passed at most. */
export function middle(one: FlowCut, other: FlowCut): FlowCut {
  const half = (from: number, to: number): number => from + Math.floor((to - from) / 2);
  return each(
    (kind) => half(one.contentBytesByKind[kind], other.contentBytesByKind[kind]),
    (figure) => half(one[figure], other[figure]),
  );
}

function each(content: (kind: Kind | 'open') => number, other: (figure: (typeof OTHERS)[number]) => number): FlowCut {
  return {
    contentBytesByKind: Object.fromEntries(CONTENT.map((kind) => [kind, content(kind)])),
    ...Object.fromEntries(OTHERS.map((figure) => [figure, other(figure)])),
  } as unknown as FlowCut;
}

function isTotal(figure: (typeof OTHERS)[number]): figure is (typeof TOTALS)[number] {
  return (TOTALS as readonly string[]).includes(figure);
}
