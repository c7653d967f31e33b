// The way between an origin and the tap: loopback or not, and how large its packets may be. Pure.
// It looks nothing up: what the run did not record is assumed, and everything that rests on it is called an estimate.
import type { OriginPath, RunEvent } from '../events.ts';

/** The way with nothing left unknown. */
export type KnownPath = Required<Omit<OriginPath, 'device'>>;

/** Of Linux's `lo`, and of Ethernet. */
const LOOPBACK_MTU_BYTES = 65_536;
const ETHERNET_MTU_BYTES = 1_500;
const LOOPBACK_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function pathOf({ originPath, url }: Pick<RunEvent, 'originPath' | 'url'>): KnownPath {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  const { isLoopback, ipVersion, mtuBytes } = originPath ?? {
    isLoopback: LOOPBACK_HOST.test(host),
    ipVersion: host.startsWith('[') ? 6 : 4,
  };
  return { isLoopback, ipVersion, mtuBytes: mtuBytes ?? (isLoopback ? LOOPBACK_MTU_BYTES : ETHERNET_MTU_BYTES) };
}
