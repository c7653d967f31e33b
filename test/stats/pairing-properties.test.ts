// Pairing under scripted traffic: the script is the oracle, the order of arrival is arbitrary.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Pairing } from '../../src/stats/pairing.ts';
import {
  type Arrival,
  assertBalanced,
  counts,
  lineArrival,
  NONE,
  play,
  requestLine,
  transfer,
  transferArrival,
} from './pairing-traffic.ts';

const SEGMENT = 'http://origin/live/seg1.ts';
const PLAYLIST = 'http://origin/live/stream.m3u8';

type Fate = 'plain' | 'dead' | 'lost-line' | 'bypass' | 'slow';
const attempt = fc.record({
  fate: fc.oneof(
    { weight: 12, arbitrary: fc.constant<Fate>('plain') },
    { weight: 1, arbitrary: fc.constantFrom<Fate>('dead', 'lost-line', 'bypass', 'slow') },
  ),
  isReload: fc.boolean(),
  writeMs: fc.double({ noNaN: true, min: 0.1, max: 0.5 }),
  pipeMs: fc.double({ noNaN: true, min: 0, max: 2 }),
  batchMs: fc.integer({ min: 0, max: 900 }),
});

test('scripted traffic of any mix is counted exactly: matched, missed, spurious, dead, whatever arrives when', () => {
  fc.assert(
    fc.property(fc.array(attempt, { maxLength: 60, size: 'max' }), (attempts) => {
      // A log with GET lines begins with one.
      const arrivals: Arrival[] = [
        lineArrival(requestLine(SEGMENT, -2000)),
        transferArrival(transfer({ url: SEGMENT, startedAtMs: -1999.7 })),
      ];
      const expected = { matched: 1, missed: 0, spurious: 0, deadConnection: 0 };
      attempts.forEach(({ fate, isReload, writeMs, pipeMs, batchMs }, place) => {
        const printedMs = place * 2000;
        const url = isReload ? PLAYLIST : `http://origin/seg${place}.ts`;
        const kind = isReload ? 'media-playlist' : 'segment';
        const guess = isReload ? 'playlist' : 'segment';
        const line = (atMs: number, isNewConnection: boolean): Arrival =>
          lineArrival(requestLine(url, atMs), { guess, isNewConnection });
        if (fate === 'dead') arrivals.push(line(printedMs - 5, false));
        if (fate !== 'lost-line') arrivals.push(line(printedMs + pipeMs, fate === 'dead'));
        if (fate === 'dead') expected.deadConnection += 1;
        if (fate === 'bypass') {
          expected.spurious += 1;
          return;
        }
        const totalMs = fate === 'slow' ? 1900 : 40;
        arrivals.push(transferArrival(transfer({ url, kind, startedAtMs: printedMs + writeMs, totalMs }), batchMs));
        expected[fate === 'lost-line' ? 'missed' : 'matched'] += 1;
      });
      const pairing = play(arrivals);
      pairing.finish();
      assertBalanced(pairing);
      const { segment, playlist } = pairing.read().groups;
      for (const field of ['matched', 'missed', 'spurious', 'deadConnection'] as const) {
        assert.equal(segment[field] + playlist[field], expected[field], field);
      }
    }),
    { numRuns: 150 },
  );
});

test('lines and transfers of a second give the same counts in any order among each other', () => {
  const order = fc.shuffledSubarray(
    Array.from({ length: 24 }, (_, place) => place),
    { minLength: 24 },
  );
  fc.assert(
    fc.property(order, (places) => {
      const lines = Array.from({ length: 24 }, (_, place) =>
        requestLine(place % 3 ? `${SEGMENT}${place}` : PLAYLIST, place * 30),
      );
      const pairing = new Pairing();
      let nextLine = 0;
      for (const place of places) {
        const line = lines[place];
        if (line === undefined) continue;
        if (place % 5 !== 0) pairing.transfer(transfer({ url: line.url, startedAtMs: line.atMs + 0.2 }));
        const announced = lines[nextLine];
        if (announced !== undefined && nextLine !== 7)
          pairing.request(announced, { guess: 'segment', isNewConnection: false });
        nextLine += 1;
      }
      pairing.finish();
      assert.deepEqual(counts(pairing), { ...NONE, matched: 18, missed: 1, spurious: 5 });
    }),
    { numRuns: 100 },
  );
});
