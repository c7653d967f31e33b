// The reference: what the tap recorded, by kind, with the populations that MEASURING section 3 allows into each quantile.
// It takes finished transfers and live meters as they come; it infers nothing and knows neither parser nor origin.
import {
  type CacheStatus,
  type ConnectionEvent,
  INJECTED,
  type Injected,
  KINDS,
  type Kind,
  type SampleEvent,
  type Termination,
  type TransferEvent,
} from '../events.ts';
import { msToSeconds } from '../units.ts';
import { BucketCounter, PhaseQuantiles } from './quantiles.ts';
import { ServingAccount } from './serving-account.ts';
import { type KindSummary, PHASES, type Phase, type ProxySummary, type Snapshot } from './summary.ts';
import { ThroughputTracker } from './throughput.ts';
import { isFailed, isTimedOut } from './transfer-failures.ts';

/** A transfer whose reading we paused longer than this share of `receive`, and than a blink, shows its client's pace. */
const CLIENT_LIMITED_SHARE = 0.05;
const CLIENT_LIMITED_MS = 5;
/** Seconds; from the first octet of an origin on the same machine to a segment that takes longer than it plays. */
const PHASE_BOUNDS = [
  0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;
/** Phases that a connection's failure interrupts: their time is how long we waited for nothing. */
const DIAL_FAILURES: ReadonlySet<Termination> = new Set(['SC', 'sC', 'CC', 'KC', 'XD', 'XT', 'RC', 'PC', 'CQ', 'KQ']);

type PhaseName = keyof KindSummary['phases'];

interface KindAccount {
  transfers: number;
  complete: number;
  ok: number;
  failed: number;
  contentBytes: number;
  responseHeadBytes: number;
  interimHeadBytes: number;
  framingBytes: number;
  requestHeadBytes: number;
  deliveredBytes: number;
  clientLimited: number;
  injected: number;
  readonly statusCodes: Map<string, number>;
  readonly terminations: Map<Termination, number>;
  readonly cache: Record<CacheStatus, number>;
  readonly phases: Readonly<Record<PhaseName, PhaseQuantiles>>;
  readonly buckets: Readonly<Record<Phase, BucketCounter>>;
}

export class ProxyAccount {
  readonly segmentThroughput: ThroughputTracker = new ThroughputTracker();
  readonly allBytesThroughput: ThroughputTracker = new ThroughputTracker();
  readonly #kinds = new Map<Kind, KindAccount>();
  readonly #terminations = new Map<Termination, number>();
  readonly #injected = new Map<Injected, number>();
  readonly #serving = new ServingAccount();
  readonly #clientTimeoutMs: number | undefined;
  #transfers = 0;
  #timeouts = 0;
  #connections = 0;
  #upstreamConnections = 0;
  #sample: SampleEvent | undefined;

  /** `clientTimeoutMs`: after how much silence a client gives an answer up, where it is known. */
  constructor(clientTimeoutMs?: number) {
    this.#clientTimeoutMs = clientTimeoutMs;
  }

  /** The last reading of the live meters. */
  get sample(): SampleEvent | undefined {
    return this.#sample;
  }

  get transfers(): number {
    return this.#transfers;
  }

  transfer(event: TransferEvent): void {
    this.#transfers += 1;
    this.#terminations.set(event.termination, (this.#terminations.get(event.termination) ?? 0) + 1);
    const account = this.#accountOf(event.kind);
    if (isTimedOut(event, this.#clientTimeoutMs)) this.#timeouts += 1;
    if (isFailed(event, this.#clientTimeoutMs)) account.failed += 1;
    addCounts(account, event);
    addPhases(account, event);
    if (event.injected !== null) this.#injected.set(event.injected, (this.#injected.get(event.injected) ?? 0) + 1);
    if (!isAnswer(event)) return;
    account.cache[event.cache] += 1;
    this.#serving.answered(event, hasSuccessHead(event) ? event.phases.waitMs : undefined, endOf(event));
  }

  connection(event: ConnectionEvent): void {
    this.#connections += 1;
    if (event.upstreamConnection !== undefined) this.#upstreamConnections += 1;
  }

  /** The meters run ahead of the records: throughput follows the octets as they pass, not the transfers as they end. */
  sampled(event: SampleEvent): void {
    this.#sample = event;
    this.segmentThroughput.setTotal(event.contentBytesByKind.segment);
    this.segmentThroughput.sample(event.atMs);
    this.allBytesThroughput.setTotal(sentBytes(event.meters));
    this.allBytesThroughput.sample(event.atMs);
  }

  /** Sum of one figure over all kinds. */
  sum(
    figure: 'contentBytes' | 'responseHeadBytes' | 'interimHeadBytes' | 'framingBytes',
    kinds?: readonly Kind[],
  ): number {
    let total = 0;
    for (const kind of kinds ?? KINDS) total += this.#kinds.get(kind)?.[figure] ?? 0;
    return total;
  }

  count(kinds: readonly Kind[]): number {
    return kinds.reduce((total, kind) => total + (this.#kinds.get(kind)?.transfers ?? 0), 0);
  }

  /** `beganAtMs`: when the run began; what the rates over all of it count from. */
  read(atMs: number, beganAtMs?: number): Omit<ProxySummary, 'unselectedVariantBytes' | 'streams' | 'hasTunnels'> {
    const meters = this.#sample?.meters;
    return {
      connections: Math.max(meters?.['connections'] ?? 0, this.#connections),
      upstreamConnections: Math.max(meters?.['upstreamConnections'] ?? 0, this.#upstreamConnections),
      transfers: this.#transfers,
      byKind: Object.fromEntries(inOrder(this.#kinds).map(([kind, account]) => [kind, readKind(account, atMs)])),
      ...this.#serving.read(atMs),
      terminations: Object.fromEntries(this.#terminations),
      injected: Object.fromEntries(
        INJECTED.map((fault) => [fault, this.#injected.get(fault) ?? 0]),
      ) as ProxySummary['injected'],
      timeouts: this.#timeouts,
      opaqueBytes: meters?.['opaqueBytes'] ?? 0,
      throughput: this.segmentThroughput.read(beganAtMs),
      allBytesThroughput: this.allBytesThroughput.read(beganAtMs),
    };
  }

  readPhaseBuckets(): Snapshot['phaseBuckets'] {
    return inOrder(this.#kinds).flatMap(([kind, account]) =>
      PHASES.map((phase) => ({ kind, phase, buckets: account.buckets[phase].read() })),
    );
  }

  #accountOf(kind: Kind): KindAccount {
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    const account = newKindAccount();
    this.#kinds.set(kind, account);
    return account;
  }
}

/** Final 2xx, ended by nobody, all of it there: the population of `receive` and `total`. */
export function isOk(event: TransferEvent): boolean {
  return hasSuccessHead(event) && isComplete(event);
}

export function isClientLimited(event: TransferEvent): boolean {
  const receiveMs = event.phases.receiveMs ?? 0;
  return event.clientBlockedMs > Math.max(receiveMs * CLIENT_LIMITED_SHARE, CLIENT_LIMITED_MS);
}

/** Response octets by the live meters: heads, interim heads, framing and content of every kind. */
export function sentBytes(meters: Readonly<Record<string, number>>): number {
  const names = ['responseHeadBytes', 'interimHeadBytes', 'framingBytes', 'contentBytes'];
  return names.reduce((sum, name) => sum + (meters[name] ?? 0), 0);
}

/** Of an origin, or of a cache before it: only such a head says who served. */
function isAnswer(event: TransferEvent): boolean {
  return event.status !== undefined && event.injected === null;
}

/** The population of `wait`. */
export function hasSuccessHead(event: TransferEvent): boolean {
  return event.status !== undefined && event.status >= 200 && event.status < 300;
}

function isComplete(event: TransferEvent): boolean {
  return event.termination === '--' && (event.integrity === 'complete' || event.integrity === 'unknown-length');
}

function endOf(event: TransferEvent): number {
  return event.startedAtMs + event.totalMs;
}

function addCounts(account: KindAccount, event: TransferEvent): void {
  account.transfers += 1;
  if (isComplete(event)) account.complete += 1;
  if (isOk(event)) account.ok += 1;
  if (event.injected !== null) account.injected += 1;
  else if (isOk(event) && isClientLimited(event)) account.clientLimited += 1;
  account.contentBytes += event.contentBytes;
  account.responseHeadBytes += event.responseHeadBytes;
  account.interimHeadBytes += event.interimHeadBytes;
  account.framingBytes += event.framingBytes;
  account.requestHeadBytes += event.requestHeadBytes;
  account.deliveredBytes += event.deliveredBytes;
  const status = event.status === undefined ? 'none' : String(event.status);
  account.statusCodes.set(status, (account.statusCodes.get(status) ?? 0) + 1);
  account.terminations.set(event.termination, (account.terminations.get(event.termination) ?? 0) + 1);
}

function addPhases(account: KindAccount, event: TransferEvent): void {
  // Its times are ours, not the origin's.
  if (event.injected !== null) return;
  const endedAtMs = endOf(event);
  const { dnsMs, connectMs, tlsMs, waitMs, receiveMs } = event.phases;
  if (!DIAL_FAILURES.has(event.termination)) {
    record(account, 'dns', dnsMs, endedAtMs);
    record(account, 'connect', connectMs, endedAtMs);
    record(account, 'tls', tlsMs, endedAtMs);
  }
  if (hasSuccessHead(event)) record(account, 'wait', waitMs, endedAtMs);
  // How long a stream lasted is its player's doing.
  if (!isOk(event) || event.kind === 'stream') return;
  record(account, 'clientBlocked', event.clientBlockedMs, endedAtMs);
  if (isClientLimited(event)) return;
  record(account, 'receive', receiveMs, endedAtMs);
  record(account, 'total', event.totalMs, endedAtMs);
}

function record({ phases, buckets }: KindAccount, phase: Phase, ms: number | undefined, atMs: number): void {
  if (ms === undefined) return;
  phases[`${phase}Ms`].record(ms, atMs);
  buckets[phase].observe(msToSeconds(ms));
}

function newKindAccount(): KindAccount {
  return {
    transfers: 0,
    complete: 0,
    ok: 0,
    failed: 0,
    contentBytes: 0,
    responseHeadBytes: 0,
    interimHeadBytes: 0,
    framingBytes: 0,
    requestHeadBytes: 0,
    deliveredBytes: 0,
    clientLimited: 0,
    injected: 0,
    statusCodes: new Map(),
    terminations: new Map(),
    cache: { hit: 0, miss: 0, other: 0, unknown: 0 },
    phases: {
      waitMs: new PhaseQuantiles(),
      receiveMs: new PhaseQuantiles(),
      totalMs: new PhaseQuantiles(),
      clientBlockedMs: new PhaseQuantiles(),
      dnsMs: new PhaseQuantiles(),
      connectMs: new PhaseQuantiles(),
      tlsMs: new PhaseQuantiles(),
    },
    buckets: {
      dns: new BucketCounter(PHASE_BOUNDS),
      connect: new BucketCounter(PHASE_BOUNDS),
      tls: new BucketCounter(PHASE_BOUNDS),
      wait: new BucketCounter(PHASE_BOUNDS),
      receive: new BucketCounter(PHASE_BOUNDS),
      total: new BucketCounter(PHASE_BOUNDS),
      clientBlocked: new BucketCounter(PHASE_BOUNDS),
    },
  };
}

function readKind(account: KindAccount, atMs: number): KindSummary {
  const { phases, buckets: _buckets, statusCodes, terminations, cache, ...counts } = account;
  return {
    ...counts,
    statusCodes: Object.fromEntries(statusCodes),
    terminations: Object.fromEntries(terminations),
    cache: { ...cache },
    phases: {
      waitMs: phases.waitMs.read(atMs),
      receiveMs: phases.receiveMs.read(atMs),
      totalMs: phases.totalMs.read(atMs),
      clientBlockedMs: phases.clientBlockedMs.read(atMs),
      dnsMs: phases.dnsMs.read(atMs),
      connectMs: phases.connectMs.read(atMs),
      tlsMs: phases.tlsMs.read(atMs),
    },
  };
}

/** Kinds in the order of the closed list, so that two runs read alike. */
function inOrder(kinds: ReadonlyMap<Kind, KindAccount>): [Kind, KindAccount][] {
  return KINDS.flatMap((kind) => {
    const account = kinds.get(kind);
    return account === undefined ? [] : [[kind, account] as [Kind, KindAccount]];
  });
}
