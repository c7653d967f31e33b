// Where events fan out: order, what waits, what the journal is told. The ledger is the real one, the journal a list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, ListingEvent, RunEvent } from '../../src/events.ts';
import type { Journal } from '../../src/report/journal.ts';
import { Hub } from '../../src/run/hub.ts';
import { Ledger } from '../../src/stats/ledger.ts';

const run: RunEvent = {
  type: 'run',
  id: 'a',
  startedAt: '2026-01-01T00:00:00.000Z',
  startedAtWallMs: 1_767_225_600_000,
  url: 'http://origin.example/live.m3u8',
  clients: 1,
  variant: 'all',
  version: '1.0.0',
  ffmpeg: '5.1',
  node: 'v24',
  proxyWorkers: 1,
  seed: 1,
  durationSeconds: 0,
  isLive: true,
  isTapped: true,
};

const listing = (atMs: number): ListingEvent => ({ type: 'listing', atMs, url: 'http://origin.example/', ok: false });

/** A journal that keeps what it is told; once broken, it loses every record and says so, as the real one does. */
function fakeJournal(onLost: (count: number) => void): Journal & { readonly written: Event[]; isBroken: boolean } {
  const written: Event[] = [];
  return {
    written,
    isBroken: false,
    write(event) {
      if (this.isBroken) onLost(1);
      else written.push(event);
    },
    flush: async () => {},
    end: async () => {},
    abandon: async () => {},
    failure: undefined,
    lostRecords: 0,
  };
}

function openHub(): { hub: Hub; ledger: Ledger; journal: ReturnType<typeof fakeJournal> } {
  const hub = new Hub();
  const ledger = new Ledger({ run, segmentCacheWindow: 1, statsDropThreshold: 1 });
  const journal = fakeJournal((records) => hub.emit({ type: 'lost', atMs: 9, where: 'journal', records }));
  return { hub, ledger, journal };
}

test('the run comes first, then what waited for it, then what follows, each once and in order', () => {
  const { hub, ledger, journal } = openHub();
  hub.emit(listing(1));
  hub.emit(listing(2));
  hub.open(run, ledger, journal);
  hub.emit(listing(3));
  assert.deepEqual(journal.written, [run, listing(1), listing(2), listing(3)]);
});

test('a journal that fails is counted record by record, and is not asked to write down its own losses', () => {
  const { hub, ledger, journal } = openHub();
  hub.open(run, ledger, journal);
  journal.isBroken = true;
  for (let atMs = 0; atMs < 5; atMs += 1) hub.emit(listing(atMs));
  assert.equal(ledger.snapshot(10, 10).summary.instrument.lostRecords, 5);
});

test('a finding is told to the journal once, however often it is seen', () => {
  const { hub, ledger, journal } = openHub();
  hub.open(run, ledger, journal);
  const finding = { code: 'playlist-stalled', subject: 'u', sinceMs: 1, count: 1, evidence: 'still' } as const;
  hub.tellFindings([finding], 4);
  hub.tellFindings(
    [
      { ...finding, count: 2, evidence: 'still still' },
      { ...finding, subject: 'v' },
    ],
    5,
  );
  assert.deepEqual(
    journal.written.slice(1).map((event) => event.type === 'finding' && [event.atMs, event.subject, event.evidence]),
    [
      [4, 'u', 'still'],
      [5, 'v', 'still'],
    ],
  );
});

test('with no journal events reach the ledger all the same', () => {
  const { hub, ledger } = openHub();
  hub.open(run, ledger, undefined);
  hub.emit({ type: 'lost', atMs: 1, where: 'journal', records: 3 });
  assert.equal(ledger.snapshot(2, 2).summary.instrument.lostRecords, 3);
});
