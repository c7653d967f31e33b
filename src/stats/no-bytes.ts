// Whether any account knows bytes: without the tap, a listing of sizes and an origin that speaks a table of rates is all dashes. Pure.
// It looks at what was read, not at options.
import type { Summary } from './summary.ts';

export const NO_BYTES =
  'nothing was tapped (--no-proxy), no segment-size listing is read (--segment-sizes-url), and no origin tells what it sent.';

export function knowsNoBytes({ proxy, parser, origin }: Summary): boolean {
  return proxy === undefined && parser.throughput === undefined && origin.throughput === undefined;
}
