// The screen as a person sees it: golden pictures at three sizes, and what must hold when it opens, changes and closes.
// Golden files are written anew with HLS_SWARM_WRITE_GOLDEN=1; look at them before they are committed.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { canUseScreen, type Screen } from '../../src/tui/screen.ts';
import { view } from '../../src/tui/view.ts';
import { INITIAL_VIEW_STATE, type Size, type ViewState } from '../../src/tui/view-state.ts';
import { makeEmptySnapshot, makeHealthySnapshot, makeSnapshot } from '../support/snapshot.ts';
import { makeClientsSnapshot } from '../support/snapshot-clients.ts';
import { makeStreamSnapshot } from '../support/snapshot-streams.ts';
import { FakeTerminal } from './terminal.ts';

const LARGE: Size = { columns: 120, rows: 40 };
const SMALL: Size = { columns: 80, rows: 24 };
const SNAPSHOT = makeSnapshot();
const HUGE: Size = { columns: 200, rows: 60 };
const CLIENTS: ViewState = { ...INITIAL_VIEW_STATE, screen: 'clients' };
const THOUSAND = makeClientsSnapshot(1_000);
const clientsBy = (clients: Partial<ViewState['clients']>): ViewState => ({
  ...CLIENTS,
  clients: { ...CLIENTS.clients, ...clients },
});
const AGREEMENT: ViewState = { ...INITIAL_VIEW_STATE, screen: 'agreement' };
const ERRORS: ViewState = { ...INITIAL_VIEW_STATE, screen: 'errors' };
const ORIGIN: ViewState = { ...INITIAL_VIEW_STATE, screen: 'origin' };
const PERFORMANCE: ViewState = { ...INITIAL_VIEW_STATE, screen: 'performance' };
const PROCESS: NodeJS.EventEmitter = process;
const WATCHED = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGTSTP', 'SIGCONT', 'uncaughtException', 'exit'];

function golden(name: string, rows: readonly string[]): void {
  const file = new URL(`../fixtures/tui/${name}.txt`, import.meta.url);
  const text = `${rows.join('\n')}\n`;
  if (process.env['HLS_SWARM_WRITE_GOLDEN'] === '1') writeFileSync(file, text);
  assert.equal(text, readFileSync(file, 'utf8'));
}

async function withScreen(
  size: Size,
  use: (terminal: FakeTerminal, screen: Screen, presses: string[]) => Promise<void>,
  options: { env?: Record<string, string>; suspend?: () => void } = {},
): Promise<void> {
  const terminal = new FakeTerminal(size);
  const presses: string[] = [];
  const screen = terminal.open({ ...options, onKey: (press) => presses.push(press) });
  try {
    await use(terminal, screen, presses);
  } finally {
    screen.close();
  }
}

const pictures = [
  ['running-120x40', SNAPSHOT, LARGE, INITIAL_VIEW_STATE],
  ['running-80x24', SNAPSHOT, SMALL, INITIAL_VIEW_STATE],
  ['running-200x60', SNAPSHOT, HUGE, INITIAL_VIEW_STATE],
  ['healthy-120x40', makeHealthySnapshot(), LARGE, INITIAL_VIEW_STATE],
  ['running-60x20', SNAPSHOT, { columns: 60, rows: 20 }, INITIAL_VIEW_STATE],
  ['streams-120x40', makeStreamSnapshot(), LARGE, INITIAL_VIEW_STATE],
  ['streams-80x24', makeStreamSnapshot(), SMALL, INITIAL_VIEW_STATE],
  ['streams-60x20', makeStreamSnapshot(), { columns: 60, rows: 20 }, INITIAL_VIEW_STATE],
  ['agreement-120x40', SNAPSHOT, LARGE, AGREEMENT],
  ['agreement-80x24', SNAPSHOT, SMALL, AGREEMENT],
  ['agreement-60x20', SNAPSHOT, { columns: 60, rows: 20 }, AGREEMENT],
  ['agreement-200x60', SNAPSHOT, HUGE, AGREEMENT],
  ['errors-80x24', SNAPSHOT, SMALL, ERRORS],
  ['errors-120x40', SNAPSHOT, LARGE, ERRORS],
  ['errors-200x60', SNAPSHOT, HUGE, ERRORS],
  ['errors-60x20', SNAPSHOT, { columns: 60, rows: 20 }, ERRORS],
  ['errors-first-second-80x24', makeEmptySnapshot(), SMALL, ERRORS],
  ['origin-80x24', SNAPSHOT, SMALL, ORIGIN],
  ['origin-120x40', SNAPSHOT, LARGE, ORIGIN],
  ['origin-200x60', SNAPSHOT, HUGE, ORIGIN],
  ['origin-60x20', SNAPSHOT, { columns: 60, rows: 20 }, ORIGIN],
  ['origin-first-second-80x24', makeEmptySnapshot(), SMALL, ORIGIN],
  ['performance-80x24', SNAPSHOT, SMALL, PERFORMANCE],
  ['performance-120x40', SNAPSHOT, LARGE, PERFORMANCE],
  ['performance-200x60', SNAPSHOT, HUGE, PERFORMANCE],
  ['performance-60x20', SNAPSHOT, { columns: 60, rows: 20 }, PERFORMANCE],
  ['agreement-first-second-80x24', makeEmptySnapshot(), SMALL, AGREEMENT],
  ['clients-80x24', THOUSAND, SMALL, CLIENTS],
  ['clients-120x40', THOUSAND, LARGE, clientsBy({ sort: 'stalls', chosen: 552 })],
  ['clients-200x60', THOUSAND, HUGE, clientsBy({ sort: 'state', chosen: 411 })],
  ['clients-60x20', THOUSAND, { columns: 60, rows: 20 }, clientsBy({ sort: 'speed', isReversed: true, chosen: 26 })],
  [
    'clients-filtering-80x24',
    THOUSAND,
    SMALL,
    clientsBy({ filter: '404', isTyping: true, sort: 'wait p95', chosen: 211 }),
  ],
  [
    'clients-no-proxy-120x40',
    makeClientsSnapshot(30, { isTapped: false }),
    LARGE,
    clientsBy({ filter: 'signal', chosen: 7 }),
  ],
  ['clients-first-second-80x24', makeEmptySnapshot(), SMALL, CLIENTS],
  ['first-second-120x40', makeEmptySnapshot(), LARGE, INITIAL_VIEW_STATE],
  ['starting-80x24', undefined, SMALL, { ...INITIAL_VIEW_STATE, logLines: ['INFO starting clients=12'] }],
  ['help-80x24', SNAPSHOT, SMALL, { ...INITIAL_VIEW_STATE, overlay: 'help', isPaused: true }],
  ['help-120x40', SNAPSHOT, LARGE, { ...INITIAL_VIEW_STATE, overlay: 'help' }],
  [
    'report-written-80x24',
    SNAPSHOT,
    SMALL,
    { ...INITIAL_VIEW_STATE, notice: { text: 'report written to hls-swarm-20261121.json', isFailure: false } },
  ],
  ['too-small-50x15', SNAPSHOT, { columns: 50, rows: 15 }, INITIAL_VIEW_STATE],
] as const;

for (const [name, snapshot, size, state] of pictures) {
  test(`The picture of ${name} is the committed one.`, async () => {
    await withScreen(size, async (terminal, screen) => {
      screen.draw(view(snapshot, size, state));
      golden(name, await terminal.rows());
    });
  });
}

for (const [name, locale] of [
  ['LANG=C', { LANG: 'C' }],
  ['LC_ALL=POSIX', { LANG: 'en_US.UTF-8', LC_ALL: 'POSIX' }],
] as const) {
  test(`Where the locale has no UTF-8 (${name}) nothing but ASCII is drawn, in the same places.`, async () => {
    for (const state of [INITIAL_VIEW_STATE, ORIGIN]) {
      await withScreen(
        LARGE,
        async (terminal, screen) => {
          screen.draw(view(makeHealthySnapshot({ summary: { run: { url: 'http://a/東京é.m3u8' } } }), LARGE, state));
          const rows = await terminal.rows();
          assert.doesNotMatch(terminal.output(), /[^\p{ASCII}]/u);
          assert.match(rows[0] ?? '', /http:\/\/a\/\?.\?.\?\.m3u8 .*00:05:41, 00:00:16 left$/);
          if (name === 'LANG=C') golden(`ascii-${state.screen}-120x40`, rows);
        },
        { env: locale },
      );
    }
  });
}

test('A locale of UTF-8, or none at all, as in a container, gets shapes and bars.', async () => {
  for (const env of [{}, { LANG: '' }, { LANG: 'C', LC_ALL: 'C.UTF-8' }, { LC_CTYPE: 'de_DE.utf8' }]) {
    await withScreen(
      SMALL,
      async (terminal, screen) => {
        screen.draw(view(SNAPSHOT, SMALL, INITIAL_VIEW_STATE));
        assert.match((await terminal.rows())[1] ?? '', /^▲ DEGRADED/);
      },
      { env },
    );
  }
});

test('A second drawing of the same lines writes nothing, and one changed figure a few octets.', async () => {
  await withScreen(LARGE, async (terminal, screen) => {
    screen.draw(view(SNAPSHOT, LARGE, INITIAL_VIEW_STATE));
    await terminal.settled();
    let mark = terminal.mark;
    screen.draw(view(SNAPSHOT, LARGE, INITIAL_VIEW_STATE));
    await terminal.settled();
    assert.equal(terminal.output(mark), '');
    mark = terminal.mark;
    screen.draw(view(makeSnapshot({ elapsedSeconds: 44.25 }), LARGE, INITIAL_VIEW_STATE));
    await terminal.settled();
    assert.ok(terminal.output(mark).length < 60, JSON.stringify(terminal.output(mark)));
    assert.match((await terminal.rows())[0] ?? '', /00:00:44/);
  });
});

test('After every change of size the terminal holds exactly the lines of the view, with no residue.', async () => {
  await withScreen(LARGE, async (terminal, screen) => {
    const draw = (): void => screen.draw(view(SNAPSHOT, screen.size(), INITIAL_VIEW_STATE));
    screen.onResize(draw);
    draw();
    await terminal.settled();
    for (const size of [SMALL, { columns: 50, rows: 10 }, { columns: 131, rows: 33 }, LARGE]) {
      terminal.resize(size);
      assert.deepEqual(screen.size(), size);
      assert.deepEqual(await terminal.rows(), texts(size));
    }
  });
  function texts(size: Size): string[] {
    return view(SNAPSHOT, size, INITIAL_VIEW_STATE).map((line) =>
      line
        .map(({ text }) => text)
        .join('')
        .trimEnd(),
    );
  }
});

test('Braces, escapes and wide characters of a URL are shown as they are and move nothing.', async () => {
  const draw = (screen: Screen, url: string): void =>
    screen.draw(view(makeSnapshot({ summary: { run: { url } } }), LARGE, INITIAL_VIEW_STATE));
  await withScreen(LARGE, async (terminal, screen) => {
    draw(screen, 'http://a/{bold}{/bold}{red-fg}東京/한글.m3u8?\x1b[31m\x07é');
    const [first = '', second = ''] = await terminal.rows();
    assert.match(
      first,
      /http:\/\/a\/\{bold\}\{\/bold\}\{red-fg\}東京\/한글\.m3u8\?\?\[31m\?é .*00:00:43, 00:00:16 left$/,
    );
    assert.match(second, /^▲ DEGRADED/);
    for (const url of ['http://a/京東/x', 'http://a/x東京/x', 'http://a/plain/x', 'http://東京']) {
      draw(screen, url);
      const [row = ''] = await terminal.rows();
      assert.ok(row.includes(`${url} `), row);
      assert.match(row, /00:00:43, 00:00:16 left$/);
    }
  });
});

test('A verdict has its colour, and with NO_COLOR none is ever set.', async () => {
  await withScreen(LARGE, async (terminal, screen) => {
    screen.draw(view(SNAPSHOT, LARGE, INITIAL_VIEW_STATE));
    await terminal.settled();
    assert.deepEqual(terminal.styleOf(1, '▲ DEGRADED'), { color: 3, isBold: true });
  });
  await withScreen(
    LARGE,
    async (terminal, screen) => {
      screen.draw(view(SNAPSHOT, LARGE, INITIAL_VIEW_STATE));
      await terminal.settled();
      assert.deepEqual(terminal.styleOf(1, '▲ DEGRADED'), { color: -1, isBold: true });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for.
      assert.doesNotMatch(terminal.output(), /\x1b\[[\d;]*\b([349]\d|10\d)\b[\d;]*m/);
    },
    { env: { NO_COLOR: '1' } },
  );
});

test('The terminal is taken over when opened and given back when closed, as often as one closes it.', async () => {
  const before = WATCHED.map((event) => PROCESS.listeners(event));
  const terminal = new FakeTerminal(SMALL);
  const screen = terminal.open();
  screen.draw(view(SNAPSHOT, SMALL, INITIAL_VIEW_STATE));
  await terminal.settled();
  assert.deepEqual([terminal.isAlternate, terminal.isCursorShown, terminal.isRaw], [true, false, true]);
  screen.close();
  screen.close();
  screen.draw(view(SNAPSHOT, SMALL, INITIAL_VIEW_STATE));
  await terminal.settled();
  assert.deepEqual([terminal.isAlternate, terminal.isCursorShown, terminal.isRaw], [false, true, false]);
  assert.deepEqual(
    WATCHED.map((event) => PROCESS.listeners(event)),
    before,
  );
});

test('An open screen leaves SIGINT, SIGTERM, SIGQUIT and exceptions to the application.', async () => {
  const events = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'uncaughtException'] as const;
  const before = events.map((event) => PROCESS.listeners(event));
  const once = (): void => {};
  process.once('exit', once);
  await withScreen(SMALL, async () => {
    assert.deepEqual(
      events.map((event) => PROCESS.listeners(event)),
      before,
    );
    assert.ok(process.listeners('exit').includes(once));
  });
  process.off('exit', once);
});

test('Keys arrive as the character that was typed, or by name; Ctrl-Z is the screen’s own.', async () => {
  await withScreen(SMALL, async (terminal, _screen, presses) => {
    const typed = ['?', 's', 'S', '2', '/', ' ', 'é', '東'];
    const named = [
      '\x1b',
      '\x03',
      '\x0c',
      '\x1b[A',
      '\x1b[B',
      '\x1b[5~',
      '\x1b[6~',
      '\x1b[H',
      '\x1b[F',
      '\x7f',
      '\x1a',
    ];
    for (const octets of [...typed, ...named]) await terminal.press(octets);
    const names = ['escape', 'C-c', 'C-l', 'up', 'down', 'pageup', 'pagedown', 'home', 'end', 'backspace'];
    assert.deepEqual(presses, [...typed, ...names]);
    await terminal.press('\r');
    assert.ok(presses.includes('enter'));
  });
});

test('The key for drawing again repairs what another program wrote over the screen.', async () => {
  await withScreen(SMALL, async (terminal, screen) => {
    const draw = (): void => screen.draw(view(SNAPSHOT, SMALL, INITIAL_VIEW_STATE));
    draw();
    const rows = await terminal.rows();
    await terminal.write('\x1b[5;5Hscribble over the figures');
    draw();
    assert.notDeepEqual(await terminal.rows(), rows);
    screen.forget();
    draw();
    assert.deepEqual(await terminal.rows(), rows);
  });
});

test('Ctrl-Z gives the terminal back before it stops the process, and the way back draws everything again.', async () => {
  const seen: unknown[] = [];
  const terminal = new FakeTerminal(SMALL);
  const screen = terminal.open({ suspend: () => seen.push(terminal.isRaw, process.listenerCount('SIGTSTP')) });
  const draw = (): void => screen.draw(view(SNAPSHOT, SMALL, INITIAL_VIEW_STATE));
  screen.onResize(draw);
  draw();
  const rows = await terminal.rows();
  await terminal.press('\x1a');
  assert.deepEqual(seen, [false, 0]);
  assert.deepEqual([terminal.isAlternate, terminal.isCursorShown], [false, true]);
  const { mark } = terminal;
  draw();
  await terminal.settled();
  assert.equal(terminal.output(mark), '');
  process.emit('SIGCONT');
  assert.deepEqual(await terminal.rows(), rows);
  assert.deepEqual([terminal.isAlternate, terminal.isRaw, process.listenerCount('SIGTSTP')], [true, true, 1]);
  screen.close();
});

test('A screen is for a terminal at both ends that is not dumb.', () => {
  const tty = { isTTY: true };
  assert.equal(canUseScreen({ TERM: 'xterm-256color' }, tty, tty), true);
  assert.equal(canUseScreen({ TERM: 'dumb' }, tty, tty), false);
  assert.equal(canUseScreen({}, tty, tty), false);
  assert.equal(canUseScreen({ TERM: 'xterm' }, {}, tty), false);
  assert.equal(canUseScreen({ TERM: 'xterm' }, tty, {}), false);
});
