// Whether a series of samples grows: its typical value and its slope, both blind to single spikes. Pure.
import { median } from './quantile.ts';

/** Smallest of ten in a row, averaged: between two collections a heap climbs, and that is no growth. */
const WINDOW = 10;

/** What a saw-toothed series comes back to. */
export function typicalOf(values: readonly number[]): number {
  const floors = floorsOf(values);
  return floors.reduce((sum, value) => sum + value, 0) / floors.length;
}

/** Median of the slopes between all pairs of floors (Theil and Sen), per minute. */
export function slopePerMinute(points: readonly (readonly [atMs: number, value: number])[]): number {
  const times = points.map(([atMs]) => atMs);
  const floors = floorsOf(points.map(([, value]) => value));
  const slopes = floors.flatMap((value, from) =>
    floors.slice(from + 1).map((later, distance) => {
      const ms = (times[(from + 1 + distance) * WINDOW] ?? Number.NaN) - (times[from * WINDOW] ?? Number.NaN);
      return ((later - value) / ms) * 60_000;
    }),
  );
  const known = slopes.filter(Number.isFinite);
  return known.length === 0 ? 0 : median(known);
}

function floorsOf(values: readonly number[]): readonly number[] {
  return Array.from({ length: Math.ceil(values.length / WINDOW) }, (_, window) =>
    Math.min(...values.slice(window * WINDOW, (window + 1) * WINDOW)),
  );
}
