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

/** Added to a bucket's number, so that every magnitude above the smallest has a place above zero. */
const FIRST_PLACE: number = 1 - bucketOf(SMALLEST_MAGNITUDE);

export class Sketch {
  /** The buckets in the order of their values: negative places, zero, positive ones. Beside each, how many values it holds. */
  #places: number[] = [];
  #counts: number[] = [];
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #collapsed = 0;
  #ignored = 0;
  /** Buckets below the one that `quantileOf` is at; of no meaning outside of it. */
  #unread = 0;

  /** `quantile` of all of them as if they were one, without making it. */
  static quantileOf(sketches: readonly Sketch[], q: number): number | undefined {
    let count = 0;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (const sketch of sketches) {
      count += sketch.#count;
      min = Math.min(min, sketch.#min);
      max = Math.max(max, sketch.#max);
    }
    const rank = rankOf(q, count);
    if (rank === undefined) return undefined;
    // From the top: most that is asked for is a high quantile.
    let left = count - rank + 1;
    for (const sketch of sketches) sketch.#unread = sketch.#places.length;
    for (;;) {
      let top: Sketch | undefined;
      let highest = Number.NEGATIVE_INFINITY;
      for (const sketch of sketches) {
        // An index below zero would be looked up as a name.
        const place = sketch.#unread === 0 ? undefined : sketch.#places[sketch.#unread - 1];
        if (place === undefined || place <= highest) continue;
        highest = place;
        top = sketch;
      }
      if (top === undefined) return min;
      top.#unread -= 1;
      left -= top.#counts[top.#unread] ?? 0;
      if (left <= 0) return Math.min(Math.max(valueAt(highest), min), max);
    }
  }

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
    return this.#places.length - (this.#places[placeIn(this.#places, 0)] === 0 ? 1 : 0);
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
    this.#put(placeOf(value), count);
  }

  /** Adds everything that `other` holds; `other` stays as it is, unless it is this one: that doubles. */
  merge(other: Sketch): void {
    if (other.#count > 0) this.#mergeBuckets(other);
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
    this.#collapsed += other.#collapsed;
    this.#ignored += other.#ignored;
  }

  /** The value of nearest rank `ceil(q * count)`, 0 <= q <= 1; undefined while empty. */
  quantile(q: number): number | undefined {
    return Sketch.quantileOf([this], q);
  }

  /** How many values lie up to each of these ascending bounds and above the one before; the rest last. */
  countsWithin(bounds: readonly number[]): number[] {
    const counts = Array.from({ length: bounds.length + 1 }, () => 0);
    let bin = 0;
    for (const [at, place] of this.#places.entries()) {
      const value = valueAt(place);
      while (bin < bounds.length && value > (bounds[bin] ?? 0)) bin += 1;
      counts[bin] = (counts[bin] ?? 0) + (this.#counts[at] ?? 0);
    }
    return counts;
  }

  /** The same of the absolute values. */
  absoluteQuantile(q: number): number | undefined {
    const rank = rankOf(q, this.#count);
    if (rank === undefined) return undefined;
    const places = this.#places;
    const nearest = Math.max(0, this.#min, -this.#max);
    const farthest = Math.max(-this.#min, this.#max);
    // Outwards from zero, on both sides at once.
    let above = placeIn(places, 0);
    let below = above - 1;
    let left = rank;
    while (below >= 0 || above < places.length) {
      const negative = below < 0 ? Number.POSITIVE_INFINITY : -(places[below] ?? Number.NEGATIVE_INFINITY);
      const positive = places[above] ?? Number.POSITIVE_INFINITY;
      const isPositive = positive <= negative;
      left -= this.#counts[isPositive ? above : below] ?? 0;
      if (left <= 0) return Math.min(Math.max(valueAt(Math.min(positive, negative)), nearest), farthest);
      if (isPositive) above += 1;
      else below -= 1;
    }
    return farthest;
  }

  #put(place: number, count: number): void {
    const places = this.#places;
    const counts = this.#counts;
    const at = placeIn(places, place);
    if (places[at] === place) {
      counts[at] = (counts[at] ?? 0) + count;
      return;
    }
    // Moved by hand: of the few buckets that most sketches have, a splice would be the dearest part.
    for (let index = places.length; index > at; index -= 1) {
      places[index] = places[index - 1] ?? 0;
      counts[index] = counts[index - 1] ?? 0;
    }
    places[at] = place;
    counts[at] = count;
    if (places.length > MAX_BUCKETS && this.buckets > MAX_BUCKETS) this.#collapse();
  }

  #mergeBuckets(other: Sketch): void {
    const places: number[] = [];
    const counts: number[] = [];
    let [own, its] = [0, 0];
    while (own < this.#places.length || its < other.#places.length) {
      const ownPlace = this.#places[own] ?? Number.POSITIVE_INFINITY;
      const itsPlace = other.#places[its] ?? Number.POSITIVE_INFINITY;
      const place = Math.min(ownPlace, itsPlace);
      places.push(place);
      counts.push(
        (ownPlace === place ? (this.#counts[own] ?? 0) : 0) + (itsPlace === place ? (other.#counts[its] ?? 0) : 0),
      );
      if (ownPlace === place) own += 1;
      if (itsPlace === place) its += 1;
    }
    this.#places = places;
    this.#counts = counts;
    while (this.buckets > MAX_BUCKETS) this.#collapse();
  }

  /** The smallest magnitudes of either sign become zero: beside the largest ones they are, and the ranks stay in order. */
  #collapse(): void {
    const magnitudes = Int32Array.from(
      this.#places.filter((place) => place !== 0),
      Math.abs,
    ).sort();
    const limit = magnitudes[Math.floor(MAX_BUCKETS * COLLAPSED_SHARE)] ?? Number.POSITIVE_INFINITY;
    const [places, counts] = [this.#places, this.#counts];
    this.#places = [];
    this.#counts = [];
    let zeros = 0;
    for (const [index, place] of places.entries()) {
      const count = counts[index] ?? 0;
      if (Math.abs(place) <= limit) {
        zeros += count;
        if (place !== 0) this.#collapsed += count;
        continue;
      }
      this.#places.push(place);
      this.#counts.push(count);
    }
    this.#put(0, zeros);
  }
}

/** Where `place` is, or would be, among ascending ones. */
function placeIn(places: readonly number[], place: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((places[middle] ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function placeOf(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < SMALLEST_MAGNITUDE) return 0;
  const place = bucketOf(magnitude) + FIRST_PLACE;
  return value > 0 ? place : -place;
}

function valueAt(place: number): number {
  if (place === 0) return 0;
  return place > 0 ? middleOf(place - FIRST_PLACE) : -middleOf(-place - FIRST_PLACE);
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
