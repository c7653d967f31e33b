// The screen on a real terminal (tmux): views by key, changes of size, pause, the report on demand; the terminal as it was before
// after any ending; and what there is where no screen can be: no TTY, TERM=dumb, LANG=C.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Summary } from '../../src/stats/summary.ts';
import { hlsSwarm, PROGRAM, type Sandbox, sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';
import { openTmux, type TmuxOptions, type TmuxTerminal } from '../support/tmux.ts';

const skip = requirement('ffmpeg') || requirement('tmux');
const SMALL = { columns: 80, rows: 24 };
const UTF_8 = { LANG: 'C.UTF-8', LC_ALL: undefined, LC_CTYPE: undefined, NO_COLOR: undefined };
const THROWS_AT_SIGUSR2 = `--import=data:text/javascript,${encodeURIComponent(
  "if (process.argv[1]?.endsWith('src/main.ts')) process.on('SIGUSR2', () => { throw new Error('of a test'); });",
)}`;
/** The row of the first figures, once a segment has come. */
const PLAYING = /^segments +[1-9]/;
/** The verdict of a machine that is busy with other tests. */
const MEASURED = [0, 98];

function demoOf(box: Sandbox): readonly string[] {
  return ['demo', '--clients', '2', '--metrics', '127.0.0.1:0', '--profile', 'low-bitrate', '--ffmpeg', box.ffmpeg];
}

function demoCommand(box: Sandbox): readonly string[] {
  return [...PROGRAM, ...demoOf(box), '--duration', '0'];
}

function openDemo(box: Sandbox, options: Partial<TmuxOptions> = {}): Promise<TmuxTerminal> {
  return openTmux(demoCommand(box), {
    ...SMALL,
    cwd: box.folder,
    ...options,
    env: { ...UTF_8, ...box.env, ...options.env },
  });
}

async function assertGivenBack(terminal: TmuxTerminal): Promise<void> {
  assert.deepEqual(await terminal.state(), { isAlternate: false, isCursorShown: true });
}

describe('the screen on a terminal', { skip, concurrency: 2 }, () => {
  test('each view by its key at any size, pause, report, and q gives the terminal back with the page on it', async () => {
    await using box = await sandbox();
    await using terminal = await openDemo(box);
    const first = await terminal.until(PLAYING);
    assert.equal(first.length, 24);
    assert.match(first[0] ?? '', /^hls-swarm .*\/stream\.m3u8 +00:00:\d\d$/);
    assert.deepEqual(await terminal.state(), { isAlternate: true, isCursorShown: false });
    for (const [key, title] of [
      ['2', /^── client/],
      ['3', /^── Attempts/],
      ['4', /^── How transfers ended/],
      ['5', /^── Sources of the origin/],
      ['6', /^── Operations/],
      ['?', /^── Help/],
      ['l', /^── Log/],
      ['1', /^── Mbit\/s/],
    ] as const) {
      await terminal.keys(key);
      await terminal.until(title, `the view of key ${key}`);
    }
    await terminal.resize(120, 40);
    const large = await terminal.until(/^── Clients ─+ {2}── Agreement/);
    assert.match(large[39] ?? '', /^q quit .*\[1 overview\].* l log$/);
    await terminal.resize(80, 24);
    await terminal.until(/^q quit .*\[1 overview\] {2}e report {2}l log$/);
    await terminal.keys('p');
    const paused = await terminal.until(/▲ PAUSED$/);
    await terminal.keys('p', 'e');
    await terminal.until(/report written to hls-swarm-.*\.json/);
    const [name = ''] = readdirSync(box.folder).filter((file) => file.endsWith('.json'));
    const summary = JSON.parse(readFileSync(box.file(name), 'utf8')) as Summary;
    assert.equal(summary.schema, 'hls-swarm/summary@1');
    assert.match(paused.join('\n'), new RegExp(`${summary.clients.target}\\)`));
    await terminal.keys('q');
    assert.ok(MEASURED.includes(await terminal.exitCode()));
    await assertGivenBack(terminal);
    assert.match((await terminal.rows()).join('\n'), /═{79}/);
  });

  for (const [signal, code] of [
    ['SIGTERM', MEASURED],
    ['SIGUSR2', [70]],
  ] as const satisfies readonly (readonly [NodeJS.Signals, readonly number[]])[]) {
    test(`${signal === 'SIGTERM' ? 'SIGTERM' : 'an exception that nobody caught'} gives the terminal back`, async () => {
      await using box = await sandbox();
      await using terminal = await openDemo(box, { env: { NODE_OPTIONS: THROWS_AT_SIGUSR2 } });
      await terminal.until(PLAYING);
      await terminal.signal(signal, /main\.ts demo/);
      const exit = await terminal.exitCode();
      assert.ok((code as readonly number[]).includes(exit), String(exit));
      await assertGivenBack(terminal);
      if (signal === 'SIGUSR2') assert.match((await terminal.rows()).join('\n'), /hls-swarm: a bug: Error: of a test/);
    });
  }

  test('Ctrl-Z gives a prompt and stops the run, fg brings the screen back whole', async () => {
    await using box = await sandbox();
    const env = { ...UTF_8, ...box.env, PS1: 'prompt: ' };
    await using terminal = await openTmux(['bash', '--norc', '-i'], { ...SMALL, cwd: box.folder, env });
    await terminal.until(/^prompt:/);
    await terminal.keys(demoCommand(box).join(' '), 'Enter');
    await terminal.until(PLAYING);
    await terminal.keys('C-z');
    await terminal.until(/Stopped/);
    await assertGivenBack(terminal);
    await terminal.keys('fg', 'Enter');
    await terminal.until(PLAYING);
    // The picture may have been taken while its last rows were being drawn.
    const shown = await terminal.until(/^q quit/);
    assert.match(shown.at(-1) ?? '', /^q quit/);
    assert.deepEqual(await terminal.state(), { isAlternate: true, isCursorShown: false });
    await terminal.keys('q');
    await terminal.until(/^prompt:$/);
    await assertGivenBack(terminal);
    await terminal.keys('exit', 'Enter');
    await terminal.exitCode();
  });

  test('in a locale without UTF-8 the screen and the page at the end are ASCII', async () => {
    await using box = await sandbox();
    await using terminal = await openDemo(box, { env: { LANG: 'C' } });
    const shown = await terminal.until(PLAYING);
    assert.match(shown.join('\n'), /^-- Mbit\/s -+ segment content -+ all bytes sent$/m);
    await terminal.keys('q');
    assert.ok(MEASURED.includes(await terminal.exitCode()));
    const page = (await terminal.rows()).join('\n');
    assert.match(page, /={79}/);
    for (const text of [shown.join('\n'), page]) assert.doesNotMatch(text, /[^\p{ASCII}]/u);
  });

  test('on a dumb terminal there is no screen but a line now and then, and the run ends as any other', async () => {
    await using box = await sandbox();
    await using terminal = await openDemo(box, { env: { TERM: 'dumb' }, columns: 200 });
    await terminal.until(/^00:00:\d\d \| clients \d\/2.* \| segments [1-9]/);
    assert.equal((await terminal.state()).isAlternate, false);
    await terminal.keys('C-c');
    assert.ok(MEASURED.includes(await terminal.exitCode()));
  });

  test('without a terminal there are lines on stderr and the page on stdout, and no escape sequence in either', async () => {
    await using box = await sandbox();
    const { code, stdout, stderr } = await hlsSwarm([...demoOf(box), '--duration', '7s'], box.env);
    assert.ok(MEASURED.includes(code ?? -1), stderr);
    assert.match(stdout, /^═{79}\n {25}hls-swarm: summary of the run\n/);
    assert.match(stderr, /^00:00:\d\d of 00:00:07 \| clients \d\/2/m);
    assert.equal(`${stdout}${stderr}`.includes('\u001b'), false);
  });
});
