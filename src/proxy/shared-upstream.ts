// A client connection's way to one origin in mode `shared`: its requests wait here, in order, and go one by one on whatever
// connection the pool lends. It holds a connection for one request and its answer only, and dials nothing itself.
import type { ConnectionEvent } from '../events.ts';
import { MAX_WAITING_BYTES } from './limits.ts';
import type { OriginSide } from './origin-side.ts';
import type { PooledUpstream } from './pooled-upstream.ts';
import type { Target } from './target.ts';
import type { Transfer } from './transfer.ts';
import type { Loss, UpstreamOwner } from './upstream-owner.ts';
import type { UpstreamPool } from './upstream-pool.ts';

interface Waiting {
  readonly transfer: Transfer;
  /** Latin1. */
  readonly head: string;
  readonly body: Buffer[];
}

export class SharedUpstream implements OriginSide {
  readonly target: Target;
  /** The client connection. */
  readonly owner: UpstreamOwner;
  readonly #pool: UpstreamPool;
  #waiting: Waiting[] = [];
  #current: { readonly transfer: Transfer; readonly connection: PooledUpstream } | undefined;

  constructor(pool: UpstreamPool, owner: UpstreamOwner, target: Target) {
    this.#pool = pool;
    this.owner = owner;
    this.target = target;
  }

  /** Its player is being stopped: what it waits for is not wanted any more. */
  get isStopping(): boolean {
    return this.owner.door?.isStopping() ?? false;
  }

  get isOpaque(): boolean {
    return this.#current?.connection.upstream.isOpaque ?? false;
  }

  send(transfer: Transfer, head: string): boolean {
    this.#waiting.push({ transfer, head, body: [] });
    if (this.#current === undefined && this.#waiting.length === 1) this.#pool.ask(this);
    return this.#hasRoom();
  }

  sendBody(transfer: Transfer, octets: Buffer): boolean {
    if (this.#current?.transfer === transfer) return this.#current.connection.upstream.sendBody(transfer, octets);
    this.#waiting.find((waiting) => waiting.transfer === transfer)?.body.push(Buffer.from(octets));
    return this.#hasRoom();
  }

  sendOpaque(octets: Buffer): boolean {
    return this.#current?.connection.upstream.sendOpaque(octets) ?? true;
  }

  completed(transfer: Transfer): void {
    if (this.#current?.transfer !== transfer) return;
    const { connection } = this.#current;
    // The end of this connection is the end of the client's: it was told so.
    if (connection.upstream.closePromised || transfer.hasUnknownLength) return;
    this.#current = undefined;
    // Octets of it may have held the client back, and no word of them will come any more.
    this.owner.drained();
    this.#pool.giveBack(connection);
    if (this.#waiting.length > 0) this.#pool.ask(this);
  }

  destroy(closedBy: ConnectionEvent['closedBy'], how: 'fin' | 'reset' = 'fin'): void {
    const current = this.#current;
    if (current === undefined) this.#pool.withdraw(this);
    this.#current = undefined;
    this.#waiting = [];
    current?.connection.destroy(closedBy, how);
  }

  // What the pool says.

  /** Its turn: the first request that waits goes on this connection. */
  take(connection: PooledUpstream): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#pool.giveBack(connection);
      return;
    }
    this.#current = { transfer: next.transfer, connection };
    let isDrained = connection.upstream.send(next.transfer, next.head);
    for (const octets of next.body) isDrained = connection.upstream.sendBody(next.transfer, octets);
    // What waited may have held the client back.
    if (isDrained) this.owner.drained();
  }

  /** The lent connection is gone. `closePromised`: its last answer said so. */
  lost(loss: Loss, closePromised: boolean): void {
    const endsClient = loss.code !== undefined || closePromised || this.#current?.transfer.hasUnknownLength === true;
    this.#current = undefined;
    const due = this.#waiting.map(({ transfer }) => transfer);
    if (!endsClient) {
      // The answer was whole before: the pool has lost a connection, the client nothing.
      this.owner.drained();
      if (due.length > 0) this.#pool.ask(this);
      return;
    }
    this.#waiting = [];
    // What the client asked for behind an answer that ended the connection will not be answered.
    const isRefused = loss.code === undefined && due.length > 0;
    this.owner.lost(this, isRefused ? { ...loss, how: 'fin', code: 'SQ', due } : loss);
  }

  #hasRoom(): boolean {
    const bytes = this.#waiting.reduce(
      (sum, { head, body }) => body.reduce((part, { length }) => part + length, sum + head.length),
      0,
    );
    return bytes < MAX_WAITING_BYTES;
  }
}
