// What the tap itself adds on this machine: measured on a tap of its own (one door, its own thread, meters and records that
// nobody else sees) against an origin of its own on loopback, asked directly and through the door in turn.
// It corrects no figure of a run: what it found is said beside them.
import { type Clock, clockFrom, clockOrigin } from '../clock.ts';
import { version } from '../config/version.ts';
import type { BatchEvent, CalibrationEvent } from '../events.ts';
import { Tap } from '../proxy/tap.ts';
import { MIB, secondsToMs, usToMs } from '../units.ts';
import { ANSWER_BYTES, CalibrationClient, CalibrationOrigin } from './calibration-rig.ts';

export type Calibration = Omit<CalibrationEvent, 'type' | 'atMs'>;

/** Shares of the time: warming up (not counted), small transfers, large ones. */
const WARM_SHARE = 0.2;
const SMALL_SHARE = 0.5;
/** Fewer pairs of a direct and a tapped transfer have no median worth the name. */
const ENOUGH_PAIRS = 10;
/** The tap tells its CPU with each batch: as often as a figure of some tens of milliseconds needs. */
const BATCH_INTERVAL_MS = 10;
/** Loopback connects at once or never. */
const DIAL_TIMEOUT_MS: number = secondsToMs(1);
const QUARTER = 0.25;
const HALF = 0.5;

export class CalibrationBench {
  readonly #tap: Tap;
  readonly #origin: CalibrationOrigin;
  readonly #direct: CalibrationClient;
  readonly #tapped: CalibrationClient;
  readonly #clock: Clock;
  readonly #batches: Batches;

  /** Rejects, with nothing left open, when this machine does not grant a thread, a port or a connection. */
  static async open(): Promise<CalibrationBench> {
    await using opening = new AsyncDisposableStack();
    const batches = new Batches();
    const zero = clockOrigin();
    const [origin, tap] = await Promise.all([
      CalibrationOrigin.open().then((opened) => opening.adopt(opened, (rig) => rig.close())),
      openTap(zero, batches).then((opened) => opening.adopt(opened, (rig) => rig.close())),
    ]);
    const agent = `hls-swarm-calibration/${version}`;
    const target = `http://127.0.0.1:${origin.port}`;
    const connect = async (port: number, prefix: string): Promise<CalibrationClient> =>
      opening.adopt(await CalibrationClient.open(port, prefix, agent), (client) => client.close());
    const direct = await connect(origin.port, '');
    const tapped = await connect(tap.ports.get(1) ?? 0, target);
    const bench = new CalibrationBench(tap, origin, direct, tapped, clockFrom(zero), batches);
    opening.move();
    return bench;
  }

  private constructor(
    tap: Tap,
    origin: CalibrationOrigin,
    direct: CalibrationClient,
    tapped: CalibrationClient,
    clock: Clock,
    batches: Batches,
  ) {
    this.#tap = tap;
    this.#origin = origin;
    this.#direct = direct;
    this.#tapped = tapped;
    this.#clock = clock;
    this.#batches = batches;
  }

  /** Takes about `limitMs`; undefined when it was ended or the machine too busy for enough transfers. */
  async measure(limitMs: number, signal?: AbortSignal): Promise<Calibration | undefined> {
    const endsAtMs = this.#clock.nowMs() + limitMs;
    const smallAtMs = endsAtMs - limitMs * (1 - WARM_SHARE);
    const largeAtMs = smallAtMs + limitMs * SMALL_SHARE;
    const isBefore = (atMs: number): boolean => this.#clock.nowMs() < atMs && signal?.aborted !== true;
    while (isBefore(smallAtMs)) await this.#pair();
    await this.#tapped.get('large');
    const before = await this.#batches.next();
    const addedMs: number[] = [];
    while (isBefore(largeAtMs)) addedMs.push(await this.#pair());
    const between = await this.#batches.next();
    let large = 0;
    for (; large === 0 || isBefore(endsAtMs); large += 1) await this.#tapped.get('large');
    const after = await this.#batches.next();
    if (addedMs.length < ENOUGH_PAIRS || signal?.aborted === true) return undefined;
    const cpuMsPerTransfer = cpuMsBetween(before, between) / addedMs.length;
    const cpuMsPerLarge = cpuMsBetween(between, after) / large;
    addedMs.sort((left, right) => left - right);
    return {
      transfers: addedMs.length,
      addedMsP25: quantile(addedMs, QUARTER),
      addedMsP50: quantile(addedMs, HALF),
      addedMsP75: quantile(addedMs, 1 - QUARTER),
      cpuMsPerTransfer,
      // What a transfer costs whatever its size is told apart.
      cpuMsPerMiB: (cpuMsPerLarge - cpuMsPerTransfer) / (ANSWER_BYTES.large / MIB),
    };
  }

  async close(): Promise<void> {
    this.#direct.close();
    this.#tapped.close();
    this.#origin.close();
    await this.#tap.close();
  }

  /** One small transfer directly, one through the tap, right after each other: what disturbs one disturbs both. */
  async #pair(): Promise<number> {
    const directMs = await this.#timed(this.#direct);
    return (await this.#timed(this.#tapped)) - directMs;
  }

  async #timed(client: CalibrationClient): Promise<number> {
    const beganAtMs = this.#clock.nowMs();
    await client.get('small');
    return this.#clock.nowMs() - beganAtMs;
  }
}

/** Of sorted values, the one that stands there. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** The tap's own word on its meters, as it comes. */
class Batches {
  #waiting: PromiseWithResolvers<BatchEvent> | undefined;

  take(batch: BatchEvent): void {
    this.#waiting?.resolve(batch);
    this.#waiting = undefined;
  }

  fail(error: Error): void {
    this.#waiting?.reject(error);
  }

  next(): Promise<BatchEvent> {
    this.#waiting ??= Promise.withResolvers();
    return this.#waiting.promise;
  }
}

function openTap(origin: bigint, batches: Batches): Promise<Tap> {
  return Tap.open({
    doors: 1,
    workers: 1,
    clockOrigin: origin,
    dialTimeoutMs: DIAL_TIMEOUT_MS,
    limits: { batchIntervalMs: BATCH_INTERVAL_MS },
    emit: (event) => {
      if (event.type === 'batch') batches.take(event);
    },
    onFailure: (error) => batches.fail(error),
  });
}

function cpuMsBetween(before: BatchEvent, after: BatchEvent): number {
  return usToMs((after.meters['cpuUs'] ?? Number.NaN) - (before.meters['cpuUs'] ?? Number.NaN));
}
