// Mode `shared`: one worker's connections to its origins, kept alive across clients and lent to one request at a time.
// Who finds none free waits for a turn, first come first served. It never retries, and never pipelines to an origin.
import type { SharedBehaviour } from './behaviour.ts';
import type { TapContext } from './context.ts';
import type { OriginSide } from './origin-side.ts';
import { PooledUpstream } from './pooled-upstream.ts';
import { SharedUpstream } from './shared-upstream.ts';
import type { Target } from './target.ts';
import type { UpstreamOwner } from './upstream-owner.ts';

/** The connections to one origin, and who waits for one. */
interface OriginConnections {
  readonly open: Set<PooledUpstream>;
  /** Last used last, and lent first: what is too many falls idle. */
  readonly idle: PooledUpstream[];
  readonly waiting: SharedUpstream[];
}

export class UpstreamPool {
  readonly #context: TapContext;
  readonly #limits: SharedBehaviour;
  readonly #origins: Map<string, OriginConnections> = new Map();
  #isClosed = false;

  constructor(context: TapContext, limits: SharedBehaviour) {
    this.#context = context;
    this.#limits = limits;
  }

  /** A client connection's way to an origin; nothing is dialled yet. */
  sideFor(owner: UpstreamOwner, target: Target): OriginSide {
    return new SharedUpstream(this, owner, target);
  }

  /** Its next request goes when there is a connection for it: at once, or in turn. */
  ask(side: SharedUpstream): void {
    const connections = this.#connectionsTo(side.target);
    const idle = connections.idle.pop();
    if (idle !== undefined) idle.lend(side);
    else if (connections.open.size < this.#limits.maxConnectionsPerOrigin) this.#dial(connections, side);
    else connections.waiting.push(side);
  }

  /** It waits no longer. */
  withdraw(side: SharedUpstream): void {
    const waiting = this.#origins.get(keyOf(side.target))?.waiting ?? [];
    const position = waiting.indexOf(side);
    if (position >= 0) waiting.splice(position, 1);
  }

  /** A lent connection has done its work. One that can carry no further request is closed. */
  giveBack(connection: PooledUpstream): void {
    if (!connection.isReusable) {
      connection.destroy('tap');
      return;
    }
    const { idle, waiting } = this.#connectionsTo(connection.target);
    const next = nextOf(waiting);
    if (next !== undefined) connection.lend(next);
    else {
      idle.push(connection);
      connection.rest(this.#limits.idleMs);
    }
  }

  /** A connection is gone, so another may be dialled. */
  forget(connection: PooledUpstream): void {
    const connections = this.#connectionsTo(connection.target);
    const { open, idle, waiting } = connections;
    open.delete(connection);
    const position = idle.indexOf(connection);
    if (position >= 0) idle.splice(position, 1);
    const next = this.#isClosed ? undefined : nextOf(waiting);
    if (next !== undefined) this.#dial(connections, next);
    else if (open.size === 0) this.#origins.delete(keyOf(connection.target));
  }

  /** The run ends: what rests is closed and nobody gets a turn any more; who holds a connection ends it. */
  close(): void {
    this.#isClosed = true;
    for (const { idle } of [...this.#origins.values()]) for (const connection of [...idle]) connection.destroy('stop');
  }

  #dial({ open }: OriginConnections, side: SharedUpstream): void {
    const connection = new PooledUpstream(this.#context, this, side.target);
    open.add(connection);
    connection.lend(side);
  }

  #connectionsTo(target: Target): OriginConnections {
    const key = keyOf(target);
    const known = this.#origins.get(key);
    if (known !== undefined) return known;
    const connections: OriginConnections = { open: new Set(), idle: [], waiting: [] };
    this.#origins.set(key, connections);
    return connections;
  }
}

/** The part of a run's limit that one of its workers may use: all of them together reach it, each has one at least. */
export function shareOf(limit: number, worker: number, workers: number): number {
  const rest = limit % workers;
  return Math.max(1, (limit - rest) / workers + (worker < rest ? 1 : 0));
}

/** Whose turn it is. Who is being stopped gets none: its player leaves, and would have been dialled for on its way out. */
function nextOf(waiting: SharedUpstream[]): SharedUpstream | undefined {
  const position = waiting.findIndex(({ isStopping }) => !isStopping);
  return position < 0 ? undefined : waiting.splice(position, 1)[0];
}

/** Over TLS the origin sees the handshake: only clients that began alike share connections. */
function keyOf({ origin, hello }: Target): string {
  return hello === undefined ? origin : `${origin} ${hello.serverName ?? '-'} ${hello.offersHttp11}`;
}
