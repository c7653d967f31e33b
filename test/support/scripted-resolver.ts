// A resolver that takes its time: every name of this thread is a loopback address, told as late as it was scripted. It notes when
// each answer was given. Only for a tap in this thread: what other threads resolve goes to the system.
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

export interface ScriptedResolver {
  /** Monotonic milliseconds of `performance.now`, one per lookup in the order of answers. */
  readonly lookups: readonly { readonly askedAtMs: number; readonly answeredAtMs: number }[];
  [Symbol.dispose](): void;
}

type Answer = (error: null, addresses: readonly { readonly address: string; readonly family: number }[]) => void;

/** Replaces `dns.lookup` (the form that asks for all addresses) until it is disposed. */
export function scriptResolver(delayMs: number): ScriptedResolver {
  const original = dns.lookup;
  const lookups: { askedAtMs: number; answeredAtMs: number }[] = [];
  const replace = (lookup: unknown): void => {
    Object.assign(dns, { lookup });
    syncBuiltinESMExports();
  };
  replace((_host: string, _options: unknown, answer: Answer) => {
    const askedAtMs = performance.now();
    setTimeout(() => {
      lookups.push({ askedAtMs, answeredAtMs: performance.now() });
      answer(null, [{ address: '127.0.0.1', family: 4 }]);
    }, delayMs);
  });
  return { lookups, [Symbol.dispose]: () => replace(original) };
}
