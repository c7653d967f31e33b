// A counter of sent octets that the user named (`--origin-bytes-metric`), looked for in the answers of the sources that are
// scraped anyway: where it is found it stays. It fetches nothing.
import type { OriginSampleEvent } from '../events.ts';
import { type MetricSelector, selects } from '../stats/metric-selector.ts';
import { DeviceSum, MAX_DEVICES } from './counters.ts';
import type { Sample } from './prometheus-text.ts';

/** As `origin-sample` events name it. */
export const BYTES_METRIC = 'bytes_metric';
/** Names or label sets that are shown where nothing matched. */
const MAX_SHOWN = 3;
/** Words of a name that say nothing about what it counts. */
const COMMON_WORDS: ReadonlySet<string> = new Set(['total', 'count', 'sum', 'bucket']);

export type CountedBytes = { readonly ok: true; readonly bytesSentTotal: number } | NotCounted;
interface NotCounted extends Required<Pick<OriginSampleEvent, 'reason'>> {
  readonly ok: false;
}

export class BytesMetric {
  readonly #selector: MetricSelector;
  /** How many sources it is looked for in. */
  readonly #places: number;
  /** Programs make a series when they first count in it. */
  readonly #sum: DeviceSum = new DeviceSum({ beginAtZero: true });
  readonly #without = new Set<string>();
  #place: string | undefined;

  constructor(selector: MetricSelector, places: number) {
    this.#selector = selector;
    this.#places = places;
  }

  /** One answer of the source `place`, or why there was none. Undefined: not this one's to tell. */
  read(place: string, answer: readonly Sample[] | { readonly reason: string }): CountedBytes | undefined {
    if (this.#place !== undefined && this.#place !== place) return undefined;
    if ('reason' in answer) return this.#notHere(place, answer.reason);
    const series = answer.filter((sample) => selects(this.#selector, sample) && Number.isFinite(sample.value));
    if (series.length > MAX_DEVICES) return { ok: false, reason: this.#tooMany(series.length) };
    const total = this.#sum.advance(new Map(series.map(({ labels, value }) => [JSON.stringify(labels), value])));
    if (series.length > 0 && total !== undefined) {
      this.#place = place;
      return { ok: true, bytesSentTotal: total };
    }
    return this.#notHere(place, this.#absent(answer));
  }

  /** Told where it was before, else only when no place has it: while one has not spoken it may be there. */
  #notHere(place: string, reason: string): NotCounted | undefined {
    this.#without.add(place);
    return this.#place === place || this.#without.size >= this.#places ? { ok: false, reason } : undefined;
  }

  #tooMany(count: number): string {
    return `${this.#selector.name} has ${count} series that match, more than ${MAX_DEVICES}: add a condition on a label`;
  }

  #absent(samples: readonly Sample[]): string {
    const { name } = this.#selector;
    const others = samples.filter((sample) => sample.name === name).map(({ labels }) => labelText(labels));
    if (others.length > 0) return `no series of ${name} matches; there are ${others.slice(0, MAX_SHOWN).join(', ')}`;
    const near = nearNames(
      name,
      samples.map((sample) => sample.name),
    );
    return `no metric ${name} is in the answer${near.length === 0 ? '' : `; near: ${near.join(', ')}`}`;
  }
}

/** Those that share most words with the wanted one, best first. */
function nearNames(wanted: string, names: readonly string[]): readonly string[] {
  const words = new Set(wordsOf(wanted));
  return [...new Set(names)]
    .map((name) => ({ name, shared: wordsOf(name).filter((word) => words.has(word)).length }))
    .filter(({ shared }) => shared > 0)
    .sort((one, other) => other.shared - one.shared)
    .slice(0, MAX_SHOWN)
    .map(({ name }) => name);
}

function wordsOf(name: string): readonly string[] {
  return name.split(/[_:]/).filter((word) => word !== '' && !COMMON_WORDS.has(word));
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(',')}}`;
}
