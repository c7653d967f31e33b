// A run without a tap (`--no-proxy`), and runs whose log is not read or says too little: what nobody saw is missing with its
// reason, never 0, and nothing of it passes for a failure of the parser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, LogLevel, ProgressEvent, SampleEvent } from '../../src/events.ts';
import { findFigure, readFigure } from '../../src/stats/figures.ts';
import type { LedgerOptions } from '../../src/stats/ledger.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { aTransfer, life, openLedger, parsed, play, RUN, sample, segment, segmentUrl } from './ledger-traffic.ts';

const END_MS = 24_000;
const KINDS = ['segment', 'playlist', 'init', 'key'] as const;
const DIRECT: LedgerOptions['run'] = { ...RUN, clients: 1, isTapped: false, isHls: true, logLevel: 'debug' };

const progress = (atMs: number, outTimeMs: number): ProgressEvent => ({
  type: 'progress',
  client: 1,
  process: 1,
  atMs,
  outTimeUs: outTimeMs * 1_000,
  isEnd: false,
});
const seconds = (to: number): SampleEvent[] =>
  Array.from({ length: to / 1_000 }, (_, second) => sample((second + 1) * 1_000, []));
const inOrder = (events: readonly Event[]): Event[] =>
  events.toSorted((one, other) => ('atMs' in one ? one.atMs : 0) - ('atMs' in other ? other.atMs : 0));

function read(run: LedgerOptions['run'], events: readonly Event[]): Snapshot {
  const ledger = play(inOrder([life(1, 0, 'start'), ...events, ...seconds(END_MS)]), openLedger({ run }));
  ledger.finish(END_MS);
  return ledger.snapshot(END_MS, 0);
}

/** One report per second; `out_time` rests from 8 s to 20 s. */
const FROZEN: readonly Event[] = Array.from({ length: 24 }, (_, second) => {
  const atMs = (second + 1) * 1_000;
  return progress(atMs, atMs <= 8_000 ? atMs : atMs < 20_000 ? 8_000 : atMs - 12_000);
});

test('without a tap nothing of its account is there, and the agreement says why', () => {
  const lines = segment(1, 1, 1_000).filter(({ type }) => type === 'parsed');
  const { summary, differences } = read(DIRECT, [
    ...lines,
    parsed(1, 2_000, { rule: 'http-error', status: 404, text: '' }),
  ]);
  assert.deepEqual([summary.proxy, summary.reconciliation], [undefined, {}]);
  assert.deepEqual(differences, { parser: undefined, origin: undefined, originAll: undefined });
  for (const kind of KINDS) {
    assert.deepEqual(summary.agreement[kind], {
      unavailable: 'no reference: nothing was tapped',
      startErrorMs: { n: 0 },
    });
  }
  const { httpErrors, retries, totals, unit } = summary.agreement;
  assert.deepEqual([httpErrors, retries, totals, unit], [undefined, undefined, undefined, undefined]);
  assert.deepEqual([summary.parser.requests?.segment, summary.parser.httpErrors], [1, { '404': 1 }]);
});

test('--fail-if cannot be told of what was not tapped, not even where nothing happened', () => {
  const { summary } = read(DIRECT, []);
  for (const path of ['proxy.terminations.SD', 'proxy.byKind.segment.transfers', 'agreement.segment.missed']) {
    const figure = findFigure(path);
    assert.ok('path' in figure, path);
    assert.equal(readFigure(figure, summary), undefined, path);
  }
});

test('without a tap a player stands still when its out_time does, for more than two target durations', () => {
  const { summary, clients } = read({ ...DIRECT, targetDurationSeconds: 2 }, FROZEN);
  const { stallCount, stallSeconds, stalled, startupMs } = summary.clients.playback;
  assert.deepEqual([stallCount, stallSeconds, stalled, startupMs.n], [1, 13, 0, 1]);
  assert.deepEqual([clients[0]?.isStalled, clients[0]?.stallCount, clients[0]?.startupMs], [false, 1, 1_000]);
});

test('a pause within two target durations is how an HLS client reads', () => {
  const { summary } = read({ ...DIRECT, targetDurationSeconds: 8 }, FROZEN);
  assert.deepEqual([summary.clients.playback.stallCount, summary.clients.playback.stalled], [0, 0]);
});

test('without a tap and without a target duration, or without progress, nobody knows of stalls', () => {
  for (const run of [DIRECT, { ...DIRECT, logLevel: 'none' as const, targetDurationSeconds: 2 }]) {
    const { summary, clients } = read(run, run.logLevel === 'none' ? [] : FROZEN);
    const { stallCount, stallSeconds, stallRatio, stalled, outTimeStalled } = summary.clients.playback;
    for (const figure of [stallCount, stallSeconds, stallRatio, stalled, outTimeStalled])
      assert.equal(figure, undefined);
    assert.deepEqual([clients[0]?.isStalled, clients[0]?.stallCount], [undefined, undefined]);
  }
});

test('without a tap a live playlist that stands still is said all the same, by what the log goes on asking for', () => {
  const reload = (atMs: number): Event => parsed(1, atMs, { rule: 'request', method: 'GET', url: RUN.url });
  const frozen = [1, 2, 3, 5, 7, 9, 11].map((second) => reload(second * 1_000));
  const first = parsed(1, 1_500, { rule: 'hls-request', url: segmentUrl(1), offset: 0, playlist: 0 });
  const codes = (run: LedgerOptions['run'], events: readonly Event[]): string[] =>
    read(run, events).summary.findings.map(({ code, subject }) => `${code} ${subject}`);
  const live = { ...DIRECT, targetDurationSeconds: 2 };
  assert.deepEqual(codes(live, [...frozen, first]), [`playlist-stalled ${RUN.url}`]);
  const moving = [3, 5, 7, 9, 11].map((second) =>
    parsed(1, second * 1_000 + 500, { rule: 'hls-request', url: segmentUrl(second), offset: 0, playlist: 0 }),
  );
  assert.deepEqual(codes(live, [...frozen, first, ...moving]), []);
  assert.deepEqual(codes({ ...live, isLive: false }, [...frozen, first]), []);
  const refused = frozen
    .slice(2)
    .map((event) => parsed(1, ('atMs' in event ? event.atMs : 0) + 1, { rule: 'http-error', status: 404, text: '' }));
  assert.deepEqual(codes(live, [...frozen, first, ...refused]), [], 'it cannot be had, which is another matter');
});

test('without a tap an encoder that began again, or an older copy, is told by the media sequences in the log', () => {
  const fall = (from: number, to: number): Event =>
    parsed(1, 5_000, { rule: 'sequence-change', from, to, url: RUN.url });
  const found = (run: LedgerOptions['run'], ...events: readonly Event[]) =>
    read(run, events).summary.findings.map(({ code, subject, sinceMs, evidence }) => [
      code,
      subject,
      sinceMs,
      evidence,
    ]);
  const live = { ...DIRECT, targetDurationSeconds: 2 };
  assert.deepEqual(found(live, fall(52, 0)), [
    ['encoder-restarted', RUN.url, 5_000, 'media sequence fell from 52 to 0, says the log of client 1'],
  ]);
  assert.equal(found(live, fall(52, 50))[0]?.[0], 'sequence-went-back');
  const both = [fall(52, 0), { ...fall(52, 0), client: 2 } as Event, fall(9, 0)];
  assert.equal(read(live, both).summary.findings[0]?.count, 2, 'two restarts, the first seen by two clients');
  assert.deepEqual(found(live, fall(50, 52)), []);
  assert.deepEqual(found({ ...live, isTapped: true }, fall(52, 0)), [], 'the tap has read the playlist itself');
});

/** What a log of that level has of two segments, one of which came at the second try, and of their playlist. */
function tapped(logLevel: LogLevel): Snapshot {
  const events = [
    ...segment(1, 1, 1_000),
    aTransfer({ kind: 'media-playlist', url: RUN.url, startedAtMs: 1_500 }),
    ...segment(1, 2, 2_000, { status: 503, contentBytes: 0 }),
    parsed(1, 2_001, { rule: 'http-error', status: 503, text: '' }),
    aTransfer({ url: segmentUrl(2), startedAtMs: 2_002 }),
  ].filter((event) => {
    if (event.type !== 'parsed') return true;
    if (event.rule === 'http-error') return logLevel !== 'none';
    return logLevel === 'verbose' ? event.rule === 'hls-request' : false;
  });
  return read({ ...RUN, clients: 1, logLevel }, events);
}

test('a log that nobody reads has missed nothing', () => {
  const { summary } = tapped('none');
  assert.equal(summary.parser.level, 'none');
  for (const kind of KINDS) assert.equal(summary.agreement[kind].unavailable, 'no log is read', kind);
  assert.deepEqual([summary.agreement.httpErrors, summary.agreement.retries], [undefined, undefined]);
  assert.deepEqual([summary.parser.segmentBytes, summary.parser.lookup], [undefined, undefined]);
  for (const name of ['lookup', 'playback', 'refresh', 'hybrid']) {
    const score = summary.agreement.estimators.find((row) => row.name === name);
    assert.deepEqual([score?.status, score?.bytes], ['unavailable', undefined], name);
  }
});

test('at level info no request has a line: HTTP errors are held against each other, attempts are not', () => {
  const { summary } = tapped('info');
  assert.match(summary.agreement.segment.unavailable ?? '', /at level info a log names no requests/);
  assert.equal(summary.agreement.totals?.outOfUnit, 4);
  assert.deepEqual(summary.agreement.httpErrors?.['503'], { parser: 1, proxy: 1, window: { parser: 1, proxy: 1 } });
  assert.equal(summary.agreement.retries, undefined);
});

test('at level verbose an opening has one line however often it is tried, and only segments have lines', () => {
  const { summary } = tapped('verbose');
  const { segment: segments, playlist, unit, totals, retries } = summary.agreement;
  assert.deepEqual([segments.matched, segments.missed, segments.recall], [2, 0, 1]);
  assert.match(playlist.unavailable ?? '', /below level debug/);
  assert.deepEqual([unit, totals?.outOfUnit, retries], ['hls-request', 2, undefined]);
});

test('at level debug a log without request lines has missed them all', () => {
  const { summary } = tapped('debug');
  assert.deepEqual([summary.agreement.segment.missed, summary.agreement.segment.recall], [3, 0]);
});

test('where no log is read the parser has lines, in which last words are looked for, and not one figure: unknown is no 0', () => {
  const run = { ...RUN, clients: 1, logLevel: 'none' as const };
  const lines = { stderrLines: 69, unparsedLines: 0, droppedStderrLines: 0, droppedProgressLines: 0 };
  const events: Event[] = [
    life(1, 0, 'start'),
    { type: 'lines', atMs: 900, progressLines: 0, overlongLines: 0, ...lines },
    aTransfer({ startedAtMs: 100 }),
  ];
  const { summary } = play(events, openLedger({ run })).snapshot(1_000, 0);
  assert.deepEqual(summary.parser, { level: 'none', lines: 69, droppedLines: 0 });
});
