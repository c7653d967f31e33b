// One connection of the pool: passes what its origin sends to the client connection that it is lent to, for one request.
// It keeps no octet and no account of its own; unlent it takes nothing from its origin but the end.
import type { ConnectionEvent } from '../events.ts';
import type { TapContext } from './context.ts';
import type { OriginSide } from './origin-side.ts';
import type { AnswerObserver } from './response-account.ts';
import type { SharedUpstream } from './shared-upstream.ts';
import type { Target } from './target.ts';
import type { Transfer } from './transfer.ts';
import { Upstream } from './upstream.ts';
import type { Loss, UpstreamOwner } from './upstream-owner.ts';
import type { UpstreamPool } from './upstream-pool.ts';

export class PooledUpstream implements UpstreamOwner, AnswerObserver {
  /** Nobody's own: its record names no client and no client connection. */
  readonly client = 0;
  readonly connection = 0;
  /** Octets that nobody asked for would land in somebody's answer: such a connection is closed, and they go nowhere. */
  readonly isAnswerDue = true;
  readonly #pool: UpstreamPool;
  readonly #upstream: Upstream;
  #side: SharedUpstream | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(context: TapContext, pool: UpstreamPool, target: Target) {
    this.#pool = pool;
    this.#upstream = new Upstream(context, this, target);
  }

  get target(): Target {
    return this.#upstream.target;
  }

  get upstream(): Upstream {
    return this.#upstream;
  }

  /** Another request may follow on it. */
  get isReusable(): boolean {
    return this.#upstream.isReusable;
  }

  lend(side: SharedUpstream): void {
    clearTimeout(this.#idleTimer);
    this.#side = side;
    side.take(this);
  }

  /** Nobody has it: it is closed after this long. */
  rest(idleMs: number): void {
    this.#side = undefined;
    this.#idleTimer = setTimeout(() => this.destroy('tap'), idleMs);
  }

  destroy(closedBy: ConnectionEvent['closedBy'], how: 'fin' | 'reset' = 'fin'): void {
    this.#upstream.destroy(closedBy, how);
    this.#leavePool();
  }

  // What the connection says.

  get exchanges(): AnswerObserver {
    return this;
  }

  process(): number {
    return 0;
  }

  relay(octets: Buffer, taken: () => void): boolean {
    return this.#side?.owner.relay(octets, taken) ?? true;
  }

  afterRead(atMs: number): void {
    this.#side?.owner.afterRead(atMs);
  }

  drained(): void {
    this.#side?.owner.drained();
  }

  lost(_upstream: OriginSide, loss: Loss): void {
    const side = this.#side;
    this.#leavePool();
    side?.lost(loss, this.#upstream.closePromised);
  }

  answering(transfer: Transfer): void {
    this.#side?.owner.exchanges.answering(transfer);
  }

  answered(transfer: Transfer, contentEncoding: string | undefined): void {
    this.#side?.owner.exchanges.answered(transfer, contentEncoding);
  }

  content(transfer: Transfer, octets: Buffer, start: number, end: number): void {
    this.#side?.owner.exchanges.content(transfer, octets, start, end);
  }

  #leavePool(): void {
    clearTimeout(this.#idleTimer);
    this.#side = undefined;
    this.#pool.forget(this);
  }
}
