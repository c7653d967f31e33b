// What `--tls tunnel` hides: which requests nobody but the log saw, and so which zeros of the tap say nothing.
// It counts nothing; octets that passed in tunnels are the tap's meter `opaqueBytes`. Pure.
import type { RunEvent } from '../events.ts';
import type { ProxySummary } from './summary.ts';

type Relayed = Pick<RunEvent, 'tls'>;

/** A request for this URL went through a tunnel, where the tap sees octets and no request. */
export function isTunnelled({ tls }: Relayed, url: string): boolean {
  return tls === 'tunnel' && /^https:/i.test(url);
}

/** Some requests went through tunnels, or will: those of an https stream. Octets may also be opaque after an upgrade. */
export function hasTunnels(run: Relayed & Pick<RunEvent, 'url'>, opaqueBytes: number): boolean {
  return isTunnelled(run, run.url) || (run.tls === 'tunnel' && opaqueBytes > 0);
}

/** A count of the tap's: where requests may have passed unseen none is unknown, and any other is what was seen. */
export function unlessUnseen(proxy: Pick<ProxySummary, 'hasTunnels'> | undefined, count: number): number | undefined {
  return proxy === undefined || (proxy.hasTunnels && count === 0) ? undefined : count;
}
