// Each reason for a difference, true and not: what excuses a line or a request, and what must not.
// Whole logs of real FFmpeg processes are in analyze-captures.test.ts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { renderAnalysis } from '../../src/report/analysis.ts';
import { REASONS } from '../../src/run/analyze-reasons.ts';
import {
  analysisOf,
  announced,
  asked,
  BASE,
  differencesOf,
  exited,
  HEALTHY,
  HEALTHY_ROWS,
  type Line,
  media,
  opening,
  PLAYLIST,
  request,
  row,
  said,
  totals,
} from '../support/analysis.ts';

const A3 = '/live/a3.ts';
const refusedAt = (at: number): Line =>
  said(at, '[tcp @ 0x3] [error] Connection to tcp://origin.example:8080 failed: Connection refused');
const errorAt = (at: number): Line => said(at, '[http @ 0x2] [warning] HTTP error 404 Not Found');
const keptFailedAt = (at: number, why: string): Line =>
  said(
    at,
    `[hls @ 0x1] [warning] keepalive request failed for '${BASE}${A3}' with error: '${why}' when opening url, retrying with new connection`,
  );
/** On a kept connection, and once more on a new one. */
const askedTwice = (at: number, ...between: Line[]): Line[] => [
  ...media(at, A3, 'http'),
  ...between,
  ...request(at + 0.001, A3),
];
const VERBOSE = [
  announced(0.1, '/live/a1.ts'),
  opening(0.1, '/live/a1.ts'),
  opening(2, PLAYLIST, 'http'),
  announced(2, '/live/a2.ts'),
  opening(2, '/live/a2.ts', 'http'),
];
const DEAD = ['requests.segment 1 deadConnection', 'opens.segment 1 deadConnection'];
const ONE_TOO_MANY = ['requests.segment 1 unexplained', 'opens.segment 1 unexplained'];
const ONE_MISSING = ['requests.segment -1 unexplained', 'opens.segment -1 unexplained'];

type Case = readonly [log: readonly Line[], rows: readonly object[], expected: readonly string[]];

const LINES: Readonly<Record<string, Case>> = {
  'a line that was repeated at once on a new connection went to a dead one': [
    [...HEALTHY, ...askedTwice(4)],
    [...HEALTHY_ROWS, row(4.002, A3)],
    DEAD,
  ],
  'so did one that was reset': [
    [...HEALTHY, ...askedTwice(4, keptFailedAt(4, 'Connection reset by peer'))],
    [...HEALTHY_ROWS, row(4.002, A3)],
    DEAD,
  ],
  'so did one whose repetition found nobody': [
    [...HEALTHY, ...media(4, A3, 'http'), opening(4.001, A3), refusedAt(4.002), totals(4.1)],
    HEALTHY_ROWS,
    ['requests.segment 1 deadConnection', 'opens.segment 1 deadConnection', 'opens.segment 1 notConnected'],
  ],
  'a TLS error of the dead connection is not that no connection came about': [
    [...HEALTHY, ...askedTwice(4, said(4, '[tls @ 0x5] [error] IO error: End of file'))],
    [...HEALTHY_ROWS, row(4.002, A3)],
    DEAD,
  ],
  'a line that was answered did not go to a dead connection': [
    [...HEALTHY, ...askedTwice(4, errorAt(4), keptFailedAt(4, 'Server returned 404 Not Found')), errorAt(4.1)],
    [...HEALTHY_ROWS, row(4.002, A3, { status: 404 })],
    [...ONE_TOO_MANY, 'httpErrors.404 1 unexplained'],
  ],
  'a line that waited for its answer did not either': [
    [...HEALTHY, ...askedTwice(4, keptFailedAt(4, 'Connection timed out'))],
    [...HEALTHY_ROWS, row(4.002, A3)],
    ONE_TOO_MANY,
  ],
  'a line on a new connection did not either': [
    [...HEALTHY, ...media(4, A3), ...request(4.001, A3)],
    [...HEALTHY_ROWS, row(4.002, A3)],
    ONE_TOO_MANY,
  ],
  'the next poll of a playlist is no repetition': [
    [...HEALTHY, ...request(4, PLAYLIST, 'http'), ...request(5, PLAYLIST, 'http'), ...media(6, A3)],
    [...HEALTHY_ROWS, row(5, PLAYLIST), row(6, A3)],
    ['requests.playlist 1 unexplained', 'opens.playlist 1 unexplained'],
  ],
  'a process was told to leave before its request was out': [
    [...HEALTHY, ...media(4, A3), ...exited(4.1)],
    HEALTHY_ROWS,
    ['requests.segment 1 killCutOff', 'opens.segment 1 killCutOff'],
  ],
  'a process was killed before its request was out': [
    [...HEALTHY, ...media(4, A3)],
    HEALTHY_ROWS,
    ['requests.segment 1 killCutOff', 'opens.segment 1 killCutOff'],
  ],
  'a process that ended by itself has no request to cut off': [
    [...HEALTHY, ...media(4, A3), totals(4.1)],
    HEALTHY_ROWS,
    ONE_TOO_MANY,
  ],
  'only the last request can be cut off': [
    [...HEALTHY, ...media(4, A3), ...media(4.5, '/live/a4.ts'), ...exited(4.6)],
    [...HEALTHY_ROWS, row(4.5, '/live/a4.ts')],
    ONE_TOO_MANY,
  ],
  'a line in the middle that no server saw': [
    [...HEALTHY, ...media(4, A3), ...media(8, '/live/a4.ts')],
    [...HEALTHY_ROWS, row(8, '/live/a4.ts')],
    ONE_TOO_MANY,
  ],
  'a connection did not come about': [[opening(0, PLAYLIST), refusedAt(0.1)], [], ['opens.playlist 1 notConnected']],
  'a segment that the truth calls an init section': [
    HEALTHY,
    HEALTHY_ROWS.with(2, row(2, '/live/a2.ts', { kind: 'init' })),
    [
      'requests.segment 1 unexplained',
      'requests.init -1 unexplained',
      'opens.segment 1 unexplained',
      'opens.init -1 unexplained',
    ],
  ],
  'the same below level debug': [
    VERBOSE,
    [
      row(0, PLAYLIST, { reqOnConn: 1 }),
      row(0.1, '/live/a1.ts'),
      row(2, PLAYLIST),
      row(2, '/live/a2.ts', { kind: 'init' }),
    ],
    [
      'requests.segment -1 noRequestLines',
      'requests.playlist -2 noRequestLines',
      'requests.init -1 noRequestLines',
      'opens.segment 1 kindGuess',
      'opens.playlist -1 inputOpenHidden',
      'opens.init -1 kindGuess',
    ],
  ],
};

const REQUESTS: Readonly<Record<string, Case>> = {
  'redirects are followed within one opening': [
    [...HEALTHY, asked(2.01, '/cdn/a2.ts')],
    [...HEALTHY_ROWS.with(2, row(2, '/live/a2.ts', { status: 302 })), row(2.01, '/cdn/a2.ts')],
    ['opens.segment -1 redirect'],
  ],
  'an opening that the log lost behind a redirect is none': [
    [...HEALTHY, ...media(3, '/live/a4.ts')],
    [...HEALTHY_ROWS.with(2, row(2, '/live/a2.ts', { status: 302 })), row(2.5, A3), row(3, '/live/a4.ts')],
    ONE_MISSING,
  ],
  'FFmpeg can answer a challenge': [
    [...HEALTHY, ...media(4, A3), asked(4.1, A3)],
    [...HEALTHY_ROWS, row(4, A3, { status: 401 }), row(4.1, A3)],
    ['opens.segment -1 authChallenge', 'httpErrors.401 -1 authChallenge'],
  ],
  'a challenge that nobody answered is an error': [
    [...HEALTHY, ...media(4, A3), ...media(6, '/live/a4.ts'), totals(7)],
    [...HEALTHY_ROWS, row(4, A3, { status: 401 }), row(6, '/live/a4.ts')],
    ['httpErrors.401 -1 unexplained'],
  ],
  'the HTTP layer asks again': [
    [
      ...HEALTHY,
      ...media(4, A3),
      said(4.1, '[http @ 0x2] [warning] Will reconnect at 0 in 0 second(s).'),
      asked(4.2, A3),
    ],
    [...HEALTHY_ROWS, row(4, A3, { status: 0, bodyBytes: 0 }), row(4.2, A3)],
    ['opens.segment -1 httpRetry'],
  ],
  'one reconnection is no excuse for all openings': [
    [
      ...HEALTHY,
      ...media(4, A3),
      said(4.1, '[http @ 0x2] [warning] Will reconnect at 0 in 0 second(s).'),
      asked(4.2, A3),
      ...media(8, '/live/a5.ts'),
    ],
    [
      ...HEALTHY_ROWS,
      row(4, A3, { status: 0, bodyBytes: 0 }),
      row(4.2, A3),
      row(6, '/live/a4.ts'),
      row(8, '/live/a5.ts'),
    ],
    ['requests.segment -1 unexplained', 'opens.segment -1 httpRetry', 'opens.segment -1 unexplained'],
  ],
  'a log ends before its process': [
    HEALTHY,
    [...HEALTHY_ROWS, row(2.01, A3), row(8, '/live/a4.ts')],
    ['requests.segment -2 logCutOff', 'opens.segment -2 logCutOff'],
  ],
  'a log begins after its process': [
    HEALTHY.slice(2),
    HEALTHY_ROWS,
    ['requests.playlist -1 logCutOff', 'opens.playlist -1 logCutOff'],
  ],
  'a log that ends with its process was not cut off': [
    [...HEALTHY, totals(2.5)],
    [...HEALTHY_ROWS, row(8, A3)],
    ONE_MISSING,
  ],
  'a request in the middle that the log does not have': [
    [...HEALTHY, ...media(8, '/live/a4.ts')],
    [...HEALTHY_ROWS, row(4, A3), row(8, '/live/a4.ts')],
    ONE_MISSING,
  ],
  'a debug log that lost its request lines': [
    [
      ...HEALTHY.filter(({ text }) => !text.includes('request: GET')),
      said(2.1, '[hls @ 0x1] [debug] Media sequence change (1 -> 2)'),
    ],
    HEALTHY_ROWS,
    ['requests.segment -2 unexplained', 'requests.playlist -1 unexplained'],
  ],
  'below level debug the -i URL is opened on new connections without a word': [
    VERBOSE,
    [
      row(0, PLAYLIST, { reqOnConn: 1 }),
      row(0.1, '/live/a1.ts'),
      row(2, PLAYLIST, { reqOnConn: 2 }),
      row(2, '/live/a2.ts'),
    ],
    ['requests.segment -2 noRequestLines', 'requests.playlist -2 noRequestLines', 'opens.playlist -1 inputOpenHidden'],
  ],
  'on kept connections it is not': [
    VERBOSE.toSpliced(2, 1),
    [
      row(0, PLAYLIST, { reqOnConn: 1 }),
      row(0.1, '/live/a1.ts'),
      row(2, PLAYLIST, { reqOnConn: 2 }),
      row(2, '/live/a2.ts'),
    ],
    [
      'requests.segment -2 noRequestLines',
      'requests.playlist -2 noRequestLines',
      'opens.playlist -1 inputOpenHidden',
      'opens.playlist -1 unexplained',
    ],
  ],
  'the answer to the last request came after the end': [
    [...HEALTHY, ...media(4, A3)],
    [...HEALTHY_ROWS, row(4, A3, { status: 404, tEnd: 1_795_221_363 })],
    ['httpErrors.404 -1 unreadAnswer'],
  ],
  'a process that ended by itself has read every answer': [
    [...HEALTHY, ...media(4, A3), totals(4.1)],
    [...HEALTHY_ROWS, row(4, A3, { status: 404, tEnd: 1_795_221_363 })],
    ['httpErrors.404 -1 unexplained'],
  ],
  'FFmpeg knows no error above 599': [
    HEALTHY,
    HEALTHY_ROWS.with(2, row(2, '/live/a2.ts', { status: 699 })),
    ['httpErrors.other -1 noErrorStatus'],
  ],
};

for (const [name, [log, rows, expected]] of Object.entries({ ...LINES, ...REQUESTS })) {
  test(`a difference has its reason, or none: ${name}`, async () => {
    const analysis = await analysisOf({ log, rows });
    assert.deepEqual(differencesOf(analysis), expected);
    for (const { difference, reasons } of analysis.differences) {
      assert.equal(
        reasons.reduce((sum, { count }) => sum + count, 0),
        difference,
      );
    }
  });
}

test('lines and requests of other names do not make up for each other', async () => {
  const rows = HEALTHY_ROWS.with(2, row(2, '/live/other.ts'));
  const analysis = await analysisOf({ log: [...HEALTHY, ...media(8, A3)], rows: [...rows, row(8, A3)] });
  assert.deepEqual(differencesOf(analysis), [
    'requests.segment 1 unexplained',
    'requests.segment -1 unexplained',
    'opens.segment 1 unexplained',
    'opens.segment -1 unexplained',
  ]);
  assert.deepEqual(
    analysis.differences.map(({ difference }) => difference),
    [0, 0],
  );
  assert.equal(analysis.unexplained, 4);
  assert.match(renderAnalysis(analysis, 80), /4 differences from the truth/);
});

test('a pipe tells the same reasons, by order alone', async () => {
  const polls = [2, 3, 4].flatMap((at) => request(at, PLAYLIST, 'http'));
  const killed = { log: [...HEALTHY.slice(0, 5), ...polls, ...exited(4.1)], isPiped: true };
  const rows = [...HEALTHY_ROWS.slice(0, 2), row(2, PLAYLIST), row(3, PLAYLIST)];
  assert.deepEqual(differencesOf(await analysisOf({ ...killed, rows })), [
    'requests.playlist 1 killCutOff',
    'opens.playlist 1 killCutOff',
  ]);
  const cut = await analysisOf({ log: HEALTHY, rows: [...HEALTHY_ROWS, row(4, PLAYLIST), row(4, A3)], isPiped: true });
  assert.deepEqual(differencesOf(cut), [
    'requests.segment -1 logCutOff',
    'requests.playlist -1 logCutOff',
    'opens.segment -1 logCutOff',
    'opens.playlist -1 logCutOff',
  ]);
  const ended = {
    log: [...HEALTHY, ...media(4, A3), said(4, '[error] Error opening input'), totals(5)],
    isPiped: true,
  };
  const failed = [...HEALTHY_ROWS, row(4, A3, { status: 404 })];
  assert.deepEqual(differencesOf(await analysisOf({ ...ended, rows: failed })), ['httpErrors.404 -1 unexplained']);
});

test('a truth without kinds is not held against them', async () => {
  const rows = HEALTHY_ROWS.map((item) => ({ ...item, kind: undefined })).with(2, {
    ...row(2, '/live/a2.m3u8'),
    kind: undefined,
  });
  const log = [
    ...HEALTHY.slice(0, 5),
    announced(2, '/live/a2.m3u8'),
    opening(2, '/live/a2.m3u8'),
    asked(2, '/live/a2.m3u8'),
  ];
  const analysis = await analysisOf({ log, rows });
  assert.equal(analysis.unexplained, 0);
});

const PATHS: Readonly<Record<string, readonly Line[]>> = {
  'on two hosts, one redirected to the other': [...HEALTHY, asked(2.01, '/live/a2.ts', 'cdn.example')],
  'with a Host field of its own': HEALTHY.map(({ at, text }) => ({
    at,
    text: text.replace(/^Host: .*$/m, 'Host: other'),
  })),
  'with user information in the URL that it was given': HEALTHY.map(({ at, text }) => ({
    at,
    text: text.replace(/'http:\/\//, "'http://user:word@"),
  })),
};
for (const [name, log] of Object.entries(PATHS)) {
  test(`a truth of paths says nothing of hosts: ${name}`, async () => {
    const isRedirected = log.length > HEALTHY.length;
    const rows = isRedirected
      ? [...HEALTHY_ROWS.with(2, row(2, '/live/a2.ts', { status: 302 })), row(2.01, '/live/a2.ts')]
      : HEALTHY_ROWS;
    const analysis = await analysisOf({ log, rows });
    assert.deepEqual(differencesOf(analysis), isRedirected ? ['opens.segment -1 redirect'] : []);
    const { matched, missed, spurious } = analysis.agreement.segment;
    assert.deepEqual([matched, missed, spurious], [isRedirected ? 3 : 2, 0, 0]);
    assert.equal(analysis.agreement.playlist.matched, 1);
  });
}

test('a truth of whole URLs keeps hosts apart, but not user information', async () => {
  const rows = ['/live/stream.m3u8', '/live/a1.ts', '/live/a2.ts'].map((path, at) =>
    row([0, 0.1, 2][at] ?? 0, `${BASE}${path}`),
  );
  const log = PATHS['with user information in the URL that it was given'] ?? [];
  assert.deepEqual(differencesOf(await analysisOf({ log, rows })), []);
  const elsewhere = rows.with(2, row(2, 'http://cdn.example/live/a2.ts'));
  assert.equal((await analysisOf({ log, rows: elsewhere })).unexplained, 4);
});

test('the README has every reason with its sentence', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  for (const [code, sentence] of Object.entries(REASONS))
    assert.ok(readme.includes(`| \`${code}\` | ${sentence} |`), code);
});
