// The screen "errors": every ending and status that occurred has its row with the right numbers, faults before the rest, the
// last events newest first; what was done on purpose accuses nobody; what nobody saw is no 0.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TERMINATIONS } from '../../src/events.ts';
import type { RecentEvent, Snapshot } from '../../src/stats/summary.ts';
import { TERMINATION_WORDS } from '../../src/stats/termination-words.ts';
import type { Line } from '../../src/tui/cells.ts';
import { eventLine } from '../../src/tui/event-line.ts';
import { view } from '../../src/tui/view.ts';
import { INITIAL_VIEW_STATE, type Size } from '../../src/tui/view-state.ts';
import { makeSnapshot } from '../support/snapshot.ts';
import { makeKindSummary } from '../support/snapshot-parts.ts';

const SMALL: Size = { columns: 80, rows: 24 };
const HUGE: Size = { columns: 200, rows: 60 };

function linesOf(snapshot: Snapshot, size: Size = HUGE): readonly Line[] {
  return view(snapshot, size, { ...INITIAL_VIEW_STATE, screen: 'errors' });
}

function textsOf(snapshot: Snapshot, size: Size = HUGE): string[] {
  return linesOf(snapshot, size).map(textOf);
}

function textOf(line: Line): string {
  return line.map(({ text }) => text).join('');
}

test('every ending there is has a row with its words and its number by kind, faults first and complete last', () => {
  const counts = Object.fromEntries(TERMINATIONS.map((code, at) => [code, at + 1]));
  const base = makeSnapshot();
  assert.ok(base.summary.proxy !== undefined);
  const byKind = { segment: makeKindSummary(1, { terminations: counts }) };
  const proxy = { ...base.summary.proxy, byKind, terminations: counts };
  const texts = textsOf({ ...base, recentEvents: [], summary: { ...base.summary, proxy } });
  const places = TERMINATIONS.map((code, at) => {
    const row = texts.findIndex((text) => text.slice(2).startsWith(`${code} ${TERMINATION_WORDS[code]}`));
    assert.match(texts[row] ?? '', new RegExp(` ${at + 1} +${at + 1} +0 +0 +0 +0 +0 *$`), code);
    return { code, row };
  });
  const order = places.toSorted((one, other) => one.row - other.row).map(({ code }) => code);
  assert.equal(order[0], 'ID', 'what must never happen');
  assert.equal(order.at(-1), '--');
  assert.ok(order.indexOf('SD') < order.indexOf('CD'), 'a fault of the origin before a leaving client');
});

test('the newest events come first, as many as there is room for, and a long one keeps its code and its file name', () => {
  const url = `http://origin.example/${'folder/'.repeat(20)}segment-0042.ts`;
  const recentEvents = Array.from(
    { length: 50 },
    (_, at): RecentEvent => ({
      atMs: 1_000 * at,
      client: at,
      event: 'transfer',
      kind: 'media-playlist',
      termination: 'SH',
      url,
    }),
  );
  const texts = textsOf(makeSnapshot({ recentEvents }), SMALL);
  const events = texts.slice(texts.findIndex((text) => text.startsWith('── Last events')) + 1, -1);
  assert.ok(events.length >= 3, texts.join('\n'));
  for (const [at, text] of events.entries())
    assert.match(
      text,
      new RegExp(`^00:00:\\d\\d {2}client ${49 - at} +▲ SH media-playlist http:.*segment-0042\\.ts *$`),
    );
  const [line] = [eventLine(recentEvents[0] ?? assert.fail(), makeSnapshot(), 200)].map(textOf);
  assert.match(line ?? '', /▲ SH origin closed before the response head, media-playlist http:/);
});

test('each sort of event says what happened, and only what somebody should look at has a mark', () => {
  const said = (event: RecentEvent): string => textOf(eventLine(event, makeSnapshot(), 100)).trimEnd();
  const at = { atMs: 43_250, client: 7 } as const;
  assert.equal(said({ ...at, event: 'exit', category: 'stopped' }), '00:00:43  client 7       exit, stopped by us');
  assert.equal(
    said({ ...at, event: 'exit', category: 'signal', reason: 'SIGKILL' }),
    '00:00:43  client 7     ▲ exit, signal: SIGKILL',
  );
  assert.equal(said({ ...at, event: 'restart', delayMs: 250 }), '00:00:43  client 7       starts again in 250 ms');
  const transfer = { ...at, event: 'transfer', kind: 'segment', url: 'http://a/1.ts' } as const;
  assert.equal(
    said({ ...transfer, status: 503, termination: '--' }),
    '00:00:43  client 7     ▲ 503 segment http://a/1.ts',
  );
  assert.equal(
    said({ ...transfer, status: 404, termination: 'LR', injected: 'status' }),
    '00:00:43  client 7       on purpose: 404 LR answered by the tap itself, segment http://a/1.ts',
  );
  assert.equal(
    said({ atMs: 43_250, event: 'finding', code: 'bypass', subject: 'client 3\u001b[1m' }),
    '00:00:43               ▲ bypass: client 3?[1m',
  );
});

test('without a tap statuses are those of the log, and nothing is said of endings', () => {
  const { proxy: _proxy, ...untapped } = makeSnapshot().summary;
  const logged = textsOf({ ...makeSnapshot(), summary: untapped });
  assert.ok(logged.some((text) => text.startsWith('  nothing was tapped')));
  assert.ok(logged.some((text) => /^▲ 404, in the log +4 +- +-/.test(text)));
  assert.ok(
    logged.some((text) =>
      /^failed {6}✖ 1\.69 % of requests \(error rate\) · ▲ 4xx 4 · ▲ 5xx 2 · ▲ timeouts 3 *$/.test(text),
    ),
    logged.join('\n'),
  );
});

test('where requests passed in tunnels a share of failures is not known', () => {
  const texts = textsOf(makeSnapshot({ summary: { proxy: { hasTunnels: true } } }));
  assert.ok(texts.some((text) => /^failed {6}- *$/.test(text)));
});
