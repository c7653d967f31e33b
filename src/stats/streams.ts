// Long-lived bodies (kind `stream`): those open now as the tap last told them, and what became of the others.
// It ends none and times none; a stream's record, when it comes, replaces all that was told before.
import type { SampleEvent, StreamEvent, Termination, TransferEvent, TransportStreamCheck } from '../events.ts';
import { msToSeconds } from '../units.ts';
import type { ProxySummary, StreamRow } from './summary.ts';
import { ThroughputTracker } from './throughput.ts';
import { withoutAbsent } from './without-absent.ts';

/** Open streams kept apart: four connections of each of the most doors there can be. */
export const MAX_OPEN_STREAMS = 20_000;

interface Open {
  readonly last: StreamEvent;
  /** Over the time between its last two events. */
  readonly bytesPerSecond: number | undefined;
}

type Transferred = Pick<TransferEvent, 'contentBytes' | 'longestGapMs' | 'clientBlockedMs' | 'transportStream'>;

export class StreamAccount {
  readonly throughput: ThroughputTracker = new ThroughputTracker();
  /** By connection and request. */
  readonly #open = new Map<string, Open>();
  readonly #endings = new Map<Termination, number>();
  readonly #ended = new Totals();
  #endedStreams = 0;
  #ignored = 0;

  /** Events of streams beyond the limit: those streams count when they end. */
  get ignored(): number {
    return this.#ignored;
  }

  stream(event: StreamEvent): void {
    const key = keyOf(event);
    const before = this.#open.get(key)?.last;
    if (before === undefined && this.#open.size >= MAX_OPEN_STREAMS) {
      this.#ignored += 1;
      return;
    }
    this.#open.set(key, { last: event, bytesPerSecond: before === undefined ? undefined : rate(before, event) });
  }

  /** Any transfer: what was told as a stream may have turned out to be none. */
  transfer(event: TransferEvent): void {
    this.#open.delete(keyOf(event));
    if (event.kind !== 'stream') return;
    this.#endedStreams += 1;
    this.#endings.set(event.termination, (this.#endings.get(event.termination) ?? 0) + 1);
    this.#ended.add(event);
  }

  sampled(event: SampleEvent): void {
    this.throughput.setTotal(event.contentBytesByKind.stream);
    this.throughput.sample(event.atMs);
  }

  /** `beganAtMs`: when the run began; what the rate over all of it counts from. */
  read(beganAtMs?: number): ProxySummary['streams'] {
    const totals = new Totals(this.#ended);
    for (const { last } of this.#open.values()) totals.add(last);
    return withoutAbsent<ProxySummary['streams']>({
      open: this.#open.size,
      opened: this.#endedStreams + this.#open.size,
      endings: Object.fromEntries(this.#endings),
      contentBytes: totals.contentBytes,
      longestGapMs: totals.longestGapMs,
      clientBlockedMs: totals.clientBlockedMs,
      throughput: this.throughput.read(beganAtMs),
      transportStream: totals.transportStream,
    });
  }

  /** Open streams as of their last event, those in trouble first, then by client. */
  readRows(atMs: number): StreamRow[] {
    const rows = [...this.#open.values()].map(({ last, bytesPerSecond }) =>
      withoutAbsent<StreamRow>({
        client: last.client,
        connection: last.connection,
        requestIndex: last.requestIndex,
        ageMs: Math.max(0, atMs - last.startedAtMs),
        contentBytes: last.contentBytes,
        bytesPerSecond,
        longestGapMs: last.longestGapMs,
        clientBlockedMs: last.clientBlockedMs,
        state: last.state,
        transportStream: last.transportStream,
      }),
    );
    return rows.sort((one, other) => trouble(other) - trouble(one) || one.client - other.client);
  }

  /** Content of open streams by client: what no record counts yet. */
  readOpenBytes(): ReadonlyMap<number, number> {
    const bytes = new Map<number, number>();
    for (const { last } of this.#open.values())
      bytes.set(last.client, (bytes.get(last.client) ?? 0) + last.contentBytes);
    return bytes;
  }
}

/** Sums over streams; the gap is the longest of all. What nobody measured stays absent. */
class Totals {
  contentBytes = 0;
  clientBlockedMs = 0;
  longestGapMs: number | undefined;
  transportStream: TransportStreamCheck | undefined;

  constructor(from?: Totals) {
    if (from !== undefined) Object.assign(this, from);
  }

  add({ contentBytes, clientBlockedMs, longestGapMs, transportStream }: Transferred): void {
    this.contentBytes += contentBytes;
    this.clientBlockedMs += clientBlockedMs;
    this.longestGapMs = Math.max(this.longestGapMs ?? 0, longestGapMs);
    if (transportStream === undefined) return;
    const { packets = 0, syncLosses = 0, continuityErrors = 0 } = this.transportStream ?? {};
    this.transportStream = {
      packets: packets + transportStream.packets,
      syncLosses: syncLosses + transportStream.syncLosses,
      continuityErrors: continuityErrors + transportStream.continuityErrors,
    };
  }
}

const TROUBLE: Readonly<Record<StreamRow['state'], number>> = {
  silent: 3,
  'client-blocked': 2,
  waiting: 1,
  flowing: 0,
};

function trouble({ state }: StreamRow): number {
  return TROUBLE[state];
}

function rate(before: StreamEvent, event: StreamEvent): number | undefined {
  const seconds = msToSeconds(event.atMs - before.atMs);
  return seconds > 0 ? (event.contentBytes - before.contentBytes) / seconds : undefined;
}

function keyOf({ connection, requestIndex }: Pick<StreamEvent, 'connection' | 'requestIndex'>): string {
  return `${connection}/${requestIndex}`;
}
