// The calibration: figures that can be what they say, nothing left open, an event that every account but the instrument's ignores.
// How fast the tap is, is measured in bench/; here nothing depends on the machine's speed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import type { CalibrationEvent, Event } from '../../src/events.ts';
import { silentLog } from '../../src/log.ts';
import { calibrate } from '../../src/run/calibrating.ts';
import { CalibrationBench, quantile } from '../../src/run/calibration.ts';
import { CalibrationClient, CalibrationOrigin } from '../../src/run/calibration-rig.ts';
import { Ledger } from '../../src/stats/ledger.ts';

const MEASURED: CalibrationEvent = {
  type: 'calibration',
  atMs: 5,
  transfers: 200,
  addedMsP25: 0.03,
  addedMsP50: 0.04,
  addedMsP75: 0.05,
  cpuMsPerTransfer: 0.03,
  cpuMsPerMiB: 0.3,
};

test('quartiles are in order, and the tap’s thread spends CPU on transfers and more on octets', async () => {
  const bench = await CalibrationBench.open();
  try {
    const measured = await bench.measure(400);
    assert.ok(measured !== undefined, 'ten pairs of transfers in 200 ms');
    const { transfers, addedMsP25, addedMsP50, addedMsP75, cpuMsPerTransfer, cpuMsPerMiB } = measured;
    assert.ok(transfers >= 10);
    assert.ok(addedMsP25 <= addedMsP50 && addedMsP50 <= addedMsP75, JSON.stringify(measured));
    assert.ok(cpuMsPerTransfer > 0 && cpuMsPerMiB > 0, JSON.stringify(measured));
  } finally {
    await bench.close();
  }
});

test('a calibration that is ended has no figures', async () => {
  const bench = await CalibrationBench.open();
  try {
    assert.equal(await bench.measure(60_000, AbortSignal.timeout(50)), undefined);
  } finally {
    await bench.close();
  }
});

test('what comes of it at the start of a run is one event, and nothing of its own transfers', async () => {
  const events: Event[] = [];
  const clock = clockFrom(clockOrigin());
  const signal = new AbortController().signal;
  await calibrate({ clock, emit: (event) => events.push(event), log: silentLog, signal });
  // A machine with other work to do may not get ten pairs done; then there is nothing to say.
  assert.ok(events.length <= 1);
  for (const event of events) assert.equal(event.type, 'calibration');
});

test('the rig answers both sizes whole, and a client whose connection is gone does not wait for ever', async () => {
  const origin = await CalibrationOrigin.open();
  const client = await CalibrationClient.open(origin.port, '', 'test');
  for (const answer of ['small', 'large', 'small'] as const) await client.get(answer);
  const lost = client.get('large');
  origin.close();
  await assert.rejects(lost, /closed/);
  client.close();
});

test('the account states it and subtracts it nowhere', () => {
  const run = {
    type: 'run',
    id: 'a',
    startedAt: '2026-01-01T00:00:00.000Z',
    startedAtWallMs: 0,
    url: 'any',
    clients: 1,
    variant: 'all',
    version: '1.0.0',
    ffmpeg: 'none',
    node: 'v24',
    proxyWorkers: 1,
    seed: 1,
    durationSeconds: 0,
    isLive: true,
    isTapped: true,
    upstream: 'mirror',
  } as const;
  const summaryAfter = (events: readonly Event[]): ReturnType<Ledger['snapshot']>['summary'] => {
    const ledger = new Ledger({ run, segmentCacheWindow: 10, statsDropThreshold: 0.01 });
    for (const event of events) ledger.record(event);
    return ledger.snapshot(10, 10).summary;
  };
  const { instrument: without, ...othersWithout } = summaryAfter([]);
  const { instrument, ...others } = summaryAfter([MEASURED]);
  const { type: _type, atMs: _atMs, ...figures } = MEASURED;
  assert.deepEqual(instrument, { ...without, calibration: figures });
  assert.deepEqual(others, othersWithout);
});

test('a quantile is a value that was there', () => {
  assert.equal(quantile([1, 2, 3, 4], 0.5), 3);
  assert.equal(quantile([7], 0.75), 7);
  assert.equal(quantile([1, 2, 3, 4], 1), 4);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
