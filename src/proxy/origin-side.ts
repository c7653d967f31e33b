// The way to one origin as a client connection sees it: a connection of its own (upstream.ts), or turns on connections that
// all clients share (shared-upstream.ts). Types only.
import type { ConnectionEvent } from '../events.ts';
import type { Target } from './target.ts';
import type { Transfer } from './transfer.ts';

export interface OriginSide {
  readonly target: Target;
  /** The origin switched protocols. */
  readonly isOpaque: boolean;
  /** Writes a request head, latin1, on as soon as it may. False when octets should not come faster: `drained` follows. */
  send(transfer: Transfer, head: string): boolean;
  /** Writes octets of a request body on, with the same answer; after a loss they go nowhere. */
  sendBody(transfer: Transfer, octets: Buffer): boolean;
  /** Relays octets of a switched protocol unseen, with the same answer. */
  sendOpaque(octets: Buffer): boolean;
  /** A transfer that was sent this way is over: request and answer are whole, and the client's kernel has the answer. */
  completed(transfer: Transfer): void;
  /** Ends it from our side: the client left, or the run ends. No callback follows. */
  destroy(closedBy: ConnectionEvent['closedBy'], how?: 'fin' | 'reset'): void;
}
