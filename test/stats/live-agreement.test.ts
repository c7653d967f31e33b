// The live half of the agreement: what was judged in the last minute, what estimators added meanwhile, which client is open,
// and how much of the listing is kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, PlaylistEvent, SampleEvent } from '../../src/events.ts';
import { EstimatorWindows } from '../../src/stats/estimator-windows.ts';
import { Ledger } from '../../src/stats/ledger.ts';
import { ListingNeed } from '../../src/stats/listing-need.ts';
import { PairingWindow } from '../../src/stats/pairing-window.ts';
import type { EstimatorScore } from '../../src/stats/summary.ts';
import { life, PLAYLIST, parsed, play, RUN, sample, segment, segmentUrl } from './ledger-traffic.ts';

const score = (bytes: number, referenceBytes: number): EstimatorScore => ({
  name: 'lookup',
  status: 'ok',
  reference: 'segments',
  bytes,
  referenceBytes,
});

test('an attempt leaves the minute sixty seconds after it was judged', () => {
  const window = new PairingWindow();
  window.count('matched', 1_000);
  window.startError(-0.3, 1_000);
  window.count('missed', 50_000);
  assert.equal(window.read(55_000).matched, 1);
  assert.equal(window.read(55_000).startErrorMs.bias, -0.3);
  const later = window.read(61_000);
  assert.deepEqual([later.matched, later.missed, later.startErrorMs.n], [0, 1, 0]);
});

test('an estimator’s minute is what it added, once there is half a minute of it', () => {
  const windows = new EstimatorWindows();
  for (let second = 0; second <= 90; second += 1) {
    windows.tick(second * 1_000, [score(second * 90, second * 100)]);
    const [read] = windows.windowed([score(second * 90, second * 100)]);
    const span = Math.min(second, 60);
    assert.equal(read?.window?.referenceBytes, second < 30 ? undefined : span * 100);
    if (second >= 30) assert.ok(Math.abs((read?.window?.errorRatio ?? 0) + 0.1) < 1e-9);
  }
  const { name, status, reference } = score(0, 0);
  assert.deepEqual(windows.windowed([{ name, status, reference }]), [{ name, status, reference }]);
});

test('a line without a transfer is given up while another client’s transfer is open, and waits while its own is', () => {
  const lonely = parsed(1, 1_000, { rule: 'request', method: 'GET', url: segmentUrl(9) });
  const spurious = (open: readonly number[] | undefined): number | undefined => {
    const seconds = [2, 3, 4, 5, 6, 7].map((second): SampleEvent => {
      const event = sample(second * 1_000, []);
      const meters = { ...event.meters, openTransfers: 1 };
      return { ...event, meters, ...(open === undefined ? {} : { clientsWithOpenTransfers: open }) };
    });
    return play([life(1, 0, 'start'), life(2, 0, 'start'), lonely, ...seconds]).snapshot(7_000, 0).summary.agreement
      .segment.spurious;
  };
  assert.deepEqual([spurious([2]), spurious([1]), spurious(undefined)], [1, 0, 0]);
});

const listed = (segmentCount: number, url = PLAYLIST): PlaylistEvent => ({
  type: 'playlist',
  client: 1,
  process: 1,
  atMs: 0,
  url,
  mediaSequence: 0,
  segmentCount,
  targetDurationSeconds: 2,
  listedSeconds: segmentCount * 2,
  endlist: true,
});

test('the listing is kept as far back as the longest playlist and the slowest client ask, never less than 300', () => {
  const need = new ListingNeed();
  need.tick(undefined);
  assert.equal(need.window, undefined);
  need.playlist(listed(6));
  need.tick(4_000);
  assert.equal(need.window, 300);
  need.tick(1_000_000);
  assert.equal(need.window, 6 + 500 + 32);
  need.playlist(listed(2_000, `${PLAYLIST}?vod`));
  need.tick(0);
  assert.equal(need.window, 2_032);
});

test('the sizes of a long VOD are all found when no window is given, and only the newest 300 with one of 300', () => {
  const entries = Array.from({ length: 1_000 }, (_, at) => ({
    name: segmentUrl(at).split('/').at(-1) ?? '',
    sizeBytes: 9,
  }));
  const sizes: Event = { type: 'listing', atMs: 1, url: PLAYLIST, ok: true, entries };
  const run: readonly Event[] = [
    life(1, 0, 'start'),
    sizes,
    listed(1_000),
    ...Array.from({ length: 40 }, (_, at) => segment(1, at, 100 + at * 10)).flat(),
    sample(1_000, []),
    { ...sizes, atMs: 1_100 },
    life(1, 2_000, 'exit', { category: 'success' }),
    { ...sizes, atMs: 2_100 },
  ];
  const found = (window: number | undefined): readonly number[] => {
    const given = window === undefined ? {} : { segmentCacheWindow: window };
    const ledger = new Ledger({ run: RUN, statsDropThreshold: 0.01, ...given });
    const { lookup } = play(run, ledger).snapshot(3_000, 0).summary.parser;
    return [lookup?.attempts ?? 0, lookup?.successes ?? 0, lookup?.misses.evicted ?? 0];
  };
  assert.deepEqual(found(300), [40, 0, 40]);
  assert.deepEqual(found(undefined), [40, 40, 0]);
});
