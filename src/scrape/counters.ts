// Counters of other programs made steady: they restart from zero, and devices come and go.
// It computes no rates and reads no clock.

export interface CounterFacts {
  /** The raw value that counts as 0. */
  readonly from?: number;
  /** Its owner is a program, which counts from 0 when it is started again; a device may come back with any value. */
  readonly restartsAtZero?: boolean;
}

/**
 * Follows one counter as a total that never falls. What was counted between the last look and a restart is not known; what was
 * counted since is, where the owner began at zero.
 */
export class SteadyCounter {
  readonly #restartsAtZero: boolean;
  #last: number;
  #total = 0;

  constructor({ from = 0, restartsAtZero = false }: CounterFacts = {}) {
    this.#last = from;
    this.#restartsAtZero = restartsAtZero;
  }

  /** The raw value as scraped -> the total. */
  advance(raw: number): number {
    const sinceRestart = this.#restartsAtZero ? raw : 0;
    this.#total += raw < this.#last ? sinceRestart : raw - this.#last;
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
 * its first sight on, because it may have any value by then, unless newcomers, and those that restart, `beginAtZero`.
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
    const from = this.#isFirst || this.#beginAtZero ? 0 : raw;
    const device = { counter: new SteadyCounter({ from, restartsAtZero: this.#beginAtZero }), total: 0 };
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
