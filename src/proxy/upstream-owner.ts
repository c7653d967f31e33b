// What an upstream connection needs of the client connection that it serves, and what it says when it is lost. Types only.
// It decides nothing.
import type { Termination } from '../events.ts';
import type { OriginSide } from './origin-side.ts';
import type { AnswerObserver } from './response-account.ts';
import type { SessionKeeper } from './tls/secure-dial.ts';
import type { Transfer } from './transfer.ts';

/** What there is to know of the door that a client connection came in by. */
export interface OwnDoor extends SessionKeeper {
  /** Its player is being stopped by us. */
  isStopping(): boolean;
}

/** What an upstream needs of its client connection. */
export interface UpstreamOwner {
  readonly client: number;
  readonly connection: number;
  readonly exchanges: AnswerObserver;
  /** Absent where no one door is behind it. */
  readonly door?: OwnDoor;
  process(): number;
  /** Hands octets to the client. False when its kernel did not take them at once: then `taken` is called when it did. */
  relay(octets: Buffer, taken: () => void): boolean;
  /** The octets of one read are with the client: settle what is complete. */
  afterRead(atMs: number): void;
  /** The origin's side takes request octets again. */
  drained(): void;
  lost(upstream: OriginSide, loss: Loss): void;
}

/** The connection is gone. Without a code nothing was due. */
export interface Loss {
  readonly atMs: number;
  /** How the origin ended it: its client must feel the same. */
  readonly how: 'fin' | 'reset';
  readonly code?: Termination;
  /** In the system's words, where it has some. */
  readonly reason?: string;
  /** What it still owed, the transfer that the code belongs to first. */
  readonly due: readonly Transfer[];
}
