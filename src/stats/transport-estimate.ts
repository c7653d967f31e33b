// What TCP and IP add to octets on one leg, as the sending host's device counts it: headers, acknowledgements, handshakes.
// An estimate from segment sizes: nobody saw a packet. It knows no retransmissions and no options beyond timestamps. Pure.
import type { KnownPath } from './origin-path.ts';

/** Connections from one end to the other and what was sent on them. */
export interface Leg {
  readonly connections: number;
  readonly requests: number;
  readonly requestBytes: number;
  readonly answers: number;
  readonly answerBytes: number;
}

const IP_HEADER_BYTES: Readonly<Record<KnownPath['ipVersion'], number>> = { 4: 20, 6: 40 };
/** 20, and 12 for the timestamps that every common system sends. */
const TCP_HEADER_BYTES = 32;
/** Ethernet's, which devices count; `lo` counts from the IP header on. */
const LINK_HEADER_BYTES = 14;
/** What SYN and SYN-ACK have beyond the timestamps: segment size, window scale, selective acknowledgements. */
const SYN_OPTION_BYTES = 8;
/** The length field of IP has 16 bits: a device's larger MTU is of no use to it. */
const MAX_PACKET_BYTES = 65_535;
/** SYN-ACK, FIN and the acknowledgement of the client's FIN. */
const PACKETS_PER_CONNECTION = 3;
/** And of both ends: SYN and its acknowledgement, FIN and its. */
const PACKETS_PER_LOOPBACK_CONNECTION = 7;
/** A receiver acknowledges every second segment at the latest; the last one of a message is acknowledged by itself. */
const SEGMENTS_PER_ACKNOWLEDGEMENT = 2;

/**
 * Whole octets beside those of the messages. On loopback one device sends for both ends; elsewhere the origin's sends answers,
 * and acknowledges a request by answering it.
 */
export function transportBytes(leg: Leg, path: KnownPath): number {
  const { connections, requests, requestBytes, answers, answerBytes } = leg;
  const answerSegments = segments(answerBytes, answers, path);
  if (!path.isLoopback) {
    const packets = answerSegments + PACKETS_PER_CONNECTION * connections;
    return packets * headerBytes(path) + SYN_OPTION_BYTES * connections;
  }
  const requestSegments = segments(requestBytes, requests, path);
  const full = answerSegments + requestSegments - answers - requests;
  const acknowledgements = Math.round(full / SEGMENTS_PER_ACKNOWLEDGEMENT) + answers;
  const packets = answerSegments + requestSegments + acknowledgements + PACKETS_PER_LOOPBACK_CONNECTION * connections;
  return packets * headerBytes(path) + 2 * SYN_OPTION_BYTES * connections;
}

/** Full ones, and one more per message. */
function segments(bytes: number, messages: number, path: KnownPath): number {
  return Math.floor(bytes / segmentBytes(path)) + messages;
}

/** Content of the largest packet: 65,483 octets on loopback, 1,448 over Ethernet. */
export function segmentBytes({ ipVersion, mtuBytes }: KnownPath): number {
  return Math.min(mtuBytes, MAX_PACKET_BYTES) - IP_HEADER_BYTES[ipVersion] - TCP_HEADER_BYTES;
}

function headerBytes({ ipVersion, isLoopback }: KnownPath): number {
  return IP_HEADER_BYTES[ipVersion] + TCP_HEADER_BYTES + (isLoopback ? 0 : LINK_HEADER_BYTES);
}
