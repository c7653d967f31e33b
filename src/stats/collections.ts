// How often each source of the origin was collected, with what result, and what was in the last good answer beside figures:
// which network devices were summed, in which states connections were, how many lines a log had.
// It adds up no octets (origin-account.ts does) and judges no age (origin-sources.ts does).
import type { ListingEvent, NetworkDevice, OriginSampleEvent } from '../events.ts';
import type { Summary } from './summary.ts';
import { withoutAbsent } from './without-absent.ts';

type Collection = Summary['origin']['collections'][number];

/** Names that are remembered; hosts of containers invent them without end, and later ones are in the sum only. */
const MAX_NAMES = 1_000;
/** The listing of segment sizes, beside the sources of `origin-sample`. */
const LISTING = 'segment_sizes';

interface Source {
  succeeded: number;
  failed: number;
  intervalSeconds: number | undefined;
  reason: string | undefined;
  good: OriginSampleEvent | undefined;
  /** Totals of each device when it was seen first: the zero of what is told of it. */
  readonly firstSeen: Map<string, NetworkDevice>;
}

export class Collections {
  readonly #sources = new Map<string, Source>();

  sampled(event: OriginSampleEvent): void {
    const source = this.#count(event.source, event);
    if (!event.ok) return;
    source.good = event;
    for (const device of event.networkDevices ?? []) {
      if (!source.firstSeen.has(device.name) && source.firstSeen.size < MAX_NAMES)
        source.firstSeen.set(device.name, device);
    }
  }

  listing(event: ListingEvent): void {
    this.#count(LISTING, event);
  }

  /** In the order in which they were first heard of. */
  read(): readonly Collection[] {
    return [...this.#sources].map(([name, source]) => {
      const { good } = source;
      return withoutAbsent<Collection>({
        source: name,
        succeeded: source.succeeded,
        failed: source.failed,
        intervalSeconds: source.intervalSeconds,
        reason: source.reason,
        devices: good?.networkDevices?.flatMap((device) => sinceFirstSeen(device, source.firstSeen.get(device.name))),
        connectionStates: statesOf(good),
        logLines: good?.logLines,
        unusableLogLines: good?.unusableLogLines,
      });
    });
  }

  #count(
    name: string,
    { ok, reason, intervalSeconds }: Pick<OriginSampleEvent, 'ok' | 'reason' | 'intervalSeconds'>,
  ): Source {
    const known = this.#sources.get(name);
    const source = known ?? {
      succeeded: 0,
      failed: 0,
      intervalSeconds: undefined,
      reason: undefined,
      good: undefined,
      firstSeen: new Map(),
    };
    this.#sources.set(name, source);
    source[ok ? 'succeeded' : 'failed'] += 1;
    source.reason = reason;
    source.intervalSeconds = intervalSeconds ?? source.intervalSeconds;
    return source;
  }
}

function sinceFirstSeen(
  { name, sentBytesTotal, receivedBytesTotal }: NetworkDevice,
  first: NetworkDevice | undefined,
): NonNullable<Collection['devices']> {
  if (first === undefined) return [];
  const received = receivedBytesTotal === undefined ? undefined : receivedBytesTotal - (first.receivedBytesTotal ?? 0);
  const sentBytes = sentBytesTotal - first.sentBytesTotal;
  return [{ name, sentBytes, ...(received === undefined ? {} : { receivedBytes: received }) }];
}

function statesOf(good: OriginSampleEvent | undefined): Collection['connectionStates'] {
  const { connectionsReading: reading, connectionsWriting: writing, connectionsWaiting: waiting } = good ?? {};
  if (reading === undefined || writing === undefined || waiting === undefined) return undefined;
  return { reading, writing, waiting };
}
