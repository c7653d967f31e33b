// Where events fan out: to the ledger, the journal and whoever else observes, in the order in which they came.
// It changes no event. Before the ledger is there (preflight, doors opening) events wait, within a bound.
import type { Emit, Event, FindingEvent, RunEvent } from '../events.ts';
import type { Journal } from '../report/journal.ts';
import type { Ledger } from '../stats/ledger.ts';
import type { Finding } from '../stats/summary.ts';

/** Before the first client only our own requests and empty batches come; more would be a mistake of ours. */
const MAX_EARLY_EVENTS = 10_000;

export class Hub {
  readonly emit: Emit = (event) => this.#take(event);
  #early: Event[] = [];
  #ledger: Ledger | undefined;
  #journal: Journal | undefined;
  #observe: ((event: Event) => void) | undefined;
  readonly #toldFindings: Set<string> = new Set();

  /** From here on events go through: `run` first, then those that waited. */
  open(run: RunEvent, ledger: Ledger, journal: Journal | undefined, observe?: (event: Event) => void): void {
    this.#ledger = ledger;
    this.#journal = journal;
    this.#observe = observe;
    this.#take(run);
    const early = this.#early;
    this.#early = [];
    for (const event of early) this.#take(event);
  }

  /** Findings are the ledger's; the journal is told of each once. */
  tellFindings(findings: readonly Finding[], atMs: number): void {
    for (const { code, subject, evidence } of findings) {
      const key = `${code} ${subject}`;
      if (this.#toldFindings.has(key)) continue;
      this.#toldFindings.add(key);
      const event: FindingEvent = { type: 'finding', atMs, code, subject, evidence };
      this.#journal?.write(event);
    }
  }

  #take(event: Event): void {
    if (this.#ledger === undefined) {
      if (this.#early.length < MAX_EARLY_EVENTS) this.#early.push(event);
      return;
    }
    this.#ledger.record(event);
    this.#observe?.(event);
    // What the journal lost it cannot be told: it would lose that too, and say so again.
    if (event.type !== 'lost') this.#journal?.write(event);
  }
}
