// The clients' table: which rows in which order, that the chosen one stays chosen while rows move, what width leaves out.
// How it looks is in screen.test.ts, what keys mean in view-state.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClientRow } from '../../src/stats/summary.ts';
import { columnsWithin, figureText, knownFigures, shownState, sortableWithin } from '../../src/tui/clients-columns.ts';
import {
  type ClientsAction,
  type ClientsView,
  firstShown,
  INITIAL_CLIENTS_VIEW,
  nextClientsView,
  shownRows,
} from '../../src/tui/clients-order.ts';
import { clientsLines } from '../../src/tui/clients-screen.ts';
import { makeSnapshot } from '../support/snapshot.ts';
import { makeClientsSnapshot } from '../support/snapshot-clients.ts';
import { makeClientRow } from '../support/snapshot-parts.ts';

const THOUSAND = makeClientsSnapshot(1_000).clients;
const ROOM = { columns: 200, rows: 16 };

const numbers = (rows: readonly ClientRow[]): number[] => rows.map(({ client }) => client);
const shown = (rows: readonly ClientRow[], view: Partial<ClientsView>): number[] =>
  numbers(shownRows(rows, { ...INITIAL_CLIENTS_VIEW, ...view }));

function after(rows: readonly ClientRow[], view: ClientsView, ...actions: readonly ClientsAction[]): ClientsView {
  return actions.reduce((state, action) => nextClientsView(state, action, rows, ROOM), view);
}

function texts(
  rows: readonly ClientRow[],
  size: { columns: number; rows: number },
  view: Partial<ClientsView> = {},
): string[] {
  const lines = clientsLines({ ...makeSnapshot(), clients: rows }, size, { ...INITIAL_CLIENTS_VIEW, ...view });
  return lines.map((line) => line.map(({ text }) => text).join(''));
}

test('Rows are sorted by the column, what is unknown last in both directions, equal ones by number.', () => {
  const behind = [3_000, undefined, 9_000, 3_000];
  const rows = behind.map((behindLiveMs, index) => makeClientRow(index + 1, { behindLiveMs }));
  assert.deepEqual(shown(rows, { sort: 'behind' }), [3, 1, 4, 2]);
  assert.deepEqual(shown(rows, { sort: 'behind', isReversed: true }), [1, 4, 3, 2]);
  assert.deepEqual(shown(rows, { sort: 'client', isReversed: true }), [4, 3, 2, 1]);
});

test('By state those in trouble come first, and an end that was to come is none.', () => {
  const rows = [
    makeClientRow(1),
    makeClientRow(2, { state: 'stopped', exitCategory: 'success' }),
    makeClientRow(3, { state: 'backoff' }),
    makeClientRow(4, { state: 'stopped', exitCategory: 'error' }),
    makeClientRow(5, { isStalled: true }),
    makeClientRow(6, { state: 'stopped', exitCategory: 'stopped' }),
  ];
  assert.deepEqual(shown(rows, { sort: 'state' }), [5, 3, 4, 1, 2, 6]);
  assert.deepEqual(
    rows.map((row) => shownState(row).word),
    ['running', 'finished', 'backoff', 'ended', 'stalled', 'stopped'],
  );
});

test('The filter looks at number, state and the last exit; all words must be there, in any case.', () => {
  assert.deepEqual(shown(THOUSAND, { filter: '73' }).slice(0, 3), [73, 173, 273]);
  assert.deepEqual(shown(THOUSAND, { filter: 'BACKOFF 41' }), [411]);
  assert.deepEqual(shown(THOUSAND, { filter: ' stalled ' }).length, 10);
  assert.deepEqual(shown(THOUSAND, { filter: 'playlist lost' }).length, 10);
  assert.deepEqual(shown(THOUSAND, { filter: 'sigkill 7 ' }).length, 50);
  assert.deepEqual(shown(THOUSAND, { filter: 'no such thing' }), []);
  assert.equal(shown(THOUSAND, { filter: '   ' }).length, 1_000);
});

test('Filter and order give every row that passes exactly once, whatever is known of it.', () => {
  const some = fc.option(fc.double({ noNaN: true }), { nil: undefined });
  const row = fc.record({ behindLiveMs: some, speed: some, clientBlockedRatio: some });
  fc.assert(
    fc.property(
      fc.array(row, { maxLength: 40 }),
      fc.constantFrom(...sortableWithin(300)),
      fc.boolean(),
      (facts, column, isReversed) => {
        const rows = facts.map((figures, index) => makeClientRow(index + 1, figures));
        const ordered = shownRows(rows, { ...INITIAL_CLIENTS_VIEW, sort: column.heading, isReversed });
        assert.deepEqual(
          numbers(ordered).toSorted((one, other) => one - other),
          numbers(rows),
        );
        const values = ordered.map(column.value);
        const known = values.filter((value) => value !== undefined);
        assert.deepEqual(values.slice(0, known.length), known, 'unknown ones are last');
        const isAscending = (column.first === 'least') !== isReversed;
        assert.deepEqual(
          known,
          known.toSorted((one, other) => (isAscending ? one - other : other - one)),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test('The chosen row is chosen by its client: it moves with it, and steps go on from where it stands now.', () => {
  const by = { ...INITIAL_CLIENTS_VIEW, sort: 'restarts' };
  const before = [4, 3, 2, 1].map((restarts, index) => makeClientRow(index + 1, { restarts }));
  const chosen = after(before, by, 'down', 'down');
  assert.equal(chosen.chosen, 2);
  const moved = [4, 0, 2, 1].map((restarts, index) => makeClientRow(index + 1, { restarts }));
  assert.equal(after(moved, chosen, 'up').chosen, 4);
  const at = texts(moved, { columns: 80, rows: 12 }, chosen).findIndex((line) => line.startsWith('>  2 '));
  assert.equal(at, 4, 'last of four below the headings');
});

test('Steps and pages end at both ends, and there are none in an empty table.', () => {
  const place = (...actions: readonly ClientsAction[]): number | undefined =>
    after(THOUSAND, INITIAL_CLIENTS_VIEW, ...actions).chosen;
  assert.equal(place('down'), 1);
  assert.equal(place('up'), 1);
  assert.equal(place('page-down'), 16);
  assert.equal(place('page-down', 'page-down', 'page-up'), 16);
  assert.equal(place('down', 'page-up'), 1);
  assert.equal(place('bottom'), 1_000);
  assert.equal(place('bottom', 'down'), 1_000);
  assert.equal(place('bottom', 'up', 'top'), 1);
  assert.equal(after([], INITIAL_CLIENTS_VIEW, 'down', 'page-down', 'top', 'bottom').chosen, undefined);
});

test('The page has the chosen row on it wherever that stands, and never blank rows while there are others.', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2_000 }), fc.nat(), fc.integer({ min: 1, max: 60 }), (rows, seed, page) => {
      const place = rows === 0 ? -1 : seed % rows;
      const first = firstShown(rows, place, page);
      assert.ok(first >= 0 && first <= Math.max(0, rows - page));
      assert.ok(place === -1 || (place >= first && place < first + page));
    }),
  );
  assert.equal(firstShown(1_000, -1, 16), 0, 'with none chosen the top stays in view');
});

test('The sorting key goes through the columns that are seen, and its turn begins each anew.', () => {
  const narrow = sortableWithin(80).map(({ heading }) => heading);
  assert.deepEqual(narrow, ['client', 'state', 'restarts', 'speed', 'wait p95', 'receive p95', 'behind', 'stalls']);
  let view = nextClientsView(INITIAL_CLIENTS_VIEW, 'reverse', THOUSAND, ROOM);
  const seen = narrow.map(() => {
    view = nextClientsView(view, 'sort', THOUSAND, { ...ROOM, columns: 80 });
    assert.equal(view.isReversed, false);
    return view.sort;
  });
  assert.deepEqual(seen, [...narrow.slice(1), 'client']);
  const hidden = nextClientsView({ ...view, sort: 'drift' }, 'sort', THOUSAND, { ...ROOM, columns: 80 });
  assert.equal(hidden.sort, 'client', 'a column that the width left out has no next one');
});

test('Narrow screens drop the least important columns; the lines below tell them of the chosen client.', () => {
  const headings = (columns: number): string[] => columnsWithin(columns).figures.map(({ heading }) => heading);
  for (let columns = 60; columns < 260; columns += 1) {
    const [less, more] = [headings(columns), headings(columns + 1)];
    assert.ok(
      less.every((heading) => more.includes(heading)),
      `${columns}`,
    );
  }
  const issue = [
    'uptime',
    'restarts',
    'speed',
    'segments',
    'bytes',
    'wait p95',
    'receive p95',
    'blocked',
    'behind',
    'stalls',
  ];
  assert.deepEqual(headings(120), issue);
  const below = texts(THOUSAND, { columns: 120, rows: 20 }, { chosen: 102 }).slice(-2).join('\n');
  assert.match(
    below,
    /^client 102 +✖ out_time still for 9\.30 s · playlists 26 · failed 4 · stall time 7\.25 s · startup 198 ms/,
  );
});

test('What is not known of a client is a dash in its row and left out below.', () => {
  const row: ClientRow = {
    client: 5,
    state: 'created',
    restarts: 0,
    waitMs: { n: 0, window: { n: 0 } },
    receiveMs: { n: 0, window: { n: 0 } },
    isStalled: false,
  };
  const figures = columnsWithin(300).figures.filter(({ heading }) => heading !== 'restarts');
  for (const column of figures) assert.equal(figureText(column, row), '-', column.heading);
  assert.deepEqual(knownFigures(row, []), ['restarts 0']);
});

test('The place line says which rows are seen, of how many, by what, and what is filtered.', () => {
  const line = (view: Partial<ClientsView>, columns = 120): string =>
    (texts(THOUSAND, { columns, rows: 20 }, view)[17] ?? '').trimEnd();
  assert.match(line({}), /^1-16 of 1,000 · by client ↑ /);
  assert.match(line({ sort: 'behind', chosen: 1_000 }), /^985-1,000 of 1,000 · by behind ↓/);
  assert.match(
    line({ filter: 'stalled' }),
    /^1-10 of 10, 1,000 in all · by client ↑ · ▲ filter stalled {2}Esc clears it/,
  );
  assert.match(
    line({ filter: 'x\u001b[1m東', isTyping: true }),
    /^0 of 1,000 match · by client ↑ · filter x\?\[1m東_ {2}Enter/,
  );
});
