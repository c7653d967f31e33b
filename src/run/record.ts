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
import { Ledger } from '../stats/ledger.ts';
import type { Snapshot } from '../stats/summary.ts';
import { msToSeconds } from '../units.ts';
import { CannotMeasure } from './exit-codes.ts';
import { Hub } from './hub.ts';
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

  /** `http://HOST:PORT` of the control server. */
  get serverUrl(): string {
    return this.#server?.url ?? '';
  }

  get port(): number {
    return this.#server === undefined ? 0 : Number(new URL(this.#server.url).port);
  }

  /** Everything is known: the account begins. */
  begin(run: RunEvent, doorPorts: ReadonlyMap<number, number> | undefined): void {
    const recorded = withLedgerFacts(run, this.#options.options, doorPorts);
    this.#ledger = new Ledger(ledgerOptions(recorded));
    this.hub.open(recorded, this.#ledger, this.#journal);
  }

  /** One numbered snapshot; redacted, because every face shows it. */
  tick(atMs: number = this.#options.clock.nowMs()): Snapshot | undefined {
    const { clock, redact } = this.#options;
    const snapshot = this.#ledger?.snapshot(atMs, clock.wallMs());
    if (snapshot === undefined) return undefined;
    this.hub.tellFindings(snapshot.summary.findings, atMs);
    const clients = snapshot.clients.map((row) =>
      row.exitReason === undefined ? row : { ...row, exitReason: redact(row.exitReason) },
    );
    const shown = { ...snapshot, summary: redactDeep(snapshot.summary, redact), clients };
    this.#latest = shown;
    this.#health.record(shown);
    return shown;
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
    const atMs = clock.nowMs();
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
    if (options.report !== undefined && snapshot !== undefined) {
      try {
        await writeReport(options.report, snapshot.summary);
        files.push(['report', options.report]);
      } catch (error) {
        failed = true;
        stderr.write(`hls-swarm: ${messageOf(error)}\n`);
      }
    }
    return { snapshot, files, failed };
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
