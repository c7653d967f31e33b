// What the view says and leaves out: exact sizes at any size, unknown never as 0, verdicts, priorities, keys.
// How it looks on a terminal is in screen.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TERMINATIONS } from '../../src/events.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { TERMINATION_WORDS } from '../../src/stats/termination-words.ts';
import { type Line, lineWidth } from '../../src/tui/cells.ts';
import { view } from '../../src/tui/view.ts';
import { INITIAL_VIEW_STATE, SCREEN_NAMES, type ViewState } from '../../src/tui/view-state.ts';
import { makeEmptySnapshot, makeSnapshot } from '../support/snapshot.ts';
import { makeClientsSnapshot } from '../support/snapshot-clients.ts';
import { makeStreamSnapshot } from '../support/snapshot-streams.ts';
import { proxyOf } from '../support/tapped.ts';

const LARGE = { columns: 120, rows: 40 };
const SMALL = { columns: 80, rows: 24 };

function texts(snapshot: Snapshot | undefined, size = LARGE, state: ViewState = INITIAL_VIEW_STATE): string[] {
  return view(snapshot, size, state).map(textOf);
}

function textOf(line: Line): string {
  return line.map(({ text }) => text).join('');
}

/** The row that begins with the label. */
function rowOf(lines: readonly string[], label: string): string {
  return lines.find((line) => line.startsWith(label)) ?? assert.fail(`no row ${label}`);
}

const findings = (count: number): Snapshot['summary']['findings'] =>
  Array.from({ length: count }, (_, index) => ({
    code: 'segment-missing' as const,
    subject: `http://origin.example/live/segment-${index}.ts`,
    sinceMs: index * 100,
    count: index + 1,
    evidence: '404 for a listed segment',
  }));

test('Every picture is exactly as large as asked for, at any size, whatever the texts hold.', () => {
  const text = fc.string({ unit: 'binary', maxLength: 90 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 220 }),
      fc.integer({ min: 1, max: 70 }),
      text,
      text,
      fc.nat({ max: 15 }),
      fc.constantFrom(...SCREEN_NAMES),
      fc.constantFrom('none', 'help', 'logs'),
      fc.constantFrom(undefined, makeEmptySnapshot(), makeSnapshot(), makeStreamSnapshot(), makeClientsSnapshot(70)),
      (columns, rows, url, evidence, count, screen, overlay, snapshot) => {
        const told =
          snapshot === undefined
            ? undefined
            : {
                ...snapshot,
                recentEvents: snapshot.recentEvents.map((event) => ({
                  ...event,
                  ...(count > 2 ? { url, reason: evidence } : {}),
                })),
                originSources: snapshot.originSources.map((source) => ({ ...source, source: url, reason: evidence })),
                clients: snapshot.clients.map((row) => ({
                  ...row,
                  exitCategory: 'error' as const,
                  exitReason: evidence,
                })),
                summary: {
                  ...snapshot.summary,
                  run: { ...snapshot.summary.run, url },
                  findings: findings(count).map((finding) => ({ ...finding, evidence, subject: url })),
                  instrument: { ...snapshot.summary.instrument, reasons: [evidence, url] },
                },
              };
        const clients = {
          ...INITIAL_VIEW_STATE.clients,
          filter: count % 3 === 0 ? url : count % 3 === 1 ? evidence : '',
          isTyping: count % 2 === 0,
          chosen: count,
        };
        const notice = count % 4 === 0 ? { text: `${url} ${evidence}`, isFailure: count > 3 } : undefined;
        const lines = view(
          told,
          { columns, rows },
          { ...INITIAL_VIEW_STATE, screen, overlay, isPaused: count > 7, logLines: [url, evidence], clients, notice },
        );
        assert.equal(lines.length, rows);
        for (const line of lines) assert.equal(lineWidth(line), columns, textOf(line));
      },
    ),
    { numRuns: 150 },
  );
});

test('Below 60 x 20 one line says what is needed, and from there on nothing is missing that matters.', () => {
  assert.match(texts(makeSnapshot(), { columns: 59, rows: 20 })[0] ?? '', /needs 60 x 20, this is 59 x 20/);
  assert.match(texts(makeSnapshot(), { columns: 60, rows: 19 })[0] ?? '', /needs 60 x 20/);
  const lines = texts(makeSnapshot(), { columns: 60, rows: 20 });
  for (const label of [
    '1 s',
    '30 s',
    'overall',
    'total',
    'segments',
    'segment wait',
    'Clients',
    'Agreement',
    'Errors',
    'Origin',
    '▲ playlist-stalled',
    'q quit',
  ]) {
    rowOf(lines, label);
  }
});

test('At both sizes nothing but a long address is cut.', () => {
  for (const size of [LARGE, SMALL]) {
    assert.deepEqual(
      texts(makeSnapshot(), size).filter((line) => line.includes('…')),
      [],
    );
  }
});

test('What is not known is a dash, never a zero.', () => {
  const lines = texts(makeEmptySnapshot());
  for (const label of ['1 s', '30 s', '60 s', '5 min', 'overall']) {
    assert.match(rowOf(lines, label).slice(label.length), /^[\s│-]+$/);
  }
  assert.match(rowOf(lines, 'segment wait'), /^segment wait +0( +-){4} +0( +-){4} *$/);
  assert.match(rowOf(lines, 'startup'), /p50 - · p95 -/);
});

test('A difference stands only where the snapshot has one, as percent of the proxy with its sign.', () => {
  const lines = texts(makeSnapshot());
  assert.match(rowOf(lines, '30 s'), /24\.3 +24\.0 +-1\.36 % +24\.3 +\+0\.04 % │ +24\.5 +24\.5 +\+0\.07 %/);
  assert.match(rowOf(lines, '60 s'), /24\.1 +23\.7 +- +24\.1 +- │ +24\.2 +24\.2 +-/);
  const none = texts(makeSnapshot({ differences: { parser: undefined, origin: undefined, originAll: undefined } }));
  assert.doesNotMatch(rowOf(none, 'total'), /%/);
});

test('The verdict is one sentence with its own shape, the first reason and the number of the others.', () => {
  const verdict = (instrument: Partial<Snapshot['summary']['instrument']>): string =>
    (texts(makeSnapshot({ summary: { instrument } }), SMALL)[1] ?? '').trimEnd();
  assert.equal(verdict({ verdict: 'valid', reasons: [] }), '● VALID - the numbers can be trusted');
  assert.equal(verdict({ verdict: 'degraded', reasons: ['late'] }), '▲ DEGRADED - late');
  assert.equal(
    verdict({ verdict: 'invalid', reasons: ['3 records lost', 'b', 'c'] }),
    '✖ INVALID - 3 records lost (and 2 more)',
  );
  assert.match(
    verdict({ verdict: 'invalid', reasons: ['long '.repeat(30), 'b'] }),
    /^✖ INVALID - long .*… \(and 1 more\)$/,
  );
});

test('While streams flow their content is one total, wherever it stands: that of the meters, not of what was told last.', () => {
  const streams = { contentBytes: 423_000, throughput: { totalBytes: 871_000 } };
  const base = makeStreamSnapshot();
  const { summary } = base;
  const lines = texts({
    ...base,
    summary: { ...summary, proxy: { ...proxyOf(summary), streams: { ...proxyOf(summary).streams, ...streams } } },
  });
  assert.match(rowOf(lines, 'Streams'), / · 871 kB · /);
});

test('Without a tap the screens show what the log says, and nothing for what only a tap can see.', () => {
  const { proxy: _proxy, ...summary } = makeSnapshot().summary;
  const unpaired = { unavailable: 'no reference: nothing was tapped', startErrorMs: { n: 0 } };
  const kinds = { segment: unpaired, playlist: unpaired, init: unpaired, key: unpaired, other: unpaired };
  const playback = { startupMs: { n: 0 }, behindLiveMs: { n: 0 } };
  const snapshot = {
    ...makeSnapshot(),
    summary: {
      ...summary,
      reconciliation: {},
      clients: { ...summary.clients, playback },
      agreement: { ...kinds, estimators: summary.agreement.estimators },
    },
  };
  const overview = texts(snapshot, { columns: 100, rows: 60 });
  assert.match(rowOf(overview, 'segments'), /^segments +- +249 /);
  assert.match(rowOf(overview, 'stalls'), /^stalls +-/);
  assert.match(rowOf(overview, 'HTTP'), /^HTTP +-/);
  assert.ok(!overview.some((line) => line.startsWith('endings')));
  const agreement = texts(snapshot, { columns: 80, rows: 24 }, { ...INITIAL_VIEW_STATE, screen: 'agreement' });
  assert.ok(agreement.some((line) => line.startsWith('  no reference: nothing was tapped')));
});

test('What went through tunnels is unknown to the proxy, not nothing.', () => {
  const proxy = { hasTunnels: true, throughput: undefined, allBytesThroughput: undefined, byKind: {} };
  const lines = texts(
    makeEmptySnapshot({
      summary: {
        proxy: {
          ...proxy,
          byKind: { segment: undefined, 'media-playlist': undefined, 'multivariant-playlist': undefined },
        },
        parser: { requests: { segment: 7, playlist: 3 } },
      },
    }),
  );
  assert.match(rowOf(lines, 'total'), /^total( +-){3} +│( +-)+ *$/);
  assert.match(rowOf(lines, 'segments'), /^segments +- +7 /);
  assert.match(rowOf(lines, 'playlists'), /^playlists +- +3 /);
  assert.match(rowOf(lines, 'HTTP'), /^HTTP +- /);
});

test('Nothing has ended completely while nothing has ended.', () => {
  const text = (terminations: object, size = LARGE): string =>
    texts(makeEmptySnapshot({ summary: { proxy: { terminations } } }), size).join('\n');
  assert.match(text({}), /endings +none ended/);
  assert.match(text({}, SMALL), /HTTP none · no transfer has ended/);
  assert.match(text({ '--': 2 }), /endings +all complete/);
  assert.match(text({ '--': 2 }, SMALL), /HTTP none · all transfers ended complete/);
});

test('What origins see of shared connections is said, and nothing where each client has its own.', () => {
  const shared = makeSnapshot({ summary: { run: { upstream: 'shared' }, proxy: { upstreamConnections: 4 } } });
  assert.ok(texts(shared).some((line) => line.includes('shared      sees 4 connections instead of 31')));
  assert.ok(texts(makeSnapshot()).every((line) => !line.includes('instead of')));
});

test('The ramp is a bar while clients start, and a sentence afterwards.', () => {
  const ramp = (isRamping: boolean, active: number): string =>
    texts(makeSnapshot({ isRamping, summary: { clients: { active } } }))[2] ?? '';
  assert.match(ramp(true, 6), /^█{12}░{12} starting \(6 \/ 12\)/);
  assert.match(ramp(false, 12), /^all clients running \(12 \/ 12\)/);
  assert.match(ramp(false, 11), /^▲ not all clients running \(11 \/ 12\)/);
});

test('The lookup is marked below 80 % and again below 50 %.', () => {
  const style = (successes: number): string => {
    const lookup = { attempts: 100, successes, misses: { neverListed: 0, evicted: 0, notYetListed: 0, ambiguous: 0 } };
    const lines = view(makeSnapshot({ summary: { parser: { lookup } } }), LARGE, INITIAL_VIEW_STATE);
    const cells = lines.flat();
    return cells[cells.findIndex(({ text }) => text === ' found') - 1]?.style ?? 'missing';
  };
  assert.deepEqual([80, 79, 50, 49].map(style), ['good', 'warn', 'warn', 'bad']);
});

test('Findings of one code stand together with their next step; what has no room is counted.', () => {
  const lost = { code: 'playlist-lost' as const, subject: 'client 4', sinceMs: 50, count: 1, evidence: 'exit 0' };
  const told = makeSnapshot({ summary: { findings: [...findings(9), lost] } });
  const lines = texts(told, { columns: 120, rows: 43 }).join('\n');
  assert.match(lines, /Findings, causes first; 1 more are not shown/);
  assert.match(lines, /Seen 45 times, first 00:00:43 ago/);
  assert.match(lines, /segment-1\.ts: 404 for a listed segment +\n +and 7 more like it/);
  assert.match(lines, /→ Compare the lifetime of segments/);
  const small = texts(told, SMALL).join('\n');
  assert.match(small, /▲ segment-missing \(x45\): http\S+ and 8 more \(\+ 1 other finding\)/);
  assert.match(small, /→ Compare the lifetime of segments/);
});

test('Of totals no difference is told: the origin’s is of its last answer, and how long ago that was stands beside it.', () => {
  const lines = texts(makeSnapshot({ originBytesAtMs: makeSnapshot().atMs - 12_400 }));
  assert.match(rowOf(lines, 'total'), /^total +129 MB +127 MB +129 MB +12s ago │ +130 MB +130 MB +12s ago *$/);
  assert.match(rowOf(lines, 'overall'), /^overall( +\S+ +\S+ +[+-]\S+ %){1}/);
});

test('Where nothing tells sizes the row of bytes says why, and estimators without a figure say their state.', () => {
  const reason = 'no segment-size listing was read';
  const estimators = [
    { name: 'lookup' as const, status: 'unavailable' as const, reason, reference: 'r' },
    { name: 'statistics' as const, status: 'pending' as const, reference: 'r' },
  ];
  const { lookup: _lookup, ...parser } = makeSnapshot().summary.parser;
  const { summary } = makeSnapshot();
  const told = { ...makeSnapshot(), summary: { ...summary, parser, agreement: { ...summary.agreement, estimators } } };
  const wide = texts(told, { columns: 200, rows: 60 }).join('\n');
  assert.match(wide, /bytes +lookup -: no segment-size listing was read · statistics pending/);
  assert.match(texts(told).join('\n'), /bytes +lookup -: no segment-size listing was read /);
});

test('More room unfolds more, and never less of what was shown before.', () => {
  const labels = (rows: number): number =>
    new Set(texts(makeSnapshot(), { columns: 120, rows }).map((line) => line.trim())).size;
  const counts = [20, 24, 30, 40, 50].map(labels);
  assert.deepEqual(
    counts,
    counts.toSorted((one, other) => one - other),
  );
});

test('Every way a transfer can end has words that fit beside its count in half a screen.', () => {
  for (const code of TERMINATIONS) assert.ok(TERMINATION_WORDS[code].length <= 42, code);
});

test('On the agreement screen sides that do not agree are marked, and every estimator says what it is or why it is not.', () => {
  const state: ViewState = { ...INITIAL_VIEW_STATE, screen: 'agreement' };
  const tall = texts(makeSnapshot(), { columns: 80, rows: 70 }, state);
  assert.match(rowOf(tall, 'errors'), /404: parser 4, proxy 4 · ▲ 503: parser 2, proxy 3/);
  for (const { name, reason = '', knownBias = '' } of makeSnapshot().summary.agreement.estimators) {
    rowOf(tall, name);
    for (const words of [reason, knownBias]) assert.ok(tall.join('\n').includes(words), words);
  }
  for (const size of [LARGE, SMALL])
    assert.deepEqual(
      texts(makeSnapshot(), size, state).filter((line) => line.includes('…')),
      [],
    );
});

test('While paused the footer says so at every width; keys give way.', () => {
  for (const columns of [60, 72, 80, 120]) {
    const lines = texts(makeSnapshot(), { columns, rows: 20 }, { ...INITIAL_VIEW_STATE, isPaused: true });
    assert.match(lines.at(-1) ?? '', /^q quit .* ▲ PAUSED/);
  }
});

test('On the agreement screen no estimator without a figure is left out while there is a row for it.', () => {
  const { summary } = makeSnapshot();
  const state: ViewState = { ...INITIAL_VIEW_STATE, screen: 'agreement' };
  const estimators = summary.agreement.estimators.map(({ bytes: _bytes, requests: _requests, ...score }, index) => ({
    ...score,
    status: index < 4 ? ('pending' as const) : ('unavailable' as const),
  }));
  const snapshot = { ...makeSnapshot(), summary: { ...summary, agreement: { ...summary.agreement, estimators } } };
  const page = texts(snapshot, SMALL, state).join(' ').replaceAll(/\s+/g, ' ');
  assert.match(
    page,
    /no figure pending: lookup-original · lookup · statistics · progress unavailable: http-statistics · origin /,
  );
});

test('Where no account knows bytes the table gives way to what the log names, and says why.', () => {
  const { proxy: _proxy, parser, origin, ...rest } = makeSnapshot().summary;
  const { throughput: _parsed, ...named } = parser;
  const { throughput: _all, segmentThroughput: _segment, ...silent } = origin;
  const lines = texts({ ...makeSnapshot(), summary: { ...rest, parser: named, origin: silent } }, SMALL);
  assert.match(rowOf(lines, 'segments'), /^segments +249 *$/);
  assert.match(lines.join('\n'), /Bytes are unknown: nothing was tapped \(--no-proxy\), no segment-size listing/);
  assert.ok(!lines.some((line) => line.startsWith('overall') || line.startsWith('segment wait')));
});

test('Clients that were restarted and get no media are not said to run, as all processes there are.', () => {
  const { clients, summary } = makeSnapshot();
  const again = clients.map((row, at) => ({ ...row, state: 'starting' as const, restarts: at < 3 ? 1 : 0 }));
  const all = { ...summary.clients, active: 12, target: 12 };
  const lines = texts({ ...makeSnapshot(), clients: again, summary: { ...summary, clients: all } });
  assert.match(lines[2] ?? '', /^▲ 3 of 12 restarted, no media yet /);
});
