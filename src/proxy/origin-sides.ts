// The ways to origins of one client connection: one per origin, opened when it is first asked for, gone with the connection.
// It sends nothing and decides nothing.
import type { ConnectionEvent } from '../events.ts';
import type { TapContext } from './context.ts';
import { MAX_ORIGINS_PER_CONNECTION } from './limits.ts';
import type { OriginSide } from './origin-side.ts';
import type { Target } from './target.ts';
import { Upstream } from './upstream.ts';
import type { UpstreamOwner } from './upstream-owner.ts';

export class OriginSides {
  /** There was one at some time. */
  hasDialled = false;
  readonly #context: TapContext;
  readonly #owner: UpstreamOwner;
  readonly #sides: OriginSide[] = [];

  constructor(context: TapContext, owner: UpstreamOwner) {
    this.#context = context;
    this.#owner = owner;
  }

  get isEmpty(): boolean {
    return this.#sides.length === 0;
  }

  /** The one whose origin switched protocols. */
  get opaque(): OriginSide | undefined {
    for (const side of this.#sides) if (side.isOpaque) return side;
    return undefined;
  }

  /** Undefined when the connection has as many as it may. */
  to(target: Target): OriginSide | undefined {
    for (const side of this.#sides) if (side.target.origin === target.origin) return side;
    if (this.#sides.length >= MAX_ORIGINS_PER_CONNECTION) return undefined;
    const side = this.#context.shared?.sideFor(this.#owner, target) ?? new Upstream(this.#context, this.#owner, target);
    this.hasDialled = true;
    this.#sides.push(side);
    return side;
  }

  forget(side: OriginSide): void {
    const position = this.#sides.indexOf(side);
    if (position >= 0) this.#sides.splice(position, 1);
  }

  /** Ends them all from our side; none says anything after that. */
  destroy(closedBy: ConnectionEvent['closedBy'], how?: 'fin' | 'reset'): void {
    for (const side of this.#sides) side.destroy(closedBy, how);
    this.#sides.length = 0;
  }
}
