// The tick: once per second the state of the world becomes one `sample` event, then one snapshot.
// It owns the timer and nothing else; what it reads is handed in.
import type { Clock } from '../clock.ts';
import type { Emit } from '../events.ts';
import { NO_METERS } from '../meters.ts';
import { QuietCollector } from '../proxy/quiet-collector.ts';
import type { Tap } from '../proxy/tap.ts';
import type { Swarm } from '../swarm/swarm.ts';
import { MS_PER_SECOND, US_PER_MS, usToSeconds } from '../units.ts';
import { SelfMonitor } from './self-monitor.ts';

/** Named in each sample at most: beyond it pairing waits a little longer, and the journal does not grow by them. */
const MAX_OPEN_CLIENTS = 1_000;

export interface SamplerOptions {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly tap: Tap | undefined;
  readonly swarm: Swarm | undefined;
  /** After each sample: snapshot, faces. */
  readonly afterSample: () => void;
  /** Handed each tick, to be done at once: whoever wants to know how long it takes. */
  readonly timed?: (work: () => void) => void;
}

export class Sampler {
  readonly #options: SamplerOptions;
  readonly #self: SelfMonitor = new SelfMonitor();
  readonly #quiet: QuietCollector = new QuietCollector();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** The first sample at once: it is the zero of every rate. */
  start(): void {
    this.#self.start(usToSeconds(this.#options.tap?.meters().meters.cpuUs ?? 0));
    this.sample();
    this.#timer = setInterval(() => this.sample(), MS_PER_SECOND);
  }

  sample(): void {
    const { timed } = this.#options;
    if (timed === undefined) this.#tick();
    else timed(() => this.#tick());
  }

  /** Ends the timer; the last sample is the caller's to take when everything else has ended. */
  stop(): void {
    clearInterval(this.#timer);
    this.#self.stop();
  }

  #tick(): void {
    const { clock, emit, tap, swarm, afterSample } = this.#options;
    if (swarm !== undefined) emit(swarm.lines());
    const { meters, contentBytesByKind } = tap?.meters() ?? NO_METERS;
    const atMs = clock.nowMs();
    const clientsCpuSeconds = swarm?.cpuSeconds;
    const clientsStarting = swarm?.starting;
    emit({
      type: 'sample',
      atMs,
      wallMs: clock.wallMs(),
      meters,
      contentBytesByKind,
      tapLoopDelayP99Ms: meters.loopDelayP99Us / US_PER_MS,
      tapLoopDelayRecentP99Ms: meters.recentLoopDelayP99Us / US_PER_MS,
      tapLoopDelayMaxMs: meters.recentLoopDelayMaxUs / US_PER_MS,
      ...this.#self.read(usToSeconds(meters.cpuUs)),
      clientsActive: swarm?.active ?? 0,
      clientsStarted: swarm?.started ?? 0,
      ...(clientsStarting === undefined ? {} : { clientsStarting }),
      ...(clientsCpuSeconds === undefined ? {} : { clientsCpuSeconds }),
      ...openClients(tap),
    });
    afterSample();
    this.#quiet.look(meters.openConnections, atMs);
  }
}

function openClients(tap: Tap | undefined): { readonly clientsWithOpenTransfers?: readonly number[] } {
  if (tap === undefined) return {};
  const open = [...tap.ports.keys()].filter((client) => (tap.door(client)?.get('openTransfers') ?? 0) > 0);
  return open.length > MAX_OPEN_CLIENTS ? {} : { clientsWithOpenTransfers: open.toSorted((one, other) => one - other) };
}
