// A mergeable summary of signed numbers: logarithmic buckets of both signs and one for zero, quantiles within 1 %.
// It keeps no samples, knows no time and no unit; memory follows the number of different magnitudes, not of values.

/** Any quantile is within this share of a value that really has that rank. */
export const RELATIVE_ERROR = 0.01;

/** Both signs of the range 1 us .. 10 min at 1 % take about 2,020 buckets; what is wider loses its smallest magnitudes. */
export const MAX_BUCKETS = 2048;

/** Smaller magnitudes count as zero: less than any clock or counter here can tell, left over from floating point. */
const SMALLEST_MAGNITUDE = 1e-9;

/** Overflow frees this share of the buckets at once, so that its cost is spread over many new magnitudes. */
const COLLAPSED_SHARE = 1 / 16;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const BUCKETS_PER_E = 1 / Math.log(GAMMA);

type Buckets = Map<number, number>;

export class Sketch {
  readonly #positive: Buckets = new Map();
  readonly #negative: Buckets = new Map();
  #zeros = 0;
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #collapsed = 0;
  #ignored = 0;
  /** Ascending; kept while no bucket comes or goes, which is rare once most magnitudes have been seen. */
  #order: { readonly positive: Int32Array; readonly negative: Int32Array } | undefined;

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  /** Exact, as are `max`, `sum` and `mean`; undefined while empty. */
  get min(): number | undefined {
    return this.#count === 0 ? undefined : this.#min;
  }

  get max(): number | undefined {
    return this.#count === 0 ? undefined : this.#max;
  }

  get mean(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count;
  }

  get buckets(): number {
    return this.#positive.size + this.#negative.size;
  }

  /** Values that moved to the zero bucket because there were more magnitudes than buckets. */
  get collapsed(): number {
    return this.#collapsed;
  }

  /** Calls with a value that is not finite or a count that is not above zero. */
  get ignored(): number {
    return this.#ignored;
  }

  add(value: number, count = 1): void {
    if (!Number.isFinite(value) || !(count > 0 && count < Infinity)) {
      this.#ignored += 1;
      return;
    }
    this.#count += count;
    this.#sum += value * count;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    const magnitude = Math.abs(value);
    if (magnitude < SMALLEST_MAGNITUDE) this.#zeros += count;
    else this.#put(value > 0 ? this.#positive : this.#negative, bucketOf(magnitude), count);
  }

  /** Adds everything that `other` holds; `other` stays as it is, unless it is this one: that doubles. */
  merge(other: Sketch): void {
    // A map that grows or shrinks while it is gone through would give some buckets twice or not at all.
    const bucketsOf = (buckets: Buckets): Iterable<[number, number]> => (other === this ? [...buckets] : buckets);
    for (const [bucket, count] of bucketsOf(other.#positive)) this.#put(this.#positive, bucket, count);
    for (const [bucket, count] of bucketsOf(other.#negative)) this.#put(this.#negative, bucket, count);
    this.#zeros += other.#zeros;
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    this.#collapsed += other.#collapsed;
    this.#ignored += other.#ignored;
  }

  /** The value of nearest rank `ceil(q * count)`, 0 <= q <= 1; undefined while empty. */
  quantile(q: number): number | undefined {
    const ranks = rankOf(q, this.#count);
    if (ranks === undefined) return undefined;
    this.#order ??= { positive: sortedBuckets(this.#positive), negative: sortedBuckets(this.#negative) };
    const { positive, negative } = this.#order;
    let left = ranks;
    for (let place = negative.length - 1; place >= 0; place -= 1) {
      const bucket = negative[place] ?? 0;
      left -= this.#negative.get(bucket) ?? 0;
      if (left <= 0) return this.#clamp(-middleOf(bucket));
    }
    left -= this.#zeros;
    if (left <= 0) return this.#clamp(0);
    for (const bucket of positive) {
      left -= this.#positive.get(bucket) ?? 0;
      if (left <= 0) return this.#clamp(middleOf(bucket));
    }
    return this.#max;
  }

  /** The same of the absolute values. */
  absoluteQuantile(q: number): number | undefined {
    const ranks = rankOf(q, this.#count);
    if (ranks === undefined) return undefined;
    const nearest = Math.max(0, this.#min, -this.#max);
    const farthest = Math.max(-this.#min, this.#max);
    let left = ranks - this.#zeros;
    if (left <= 0) return nearest;
    for (const bucket of sortedBuckets(new Map([...this.#negative, ...this.#positive]))) {
      left -= (this.#negative.get(bucket) ?? 0) + (this.#positive.get(bucket) ?? 0);
      if (left <= 0) return Math.min(Math.max(middleOf(bucket), nearest), farthest);
    }
    return farthest;
  }

  #put(buckets: Buckets, bucket: number, count: number): void {
    const before = buckets.get(bucket);
    buckets.set(bucket, (before ?? 0) + count);
    if (before !== undefined) return;
    this.#order = undefined;
    if (this.buckets > MAX_BUCKETS) this.#collapse();
  }

  /** The smallest magnitudes of either sign become zero: beside the largest ones they are, and the ranks stay in order. */
  #collapse(): void {
    const smallest = [...this.#positive.keys(), ...this.#negative.keys()].sort((a, b) => a - b);
    const limit = smallest[Math.floor(MAX_BUCKETS * COLLAPSED_SHARE)] ?? Number.POSITIVE_INFINITY;
    for (const buckets of [this.#positive, this.#negative]) {
      for (const [bucket, count] of buckets) {
        if (bucket > limit) continue;
        buckets.delete(bucket);
        this.#zeros += count;
        this.#collapsed += count;
      }
    }
  }

  #clamp(value: number): number {
    return Math.min(Math.max(value, this.#min), this.#max);
  }
}

function bucketOf(magnitude: number): number {
  return Math.ceil(Math.log(magnitude) * BUCKETS_PER_E);
}

/** The value whose relative distance to both ends of the bucket is the same. */
function middleOf(bucket: number): number {
  return (2 * GAMMA ** bucket) / (GAMMA + 1);
}

/** One-based rank; undefined when there is nothing to rank or `q` is no share. */
function rankOf(q: number, count: number): number | undefined {
  if (count === 0 || !(q >= 0 && q <= 1)) return undefined;
  return Math.min(Math.max(1, Math.ceil(q * count)), count);
}

/** Whole numbers, of a few ten thousand at most; a typed array sorts them without a call for each pair. */
function sortedBuckets(buckets: Buckets): Int32Array {
  const sorted = new Int32Array(buckets.size);
  let place = 0;
  for (const bucket of buckets.keys()) {
    sorted[place] = bucket;
    place += 1;
  }
  return sorted.sort();
}
