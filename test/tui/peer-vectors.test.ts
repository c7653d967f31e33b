// The screen against the recorded behaviour of go-ffmpeg-hls-swarm's: what is shown for what, which keys end a run, and that
// nothing makes a painting fail. Where its panels went is in peer-panels.test.ts.
import assert from 'node:assert/strict';
import type { Snapshot } from '../../src/stats/summary.ts';
import { type Cell, lineWidth } from '../../src/tui/cells.ts';
import { actionOf } from '../../src/tui/keys.ts';
import { view } from '../../src/tui/view.ts';
import { INITIAL_VIEW_STATE, SCREEN_NAMES, type Size, type ViewState } from '../../src/tui/view-state.ts';
import { openLedger, play, RUN } from '../stats/ledger-traffic.ts';
import { holds, type PeerVector } from '../support/peer-vectors.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';
import { makeClientsSnapshot } from '../support/snapshot-clients.ts';
import { makeClientRow, makeKindSummary, type Overrides } from '../support/snapshot-parts.ts';

const SIZE: Size = { columns: 120, rows: 40 };
const BAR_WIDTH = 24;
const KEY_NAMES: Readonly<Record<string, string>> = { 'ctrl+c': 'C-c', esc: 'escape' };
const NO_CLIENTS: readonly number[] = [];

function cellsOf(snapshot: Snapshot | undefined, size: Size = SIZE, screen: ViewState['screen'] = 'overview'): Cell[] {
  return view(snapshot, size, { ...INITIAL_VIEW_STATE, screen }).flat();
}

function textOf(snapshot: Snapshot | undefined, size: Size = SIZE, screen: ViewState['screen'] = 'overview'): string {
  return cellsOf(snapshot, size, screen)
    .map(({ text }) => text)
    .join('');
}

/** Every screen, at this size; whole and not empty where the vector says so. */
function paints(snapshot: Snapshot | undefined, size: Size, { expected }: PeerVector): void {
  for (const screen of SCREEN_NAMES) {
    const lines = view(snapshot, size, { ...INITIAL_VIEW_STATE, screen });
    assert.equal(lines.length, Math.max(1, size.rows));
    if (expected.not_empty === true) assert.notEqual(textOf(snapshot, size, screen).trim(), '');
  }
}

/** A run whose figures are those of the vector; what it does not name stays. */
function snapshotOf(input: Readonly<Record<string, number>> | null): Snapshot | undefined {
  if (input === null) return undefined;
  const { active, manifest, segment, bytes, lines_dropped: dropped, timeouts, reconnections } = input;
  const kinds: Overrides<NonNullable<Snapshot['summary']['proxy']>['byKind']> = {
    ...(manifest === undefined ? {} : { 'media-playlist': makeKindSummary(1, { transfers: manifest }) }),
    ...(segment === undefined ? {} : { segment: makeKindSummary(1, { transfers: segment }) }),
  };
  return makeSnapshot({
    summary: {
      ...(active === undefined ? {} : { clients: { active } }),
      proxy: { byKind: kinds, ...(bytes === undefined ? {} : { throughput: { totalBytes: bytes } }) },
      parser: {
        ...(dropped === undefined ? {} : { droppedLines: dropped }),
        ...(timeouts === undefined ? {} : { timeouts }),
        ...(reconnections === undefined ? {} : { reconnections }),
      },
    },
  });
}

/** The cell of the errors' screen that says the original's error rate, when it is this one. */
function failureCell(ratio: number): Cell {
  const requests = 10_000;
  const failed = Math.round(ratio * requests);
  const segment = makeKindSummary(1, { transfers: requests, statusCodes: { '404': failed, '503': undefined } });
  const base = makeSnapshot();
  assert.ok(base.summary.proxy !== undefined);
  const proxy = { ...base.summary.proxy, byKind: { segment }, terminations: { '--': requests }, timeouts: 0 };
  const cells = cellsOf({ ...base, summary: { ...base.summary, proxy } }, SIZE, 'errors');
  return cells.find((_, at) => cells[at - 1]?.text === 'error rate ') ?? assert.fail('no error rate');
}

const STYLES: Readonly<Record<string, string>> = { good: 'plain', warn: 'warn', bad: 'bad' };

holds('tui', {
  metrics_status: ({ input, expected }) => {
    const droppedLines = Math.round(input * 1_000);
    const isMarked = textOf(makeSnapshot({ summary: { parser: { droppedLines } } })).includes(
      `▲ ${droppedLines} dropped`,
    );
    assert.equal(isMarked, expected !== 'ok');
  },
  speed_text: ({ input, expected }) => {
    assert.ok(
      textOf(makeSnapshot({ summary: { clients: { averageSpeed: input } } })).includes(`${expected} since start`),
    );
  },
  error_rate_style: ({ input, expected }) => assert.equal(failureCell(input).style, STYLES[expected]),
  ramp_progress: ({ input, expected }) => {
    const { target, active } = input;
    const text = textOf(makeSnapshot({ isRamping: true, summary: { clients: { target, active } } }), {
      columns: 80,
      rows: 24,
    });
    const bar = text.slice(160, 160 + BAR_WIDTH);
    assert.equal(
      Array.from(bar).filter((character) => character === '█').length,
      Math.floor(Math.min(1, expected) * BAR_WIDTH),
    );
  },
  drop_rate: ({ input, expected }) => {
    const { read, dropped } = input;
    const lines = { progressLines: 0, unparsedLines: 0, droppedProgressLines: 0, overlongLines: 0 };
    const told = { ...lines, stderrLines: read - dropped, droppedStderrLines: dropped };
    const ledger = play([{ type: 'lines', atMs: 1_000, ...told }], openLedger({ run: RUN }));
    assert.equal(ledger.snapshot(1_000, 0).dropRate.current, expected);
  },
  key: ({ input, expected }) =>
    assert.equal(actionOf(KEY_NAMES[input] ?? input, INITIAL_VIEW_STATE) === 'quit', expected.quit),
  resize: ({ input: { width: columns, height: rows } }) => {
    const lines = view(makeSnapshot(), { columns, rows }, INITIAL_VIEW_STATE);
    assert.deepEqual([lines.length, lineWidth(lines[0] ?? [])], [Math.max(1, rows), Math.max(1, columns)]);
  },
  tick: ({ input, expected }) =>
    assert.ok(textOf(snapshotOf(input)).includes(`(${expected.active_clients} / 12)`), textOf(snapshotOf(input))),
  render: (vector) => paints(snapshotOf(vector['input']), SIZE, vector),
  render_clients: (vector) => {
    const { clients, ids = NO_CLIENTS } = vector['input'] as { clients?: number; ids?: readonly number[] };
    const rows = ids.map((id) => makeClientRow(id));
    paints(clients === undefined ? { ...makeSnapshot(), clients: rows } : makeClientsSnapshot(clients), SIZE, vector);
  },
  render_url: (vector) =>
    paints(
      makeSnapshot({ summary: { run: { url: vector['input'].url } } }),
      { columns: vector['input'].width, rows: 24 },
      vector,
    ),
  render_target: (vector) =>
    paints(makeSnapshot({ summary: { clients: { target: vector['input'].target } } }), SIZE, vector),
  layers: (vector) => paints(makeEmptySnapshot(), SIZE, vector),
});
