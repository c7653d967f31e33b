// The last things that a person would want to hear of: ends and restarts of clients, transfers that failed, findings.
// A bounded ring of facts; it judges nothing and words nothing.
import type { ClientEvent, TransferEvent } from '../events.ts';
import { LOWEST_ERROR_STATUS } from './status-codes.ts';
import type { Finding, RecentEvent } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

/** As many as a tall screen shows; what was before stands in the journal. */
export const MAX_RECENT_EVENTS = 50;

export class RecentEvents {
  readonly #events: RecentEvent[] = [];

  client({ client, atMs, event, category, reason, delayMs }: ClientEvent): void {
    if (event === 'exit') this.#add(withoutAbsent<RecentEvent>({ atMs, client, event, category, reason }));
    else if (event === 'restart-scheduled')
      this.#add(withoutAbsent<RecentEvent>({ atMs, client, event: 'restart', delayMs }));
  }

  transfer({ client, startedAtMs, totalMs, kind, status, termination, url, injected }: TransferEvent): void {
    if (termination === '--' && (status ?? 0) < LOWEST_ERROR_STATUS) return;
    const atMs = startedAtMs + totalMs;
    const facts = { atMs, client, event: 'transfer', kind, status, termination, url } as const;
    this.#add(withoutAbsent<RecentEvent>({ ...facts, injected: injected ?? undefined }));
  }

  /** Oldest first, findings among them since the instant at which each was found first. */
  read(findings: readonly Finding[]): readonly RecentEvent[] {
    const found = findings.map(
      ({ sinceMs, code, subject }): RecentEvent => ({ atMs: sinceMs, event: 'finding', code, subject }),
    );
    return [...this.#events, ...found].sort((one, other) => one.atMs - other.atMs).slice(-MAX_RECENT_EVENTS);
  }

  #add(event: RecentEvent): void {
    this.#events.push(event);
    if (this.#events.length > MAX_RECENT_EVENTS) this.#events.shift();
  }
}
