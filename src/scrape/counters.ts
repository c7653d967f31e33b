// Counters of other programs made steady: they restart from zero, and devices come and go.
// It computes no rates and reads no clock.

/**
 * Follows one counter as a total that never falls. A fall (its owner restarted) counts nothing: what was lost before it is not
 * known, and a device may come back with any value.
 */
export class SteadyCounter {
  #last: number;
  #total: number;

  constructor(last = 0) {
    this.#last = last;
    this.#total = 0;
  }

  /** The raw value as scraped -> the total. */
  advance(raw: number): number {
    this.#total += Math.max(0, raw - this.#last);
    this.#last = raw;
    return this.#total;
  }
}

/** Most devices or series followed at a time. */
export const MAX_DEVICES = 256;

export interface SummedDevice {
  readonly name: string;
  readonly total: number;
}

interface Device {
  readonly counter: SteadyCounter;
  total: number;
}

/**
 * The sum over devices as one total that never falls. One that vanishes keeps what it had; one that appears later counts from
 * its first sight on, because it may have any value by then, unless newcomers are known to `beginAtZero`.
 */
export class DeviceSum {
  readonly #beginAtZero: boolean;
  readonly #devices = new Map<string, Device>();
  /** What devices had contributed that had vanished and made room for others: container hosts make and drop them without end. */
  #goneTotal = 0;
  #leftOut = 0;
  #isFirst = true;

  constructor({ beginAtZero = false }: { readonly beginAtZero?: boolean } = {}) {
    this.#beginAtZero = beginAtZero;
  }

  /** One scrape's values by device -> the total; undefined when there are none. */
  advance(values: ReadonlyMap<string, number>): number | undefined {
    if (values.size === 0) return undefined;
    this.#leftOut = 0;
    for (const [name, raw] of values) {
      const device = this.#devices.get(name) ?? this.#admit(name, raw, values);
      if (device === undefined) this.#leftOut += 1;
      else device.total = device.counter.advance(raw);
    }
    this.#isFirst = false;
    let sum = this.#goneTotal;
    for (const { total } of this.#devices.values()) sum += total;
    return sum;
  }

  /** What each has contributed, in the order in which they were first seen. */
  read(): readonly SummedDevice[] {
    return [...this.#devices].map(([name, { total }]) => ({ name, total }));
  }

  /** Of the last scrape: those for which there was no room. */
  get leftOut(): number {
    return this.#leftOut;
  }

  #admit(name: string, raw: number, values: ReadonlyMap<string, number>): Device | undefined {
    if (this.#devices.size >= MAX_DEVICES) this.#makeRoom(values);
    if (this.#devices.size >= MAX_DEVICES) return undefined;
    const isFromZero = this.#isFirst || this.#beginAtZero;
    const device = { counter: new SteadyCounter(isFromZero ? 0 : raw), total: 0 };
    this.#devices.set(name, device);
    return device;
  }

  #makeRoom(values: ReadonlyMap<string, number>): void {
    for (const [name, { total }] of this.#devices) {
      if (values.has(name)) continue;
      this.#goneTotal += total;
      this.#devices.delete(name);
    }
  }
}
