// What `--check` found, as one value for people and scripts: what playlists promise beside what came. Pure.
// It measures nothing; the preflight looked, one client played, and this puts both side by side.
import type { ConnectionFacts, TlsFacts } from '../fetch-answer.ts';
import type { StreamDescription } from '../hls/stream-description.ts';
import type { Delivery, PlayedPlaylist } from '../stats/check-book.ts';
import type { Snapshot, Summary } from '../stats/summary.ts';

export interface CheckReport {
  readonly schema: 'hls-swarm/check@1';
  readonly url: string;
  readonly checks: readonly {
    readonly name: string;
    readonly level: 'ok' | 'warn' | 'fail';
    readonly detail: string;
  }[];
  readonly answer?: CheckAnswer;
  readonly stream: CheckStream;
  /** Absent without the tap: then nobody saw what came. */
  readonly delivery?: Delivery;
  readonly sources: { readonly segmentSizes: SourceState; readonly originMetrics: SourceState };
  /** Of the instrument during the check, and why it is no better. */
  readonly verdict: Summary['instrument']['verdict'];
  readonly reasons: readonly string[];
  readonly findings: readonly { readonly code: string; readonly evidence: string }[];
}

/** How the asked URL itself answered. */
export interface CheckAnswer {
  readonly status: number;
  readonly url: string;
  readonly mediaType?: string;
  readonly address?: string;
  readonly tls?: TlsFacts;
  readonly redirects: readonly string[];
  /** Those that caches and servers sign with. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface CheckStream extends Partial<Omit<StreamDescription, 'variants'>> {
  readonly type: 'hls' | 'mpegts';
  readonly isLive: boolean;
  readonly variants?: readonly CheckVariant[];
  /** Of a stream without variants. */
  readonly measuredBitsPerSecond?: number;
}

export interface CheckVariant {
  /** As `--variant` takes it. */
  readonly index: number;
  readonly url: string;
  readonly resolution?: string;
  readonly bandwidthBitsPerSecond?: number;
  readonly averageBandwidthBitsPerSecond?: number;
  readonly codecs?: string;
  readonly audioGroup?: string;
  /** Absent where no segment of it came. */
  readonly measuredBitsPerSecond?: number;
}

export interface SourceState {
  readonly state: 'not asked for' | 'reachable' | 'not reachable';
  readonly detail?: string;
}

export interface CheckInput {
  readonly url: string;
  readonly checks: CheckReport['checks'];
  readonly isHls: boolean;
  readonly isLive: boolean;
  readonly answer?: {
    readonly status: number;
    readonly url: string;
    readonly mediaType?: string;
    readonly redirects: readonly string[];
    readonly fields: Readonly<Record<string, string>>;
    readonly connection: ConnectionFacts;
  };
  readonly description?: StreamDescription;
  readonly delivery?: Delivery;
  /** Asked for by an option. */
  readonly asksSizes: boolean;
  readonly asksMetrics: boolean;
  readonly snapshot: Snapshot;
}

const SHOWN_FIELDS: readonly string[] = [
  ...['server', 'via', 'cache-status', 'x-cache', 'x-cache-status', 'cf-cache-status', 'age', 'cache-control'],
];

export function checkReport(input: CheckInput): CheckReport {
  const { url, checks, answer, delivery, snapshot } = input;
  const { instrument, findings } = snapshot.summary;
  return {
    schema: 'hls-swarm/check@1',
    url,
    checks: checks.map(({ name, level, detail }) => ({ name, level, detail })),
    ...(answer === undefined ? {} : { answer: answerOf(answer) }),
    stream: streamOf(input),
    ...(delivery === undefined ? {} : { delivery }),
    sources: { segmentSizes: sizesState(input), originMetrics: metricsState(input) },
    verdict: instrument.verdict,
    reasons: instrument.reasons,
    findings: findings.map(({ code, evidence }) => ({ code, evidence })),
  };
}

function answerOf({ connection, fields, ...answer }: NonNullable<CheckInput['answer']>): CheckAnswer {
  const shown = SHOWN_FIELDS.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]] as const]));
  return { ...answer, ...connection, fields: Object.fromEntries(shown) };
}

function streamOf({ isHls, isLive, description, delivery }: CheckInput): CheckStream {
  const played = delivery?.playlists ?? [];
  const type = isHls ? 'hls' : 'mpegts';
  const { variants = [], ...promised } = description ?? {};
  const only = variants.length > 0 ? undefined : played.find(hasRate)?.bitsPerSecond;
  return {
    ...promised,
    type,
    isLive,
    ...(variants.length === 0 ? {} : { variants: variants.map((variant, index) => variantOf(variant, index, played)) }),
    ...(only === undefined ? {} : { measuredBitsPerSecond: only }),
  };
}

function variantOf(
  variant: StreamDescription['variants'][number],
  index: number,
  played: readonly PlayedPlaylist[],
): CheckVariant {
  const measured = played.find(({ url }) => url === variant.url)?.bitsPerSecond;
  return { index, ...variant, ...(measured === undefined ? {} : { measuredBitsPerSecond: measured }) };
}

function hasRate({ bitsPerSecond }: PlayedPlaylist): boolean {
  return bitsPerSecond !== undefined;
}

function sizesState({ asksSizes, snapshot: { lastListing } }: CheckInput): SourceState {
  if (!asksSizes) return { state: 'not asked for' };
  if (lastListing?.ok === true) return { state: 'reachable', detail: `${lastListing.entries ?? 0} names` };
  return { state: 'not reachable', detail: lastListing?.reason ?? 'it was not answered while the client played' };
}

function metricsState({ asksMetrics, snapshot: { summary } }: CheckInput): SourceState {
  const { available, sources, reason } = summary.origin;
  if (!asksMetrics) return { state: 'not asked for' };
  if (available) return { state: 'reachable', detail: sources.join(', ') };
  return { state: 'not reachable', detail: reason ?? 'it was not answered while the client played' };
}
