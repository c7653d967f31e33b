// Counters of other programs made steady: they restart from zero, and devices come and go.
// It computes no rates and reads no clock.

/** Follows one counter; after a fall (its owner restarted) it goes on from where it was. */
export class SteadyCounter {
  #last = 0;
  #lost = 0;

  /** The raw value as scraped -> a total that never falls. */
  advance(raw: number): number {
    if (raw < this.#last) this.#lost += this.#last;
    this.#last = raw;
    return this.#lost + raw;
  }
}

/** Most devices followed; container hosts make and drop virtual devices without end. */
export const MAX_DEVICES = 256;

/**
 * The sum over devices as one total that never falls. A device that appears later counts from its first sight on, one that
 * vanishes keeps what it had.
 */
export class DeviceSum {
  readonly #devices = new Map<string, { counter: SteadyCounter; base: number; total: number }>();
  #isFirst = true;

  /** One scrape's values by device -> the total; undefined when there are none. */
  advance(values: ReadonlyMap<string, number>): number | undefined {
    for (const [name, raw] of values) {
      const device = this.#devices.get(name) ?? this.#admit(name, raw);
      if (device !== undefined) device.total = device.counter.advance(raw) - device.base;
    }
    if (values.size > 0) this.#isFirst = false;
    if (this.#devices.size === 0) return undefined;
    let sum = 0;
    for (const { total } of this.#devices.values()) sum += total;
    return sum;
  }

  #admit(name: string, raw: number): { counter: SteadyCounter; base: number; total: number } | undefined {
    if (this.#devices.size >= MAX_DEVICES) return undefined;
    const device = { counter: new SteadyCounter(), base: this.#isFirst ? 0 : raw, total: 0 };
    this.#devices.set(name, device);
    return device;
  }
}
