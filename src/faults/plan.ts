// Which requests of one client get a fault: each rule counts the requests that it matches, in the client's own order.
// It injects nothing. The same rules, seed, client and requests give the same faults, in whatever thread.
import type { Kind } from '../events.ts';
import { type Random, seededRandom } from '../random.ts';
import type { FaultAction, FaultRule, Nth } from './rule.ts';

export interface FaultRequest {
  /** As far as it is known before the answer. */
  readonly kind: Kind;
  readonly url: string;
}

interface Counted {
  readonly rule: FaultRule;
  readonly url: RegExp | undefined;
  readonly random: Random;
  matched: number;
}

export class FaultPlan {
  readonly #rules: readonly Counted[];

  constructor(rules: readonly FaultRule[], seed: number, client: number) {
    const random = seededRandom(seed);
    this.#rules = rules.flatMap((rule, position) =>
      rule.client !== undefined && rule.client !== client
        ? []
        : {
            rule,
            url: rule.urlPattern === undefined ? undefined : new RegExp(rule.urlPattern),
            // Of its own for each rule and client: what others drew changes nothing.
            random: random.fork(`fault ${position} of client ${client}`),
            matched: 0,
          },
    );
  }

  /** Of several rules that choose this request the first acts; all that match it count it. */
  next(request: FaultRequest): FaultAction | undefined {
    let chosen: FaultAction | undefined;
    for (const counted of this.#rules) if (isChosen(counted, request)) chosen ??= counted.rule.action;
    return chosen;
  }
}

function isChosen(counted: Counted, { kind, url }: FaultRequest): boolean {
  const { rule } = counted;
  if (rule.kinds?.includes(kind) === false || counted.url?.test(url) === false) return false;
  counted.matched += 1;
  if (rule.nth !== undefined && !isNth(rule.nth, counted.matched)) return false;
  return rule.probability === undefined || counted.random.next() < rule.probability;
}

function isNth({ first, last, step }: Nth, position: number): boolean {
  return position >= first && (last === undefined || position <= last) && (position - first) % step === 0;
}
