// From a key at the terminal to the picture: the clients' screen as a person uses it, on a terminal without glass.
// What keys mean is in tui/view-state.test.ts, how pictures look in tui/screen.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Options } from '../../src/config/options.ts';
import { Faces } from '../../src/run/faces.ts';
import type { House } from '../../src/run/house.ts';
import type { Snapshot } from '../../src/stats/summary.ts';
import { makeClientsSnapshot } from '../support/snapshot-clients.ts';
import { FakeTerminal } from '../tui/terminal.ts';

interface Used {
  readonly terminal: FakeTerminal;
  readonly endings: number[];
  /** What writing the report comes to. */
  report: () => Promise<string>;
  latest: Snapshot;
  /** Handed over to be timed. */
  paints: number;
}

async function withFaces(use: (used: Used) => Promise<void>): Promise<void> {
  const terminal = new FakeTerminal({ columns: 80, rows: 24 });
  const report = (): Promise<string> => Promise.resolve('/tmp/report.json');
  const used: Used = { terminal, endings: [], report, latest: makeClientsSnapshot(1_000), paints: 0 };
  const house = {
    terminal: { ...terminal, env: { TERM: 'xterm' }, killing: new AbortController().signal },
    logLines: { isScreenOn: false, last: () => [] },
    end: () => used.endings.push(1),
  } as unknown as House;
  const timed = (work: () => void): void => {
    used.paints += 1;
    work();
  };
  const writeReport = (): Promise<string> => used.report();
  const faces = new Faces({ house, options: { tui: true } as Options, latest: () => used.latest, timed, writeReport });
  try {
    await use(used);
  } finally {
    await faces.stop();
  }
}

test('A person sorts, filters and follows one client among a thousand while the run goes on.', async () => {
  await withFaces(async (used) => {
    const { terminal } = used;
    const press = async (...octets: readonly string[]): Promise<string[]> => {
      for (const one of octets) await terminal.press(one);
      return terminal.rows();
    };
    assert.match((await press('d'))[3] ?? '', /^── client↑ state/);
    const sorted = await press('s', 's');
    assert.match(sorted[3] ?? '', / restarts↓ /);
    assert.match(sorted[4] ?? '', /^ {3}11 {5}▲ backoff +4 /);
    const found = await press('/', 's', 't', 'a', 'l', 'l', '\x1b[B', '\x1b[B');
    assert.match(found[20] ?? '', /^1-10 of 10, 1,000 in all · by restarts ↓ · filter stall_/);
    assert.ok(found.some((row) => row.startsWith('>  102 ')));
    used.latest = { ...used.latest, clients: used.latest.clients.map((row) => ({ ...row, restarts: row.client })) };
    const moved = await press('\r', 'r');
    assert.match(moved[4] ?? '', /^ {3}902 /);
    assert.ok(
      moved.some((row) => row.startsWith('>  102 ')),
      'the chosen client is still the chosen one',
    );
    assert.match(moved[21] ?? '', /^client 102 {2}/);
    assert.deepEqual(used.endings, []);
    await press('q');
    assert.deepEqual(used.endings, [1]);
    assert.ok(used.paints > 10, `${used.paints} paints`);
  });
});

test('While paused the rows stay, and can still be sorted; the size of the terminal is followed at once.', async () => {
  await withFaces(async (used) => {
    const { terminal } = used;
    for (const octets of ['2', 'p']) await terminal.press(octets);
    used.latest = makeClientsSnapshot(3);
    await terminal.press('S');
    assert.match((await terminal.rows())[4] ?? '', /^ {3}1000 +waiting/);
    terminal.resize({ columns: 200, rows: 60 });
    assert.match((await terminal.rows())[3] ?? '', /last exit/);
    await terminal.press('p');
    assert.match((await terminal.rows())[56] ?? '', /^1-3 of 3 · by client ↓/);
  });
});

test('The report is written once per wish, and what became of it stands at the bottom, also while paused.', async () => {
  await withFaces(async (used) => {
    const { terminal } = used;
    let writes = 0;
    let written: (path: string) => void = () => {};
    used.report = () => {
      writes += 1;
      return new Promise((resolve) => {
        written = resolve;
      });
    };
    for (const octets of ['p', 'e', 'e']) await terminal.press(octets);
    assert.equal(writes, 1, 'the second wish came while the first was being granted');
    written('/tmp/one/report.json');
    assert.match((await terminal.rows())[23] ?? '', /report written to \/tmp\/one\/report\.json {2}▲ PAUSED$/);
    used.report = () => Promise.reject(new Error(`--report: cannot write '${'x'.repeat(90)}': no room`));
    await terminal.press('e');
    assert.match((await terminal.rows())[23] ?? '', /--report: cannot write 'x+…x+': no room {2}▲ PAUSED$/);
    assert.deepEqual(used.endings, []);
  });
});

test('Leaving waits for a report that is being written, and gives the terminal back before that.', async () => {
  let written: (path: string) => void = () => {};
  let hasLeft = false;
  const left = withFaces(async (used) => {
    used.report = () =>
      new Promise((resolve) => {
        written = resolve;
      });
    await used.terminal.press('e');
    setImmediate(() => {
      assert.equal(hasLeft, false);
      assert.equal(used.terminal.isRaw, false);
      written('there');
    });
  }).then(() => {
    hasLeft = true;
  });
  await left;
  assert.ok(hasLeft);
});
