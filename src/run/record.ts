// The recording side of a run: hub, ledger, journal, the last snapshot, /metrics. Common to a swarm and to the tap alone.
// It starts no client and knows no screen.
import type { Clock } from '../clock.ts';
import type { Options } from '../config/options.ts';
import type { RunEvent } from '../events.ts';
import { type ControlServer, type ControlServerOptions, startControlServer } from '../report/control-server.ts';
import { HealthHistory } from '../report/health.ts';
import { type Journal, openJournal } from '../report/journal.ts';
import { createMetrics } from '../report/metrics.ts';
import { writeReport } from '../report/report-file.ts';
import { LONGEST_LISTING_INTERVAL_MS } from '../scrape/segment-sizes.ts';
import type { AwaitedLines } from '../stats/access-log-join.ts';
import { Ledger } from '../stats/ledger.ts';
import type { Snapshot } from '../stats/summary.ts';
import { msToSeconds } from '../units.ts';
import { CannotMeasure } from './exit-codes.ts';
import { HtmlReport } from './html-report.ts';
import { Hub } from './hub.ts';
import { OperationClock } from './operation-clock.ts';
import { checkOutputPlaces } from './output-places.ts';
import { type Redact, redactDeep } from './redact.ts';
import { ledgerOptions, withLedgerFacts } from './run-facts.ts';
import type { Output } from './terminal.ts';

export interface RecorderOptions {
  readonly options: Options;
  readonly url: string;
  readonly clients: number;
  readonly isTapped: boolean;
  readonly clock: Clock;
  readonly redact: Redact;
  /** What was typed, for a report. */
  readonly command?: string;
  readonly stderr: Output;
  readonly isReady: () => boolean;
  readonly debugClient: (client: number) => object | undefined;
}

export class Recorder {
  readonly hub: Hub = new Hub();
  readonly #options: RecorderOptions;
  readonly #health: HealthHistory;
  #journal: Journal | undefined;
  #server: ControlServer | undefined;
  #ledger: Ledger | undefined;
  #latest: Snapshot | undefined;
  #endsAtMs: number | undefined;
  readonly #html: HtmlReport | undefined;
  /** What is done over and over, and how long it takes. */
  readonly operations: OperationClock;

  /** Opens what can fail before any client starts. Rejects with `CannotMeasure`, nothing left open. */
  static async open(options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(options);
    try {
      await checkOutputPlaces(options.options);
      recorder.#server = await startControlServer(recorder.#serverOptions());
      recorder.#journal = await recorder.#openJournal();
    } catch (error) {
      await recorder.close();
      throw new CannotMeasure(messageOf(error));
    }
    return recorder;
  }

  private constructor(options: RecorderOptions) {
    this.#options = options;
    this.operations = new OperationClock(options.clock);
    const { html } = options.options;
    this.#html = html === undefined ? undefined : new HtmlReport({ path: html, command: options.command ?? '' });
    const { segmentSizesUrl, segmentSizesIntervalMs } = options.options;
    this.#health = new HealthHistory(
      segmentSizesUrl === undefined
        ? {}
        : { listingIntervalSeconds: msToSeconds(segmentSizesIntervalMs ?? LONGEST_LISTING_INTERVAL_MS) },
    );
  }

  /** The last snapshot: what every face shows. */
  get latest(): Snapshot | undefined {
    return this.#latest;
  }

  /** What a log that is followed to its end still owes. */
  get awaitedLogLines(): AwaitedLines {
    return this.#ledger?.awaitedLogLines ?? { completed: 0, aborted: 0 };
  }

  /** `http://HOST:PORT` of the control server. */
  get serverUrl(): string {
    return this.#server?.url ?? '';
  }

  /** Octets that the control server received and sent so far. */
  get controlBytes(): number {
    return this.#server?.carriedBytes() ?? 0;
  }

  get port(): number {
    return this.#server === undefined ? 0 : Number(new URL(this.#server.url).port);
  }

  /** Everything is known: the account begins. */
  begin(run: RunEvent, doorPorts: ReadonlyMap<number, number> | undefined): void {
    const recorded = withLedgerFacts(run, this.#options.options, doorPorts);
    this.#ledger = new Ledger(ledgerOptions(recorded));
    this.hub.open(recorded, this.#ledger, this.#journal, (event) => {
      this.operations.book.observe(event);
      this.#html?.observe(event);
    });
  }

  /** One numbered snapshot; redacted, because every face shows it. */
  tick(atMs: number = this.#options.clock.nowMs()): Snapshot | undefined {
    const { clock, redact } = this.#options;
    const snapshot = this.operations.time('stats_aggregate', () => this.#ledger?.snapshot(atMs, clock.wallMs()));
    if (snapshot === undefined) return undefined;
    this.hub.tellFindings(snapshot.summary.findings, atMs);
    const clients = snapshot.clients.map((row) =>
      row.exitReason === undefined ? row : { ...row, exitReason: redact(row.exitReason) },
    );
    const { summary, recentEvents, originSources } = snapshot;
    const texts = redactDeep({ summary, recentEvents, originSources }, redact);
    const shown = { ...snapshot, ...texts, clients, operations: this.operations.book.read(atMs) };
    this.#latest = shown;
    this.#html?.add(shown);
    this.#health.record(shown);
    return shown;
  }

  /** Nothing is measured from here on: the account ends at this instant, whatever is still read about the time before. */
  noteEnd(): void {
    this.#endsAtMs = this.#options.clock.nowMs();
  }

  /** The last word: closes the account, writes the files. Returns the final snapshot and what was written. */
  async end(): Promise<{
    snapshot: Snapshot | undefined;
    files: readonly (readonly [string, string])[];
    failed: boolean;
  }> {
    const { options, clock, stderr } = this.#options;
    // What the disk refuses must be in the last account, not found out after it.
    await this.#journal?.flush();
    const atMs = this.#endsAtMs ?? clock.nowMs();
    // One instant for closing and reading, and in the journal: a replay closes and reads at the same one.
    if (this.#ledger !== undefined) this.hub.emit({ type: 'end', atMs });
    const snapshot = this.tick(atMs);
    const files: [string, string][] = [];
    let failed = false;
    if (this.#journal !== undefined && snapshot !== undefined) {
      await this.#journal.end(snapshot.summary);
      failed = this.#journal.failure !== undefined;
      if (options.journal !== undefined) files.push([failed ? 'journal (incomplete)' : 'journal', options.journal]);
    }
    if (snapshot === undefined) return { snapshot, files, failed };
    for (const [what, path, written] of this.#reports(snapshot)) {
      try {
        await written();
        files.push([what, path]);
      } catch (error) {
        failed = true;
        stderr.write(`hls-swarm: ${messageOf(error)}\n`);
      }
    }
    return { snapshot, files, failed };
  }

  /** What is written once, in the end. */
  #reports(snapshot: Snapshot): readonly (readonly [what: string, path: string, write: () => Promise<void>])[] {
    const { report, html } = this.#options.options;
    const page = this.#html;
    return [
      ...(report === undefined ? [] : [['report', report, () => writeReport(report, snapshot.summary)] as const]),
      ...(html === undefined || page === undefined ? [] : [['page', html, () => page.write(snapshot)] as const]),
    ];
  }

  async close(): Promise<void> {
    await this.#journal?.abandon();
    await this.#server?.close();
  }

  #serverOptions(): ControlServerOptions {
    const { options, redact, url, isTapped, isReady, clients, debugClient } = this.#options;
    const latest = (): Snapshot | undefined => this.#latest;
    const facts = {
      url: redact(url),
      configuredDurationSeconds: msToSeconds(options.durationMs),
      isTapped,
      hasClientSeries: options.promClientMetrics,
    };
    return {
      ...options.metrics,
      latest,
      metrics: createMetrics({ latest, facts }),
      health: () => this.#health.assess(),
      isReady,
      clients,
      debugClient,
      operations: (windowSeconds) => this.operations.read(windowSeconds),
    };
  }

  async #openJournal(): Promise<Journal | undefined> {
    const { clock, options, stderr } = this.#options;
    if (options.journal === undefined) return undefined;
    return openJournal(options.journal, {
      onLost: (records) => this.hub.emit({ type: 'lost', atMs: clock.nowMs(), where: 'journal', records }),
      onFailure: (message) => stderr.write(`hls-swarm: ${message}\n`),
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
