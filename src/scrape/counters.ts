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

/** Most devices followed; container hosts make and drop virtual devices without end. */
export const MAX_DEVICES = 256;

/**
 * The sum over devices as one total that never falls. A device that appears later counts from its first sight on, one that
 * vanishes keeps what it had.
 */
export class DeviceSum {
  readonly #devices = new Map<string, { readonly counter: SteadyCounter; total: number }>();
  #isFirst = true;

  /** One scrape's values by device -> the total; undefined when there are none. */
  advance(values: ReadonlyMap<string, number>): number | undefined {
    if (values.size === 0) return undefined;
    for (const [name, raw] of values) {
      const device = this.#devices.get(name) ?? this.#admit(name, raw);
      if (device !== undefined) device.total = device.counter.advance(raw);
    }
    this.#isFirst = false;
    let sum = 0;
    for (const { total } of this.#devices.values()) sum += total;
    return sum;
  }

  #admit(name: string, raw: number): { readonly counter: SteadyCounter; total: number } | undefined {
    if (this.#devices.size >= MAX_DEVICES) return undefined;
    const device = { counter: new SteadyCounter(this.#isFirst ? 0 : raw), total: 0 };
    this.#devices.set(name, device);
    return device;
  }
}
