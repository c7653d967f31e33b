// The open streams of one worker: which URLs are known to be endless, and one event per stream and second while any is open.
// It recognises nothing and ends nothing.
import type { Clock } from '../clock.ts';
import type { StreamEvent } from '../events.ts';
import type { StreamBehaviour } from './behaviour.ts';
import { OpenStream, type StreamOwner } from './open-stream.ts';
import type { Transfer } from './transfer.ts';

export interface StreamBookOptions {
  readonly clock: Clock;
  readonly limits: StreamBehaviour;
  readonly intervalMs: number;
  readonly emit: (event: StreamEvent) => void;
  /** How many reads of any stream came after how long a gap, by slot of meters.ts. */
  readonly gaps: Float64Array;
}

export class StreamBook {
  readonly #options: StreamBookOptions;
  readonly #known: ReadonlySet<string>;
  readonly #open = new Set<OpenStream>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StreamBookOptions) {
    this.#options = options;
    this.#known = new Set(options.limits.urls);
  }

  /** Said to be endless before its first octet. */
  isKnown(url: string): boolean {
    return this.#known.has(url);
  }

  open(transfer: Transfer, owner: StreamOwner): OpenStream {
    const { clock, limits, intervalMs, gaps } = this.#options;
    const stream = new OpenStream({ transfer, clock, limits, owner, gaps });
    this.#open.add(stream);
    this.#timer ??= setInterval(() => this.#tell(), intervalMs);
    return stream;
  }

  close(stream: OpenStream): void {
    stream.end();
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tell(): void {
    for (const stream of this.#open) this.#options.emit(stream.event());
  }
}
