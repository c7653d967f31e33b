// `--resolve` as plain data: whose connections go elsewhere. The host is that of the stream's URL and of nothing else. Pure.
// It resolves nothing; doors and our own requests do, each where it dials.
import type { Options } from '../config/options.ts';

export interface Resolve {
  /** As `URL.hostname` has it: lower case, IPv6 in brackets. */
  readonly host: string;
  /** An address, IPv6 without brackets, or the name of another host. */
  readonly address: string;
}

/** As a property to spread: nothing without `--resolve`. */
export function resolveFor(url: string, { resolve }: Pick<Options, 'resolve'>): { readonly resolve?: Resolve } {
  return resolve === undefined ? {} : { resolve: { host: new URL(url).hostname, address: resolve } };
}
