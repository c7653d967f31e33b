// What the origin sent, as the tap and our own requests explain it: the terms of MEASURING section 9 from a difference of cuts.
// A server that counts its answers knows nothing of packets; a network device counts all that leaves its host, on loopback both
// ends' octets. Terms that nobody can know are missing; those that rest on packet sizes are estimates. Pure.
import { KINDS, type Kind } from '../events.ts';
import type { FlowCut } from './flow-cut.ts';
import type { KnownPath } from './origin-path.ts';
import type { Summary } from './summary.ts';
import { transportBytes } from './transport-estimate.ts';

export type Explained = NonNullable<Summary['reconciliation']['explained']>;

/** Who counts, and how octets come from there. */
export interface FlowSource {
  /** Octets of answers only; else a network device's. */
  readonly isServer: boolean;
  readonly path: KnownPath;
  /** `http://origin:8080`: what each request line of a client is longer by. */
  readonly streamOrigin: string;
}

const PLAYLISTS: readonly Kind[] = ['media-playlist', 'multivariant-playlist'];
/** Both ends' handshakes and farewells, estimated like every connection's; scrapes keep theirs. */
const NO_CONNECTIONS = 0;

export function explain(cut: FlowCut, source: FlowSource): Explained {
  const content = contentTerms((kind) => cut.contentBytesByKind[kind]);
  const { responseHeadBytes, interimHeadBytes, framingBytes, readBytes } = cut;
  const framed = sum(Object.values(content)) + responseHeadBytes + interimHeadBytes + framingBytes;
  const answers = {
    ...content,
    responseHeads: responseHeadBytes,
    interimHeads: interimHeadBytes,
    framing: framingBytes,
    // A record from before all octets read were recorded has none.
    opaque: Math.max(0, readBytes - framed),
  };
  if (source.isServer) return { ...answers, ownRequests: cut.ownServedBytes };
  const { isLoopback } = source.path;
  const ofDevice = {
    ...answers,
    ownRequests: isLoopback ? cut.ownBytes + cut.controlBytes : cut.ownReceivedBytes,
    tls: cut.tlsBytes,
    transportEstimate: upstreamTransport(cut, source.path),
  };
  return isLoopback
    ? { ...ofDevice, requests: cut.writtenBytes, doorLeg: doorLeg(cut, answers.opaque, source) }
    : ofDevice;
}

/** Of a kind whose name is not final yet, too. */
export function contentTerm(kind: Kind | 'open'): 'segmentContent' | 'playlistContent' | 'otherContent' {
  if (kind === 'segment') return 'segmentContent';
  return PLAYLISTS.some((playlist) => playlist === kind) ? 'playlistContent' : 'otherContent';
}

export function contentTerms(
  bytesOf: (kind: Kind | 'open') => number,
): Pick<Explained, 'segmentContent' | 'playlistContent' | 'otherContent'> {
  const terms = { segmentContent: 0, playlistContent: 0, otherContent: 0 };
  for (const kind of [...KINDS, 'open'] as const) terms[contentTerm(kind)] += bytesOf(kind);
  return terms;
}

export function explainedBytes(explained: Partial<Explained>): number {
  return sum(Object.values(explained));
}

/** Response octets of every kind, as the tap read them. */
export function answeredBytes(cut: FlowCut): number {
  const content = sum(Object.values(cut.contentBytesByKind));
  return content + cut.responseHeadBytes + cut.interimHeadBytes + cut.framingBytes;
}

/** Of the connections to the origin, and of our own requests, which keep theirs. */
function upstreamTransport(cut: FlowCut, path: KnownPath): number {
  const { transfers, upstreamConnections, writtenBytes, readBytes, tlsBytes } = cut;
  const clients = {
    connections: upstreamConnections,
    requests: transfers,
    requestBytes: writtenBytes,
    answers: transfers,
    answerBytes: readBytes + tlsBytes,
  };
  const own = {
    connections: NO_CONNECTIONS,
    requests: cut.ownRequests,
    requestBytes: cut.ownBytes - cut.ownReceivedBytes,
    answers: cut.ownRequests,
    answerBytes: cut.ownReceivedBytes,
  };
  return transportBytes(clients, path) + transportBytes(own, path);
}

/** Between clients and tap: each answer once more, each request with the origin's name in its line, and their packets. */
function doorLeg(cut: FlowCut, opaqueBytes: number, { path, streamOrigin }: FlowSource): number {
  const { transfers, connections, writtenBytes, deliveredBytes, tlsBytes } = cut;
  // What was relayed unseen is nobody's delivery; encryption towards the client takes about what it took from the origin.
  const answerBytes = deliveredBytes + opaqueBytes + tlsBytes;
  // Inside a tunnel to the tap requests are as the origin gets them.
  const absoluteBytes = streamOrigin.startsWith('http:') ? streamOrigin.length : 0;
  const requestBytes = writtenBytes + transfers * absoluteBytes;
  const leg = { connections, requests: transfers, requestBytes, answers: transfers, answerBytes };
  return answerBytes + requestBytes + transportBytes(leg, path);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
