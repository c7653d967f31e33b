// The one place where events become accounts: everything comes in through `record`, everything goes out as a Snapshot.
// It does no I/O, reads no clock and keeps no events; reading never changes state, so a journal replayed gives the same.
import type { Event, ParsedEvent, PlaylistEvent, SampleEvent, TransferEvent } from '../events.ts';
import { secondsToMs } from '../units.ts';
import type { AwaitedLines } from './access-log-join.ts';
import { type AccountOptions, type Accounts, openAccounts } from './accounts.ts';
import { FindingWatch } from './finding-watch.ts';
import { LogPlaylistWatch } from './log-playlist-watch.ts';
import type { OpenTransfers } from './pairing.ts';
import type { LineFate } from './pairing-process.ts';
import type { LineNote } from './parser-requests.ts';
import { PlaylistWatch } from './playlist-watch.ts';
import { isOk } from './proxy-account.ts';
import { assembleSnapshot, type RunSettings, type RunState, readEstimators } from './snapshot.ts';
import type { Snapshot } from './summary.ts';
import { isTunnelled } from './tunnels.ts';

/** Beside the facts of the run (the journal's first line) the ledger needs nothing but events. */
export interface LedgerOptions extends AccountOptions, RunSettings {}

type Routes = { readonly [Type in Event['type']]: (event: Event & { readonly type: Type }) => void };

/** Lines that arrived during a longer delay of the main thread are stamped too late to time anything (MEASURING section 3). */
const LATE_LINES_MS = 20;
/** Of a thread of the tap. Shorter delays stay below what a line and its request may be apart anyway. */
const LATE_REQUESTS_MS = 500;

export class Ledger {
  readonly #options: LedgerOptions;
  readonly #routes: Routes;
  readonly #accounts: Accounts;
  readonly #playlists: PlaylistWatch;
  readonly #unseenPlaylists: LogPlaylistWatch;
  readonly #watch: FindingWatch;
  #ticks = 0;
  #beganAtMs: number | undefined;
  #endedAtMs: number | undefined;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#accounts = openAccounts(options);
    this.#playlists = new PlaylistWatch(this.#accounts.findings);
    this.#unseenPlaylists = new LogPlaylistWatch(this.#accounts.findings, options.run);
    this.#watch = new FindingWatch(this.#accounts.findings, this.#accounts);
    this.#routes = this.#route();
  }

  /** Takes one event in. Records of different clients may interleave in any way. */
  record<Type extends Event['type']>(event: Event & { readonly type: Type }): void {
    this.#routes[event.type](event);
  }

  /** The run is over and every record has come: what is still open is judged now. Call it once; then read. */
  finish(atMs: number): void {
    this.#endedAtMs = atMs;
    this.#accounts.parser.lookup.finish();
    this.#accounts.pairing.finish();
    this.#accounts.errors.settle();
    this.#accounts.join.finish(atMs);
    this.#accounts.origin.logRead(atMs, this.#accounts.join.read(atMs));
    this.#watch.finish(atMs);
  }

  /** What a log that is followed to its end still owes. */
  get awaitedLogLines(): AwaitedLines {
    return this.#accounts.join.awaited;
  }

  /** Everything at `atMs` (monotonic) and `wallMs` (Unix). Any number of readers at any rate see the same numbers. */
  snapshot(atMs: number, wallMs: number): Snapshot {
    const state: RunState = {
      tick: this.#ticks,
      beganAtMs: this.#accounts.clients.firstStartMs ?? this.#beganAtMs,
      endedAtMs: this.#endedAtMs,
    };
    return assembleSnapshot(this.#options, this.#accounts, state, atMs, wallMs);
  }

  /** Which accounts an event concerns. */
  #route(): Routes {
    const { proxy, clients, parser, origin, originSources, collections, instrument, join } = this.#accounts;
    const { variants, figures, findings, listings, streams } = this.#accounts;
    return {
      run: () => {},
      stream: (event) => {
        this.#began(event.startedAtMs);
        streams.stream(event);
        clients.stream(event);
      },
      calibration: (event) => instrument.calibrated(event),
      transfer: (event) => this.#transfer(event),
      parsed: (event) => this.#parsed(event),
      sample: (event) => this.#sample(event),
      client: (event) => this.#client(event),
      connection: (event) => {
        proxy.connection(event);
        instrument.connection(event);
        origin.connection(event);
        join.connection(event);
        this.#watch.connection(event);
      },
      batch: (event) => instrument.batch(event),
      lost: (event) => instrument.lost(event),
      playlist: (event) => this.#playlist(event),
      variants: (event) => variants.variants(event),
      'segment-listed'(event) {
        clients.segmentListed(event);
        variants.segmentListed(event);
      },
      progress(event) {
        clients.progress(event);
        figures.progress(event);
      },
      lines(event) {
        parser.linesRead(event);
        instrument.linesRead(event);
      },
      listing(event) {
        parser.listing(event);
        listings.listing(event);
        origin.listing(event);
        collections.listing(event);
      },
      'origin-sample'(event) {
        origin.sampled(event);
        originSources.sampled(event);
        collections.sampled(event);
      },
      'origin-request'(event) {
        join.originRequest(event);
        origin.logged(event);
      },
      finding: (event) => findings.event(event),
      end: ({ atMs }) => this.finish(atMs),
    };
  }

  #transfer(event: TransferEvent): void {
    const { proxy, instrument, pairing, join, rates, streams, errors, recent } = this.#accounts;
    this.#began(event.startedAtMs);
    proxy.transfer(event);
    instrument.transfer(event);
    pairing.transfer(event);
    errors.transfer(event);
    if (this.#options.run.hasAccessLog !== false) join.transfer(event);
    rates.transfer(event);
    streams.transfer(event);
    recent.transfer(event);
    this.#playlists.transfer(event);
    this.#watch.transfer(event);
    this.#askedFor(this.#accounts.redirects.original(event));
  }

  /** What playlists list and the log announces is what was asked for, wherever the origin sent the client from there. */
  #askedFor(event: TransferEvent): void {
    const { clients, figures, variants, durations } = this.#accounts;
    figures.transfer(event);
    clients.transfer(event);
    variants.transfer(event);
    if (event.kind === 'segment' && isOk(event) && event.process > 0) durations.transfer(event);
  }

  #began(atMs: number): void {
    this.#beganAtMs = Math.min(this.#beganAtMs ?? atMs, atMs);
  }

  #playlist(event: PlaylistEvent): void {
    const { clients, listingNeed } = this.#accounts;
    clients.playlist(event);
    listingNeed.playlist(event);
    this.#playlists.playlist(event);
  }

  #parsed(event: ParsedEvent): void {
    const { parser, figures, errors } = this.#accounts;
    figures.parsed(event);
    const note = parser.record(event);
    this.#unseenPlaylists.parsed(event, note?.guess === 'playlist');
    const fate = note === undefined ? undefined : this.#asked(event, note);
    errors.parsed(event, note, fate);
  }

  /** A line that names a request: it has a transfer, where requests are seen. */
  #asked(event: ParsedEvent, note: LineNote): LineFate | undefined {
    const { pairing, rates } = this.#accounts;
    const { run } = this.#options;
    if (event.rule !== 'request' && event.rule !== 'hls-request') return undefined;
    if (!run.isTapped || isTunnelled(run, event.url)) rates.line(event, note.guess);
    else if (event.rule === 'request') return pairing.request(event, note);
    else pairing.hlsRequest(event, note);
    return undefined;
  }

  #client(event: Event & { readonly type: 'client' }): void {
    const { parser, clients, figures, pairing, errors, recent } = this.#accounts;
    const { client, process, atMs } = event;
    clients.event(event);
    recent.client(event);
    this.#playlists.client(event);
    if (event.event === 'start') {
      figures.started(client, process, atMs);
      pairing.processStarted(client, process);
    } else if (event.event === 'stop') {
      parser.processOver(client, process, true);
      pairing.processStopping(client, process, atMs);
      errors.stopping(client, process, atMs);
    } else if (event.event === 'exit') {
      parser.processOver(client, process, event.category === 'stopped' || event.category === 'signal');
      figures.ended(event);
      pairing.processEnded(client, process);
    }
  }

  /** Once per second: what only time can show. */
  #sample(event: SampleEvent): void {
    const { proxy, parser, clients, origin, join, instrument, pairing, rates, streams, estimatorWindows, errors } =
      this.#accounts;
    this.#ticks += 1;
    const { sample: previous } = proxy;
    if (previous !== undefined && (event.mainLoopDelayMaxMs ?? 0) > LATE_LINES_MS)
      pairing.linesWereLate(previous.atMs, event.atMs);
    // What that delay is told of may have been over for two seconds.
    if ((event.tapLoopDelayMaxMs ?? 0) > LATE_REQUESTS_MS)
      pairing.requestsWereLate((previous?.atMs ?? 0) - secondsToMs(2), event.atMs);
    proxy.sampled(event);
    streams.sampled(event);
    origin.metersRead(event);
    origin.logRead(event.atMs, join.read(event.atMs));
    instrument.sampled(event);
    parser.throughput.sample(event.atMs);
    rates.tick(event.atMs);
    const behindLiveMs = clients.tick(event.atMs);
    if (this.#options.run.isTapped) pairing.settle(event.atMs, openTransfersOf(event));
    errors.settle();
    this.#followNeed(behindLiveMs);
    estimatorWindows.tick(event.atMs, readEstimators(this.#options, this.#accounts));
    this.#playlists.tick(event.atMs);
    this.#unseenPlaylists.tick(event.atMs);
    this.#watch.tick(event.atMs);
  }

  /** Where the user gave no window, the listing is kept as far back as its clients may ask. */
  #followNeed(behindLiveMs: number | undefined): void {
    const { parser, listingNeed } = this.#accounts;
    if (this.#options.segmentCacheWindow !== undefined) return;
    listingNeed.tick(behindLiveMs);
    if (listingNeed.window !== undefined) parser.lookup.table.setWindow(listingNeed.window);
  }
}

/** A sample that does not name the clients says at least whether there is one; a client not known to be quiet may be open. */
function openTransfersOf({ meters, clientsWithOpenTransfers }: SampleEvent): OpenTransfers {
  const isSomethingOpen = (meters['openTransfers'] ?? 1) > 0;
  if (clientsWithOpenTransfers === undefined) return { hasOpenTransfers: () => isSomethingOpen };
  const open = new Set(clientsWithOpenTransfers);
  return { hasOpenTransfers: (client) => open.has(client) };
}
