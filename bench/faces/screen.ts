// The screen in tmux: a demo of 20 clients at 120 x 40 and at 80 x 24. All three accounts with their differences, nothing cut,
// nothing left over from another size, counts as the control server tells them, and the terminal as it was before.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Summary } from '../../src/stats/summary.ts';
import { freePort } from '../../test/support/free-port.ts';
import { PROGRAM } from '../../test/support/program.ts';
import { openTmux, type TmuxTerminal } from '../../test/support/tmux.ts';
import { type Check, check } from '../support/checks.ts';
import type { Face } from './face.ts';

const CLIENTS = 20;
const SIZES = [
  { columns: 120, rows: 40 },
  { columns: 80, rows: 24 },
] as const;
/** Both differences of segment content and the one of all bytes, as percent. */
const DIFFERENCES = /^30 s( +[\d.]+){2} +[+-]?[\d.]+ % +[\d.]+ +[+-]?[\d.]+ % │( +[\d.]+){2} +[+-]?[\d.]+ %$/;
/** Two paints and a tick. */
const SETTLED_MS = 2_500;
/** Verdicts of a busy machine included. */
const MEASURED = [0, 98];

export const screen: Face = {
  name: 'screen',
  needs: ['ffmpeg', 'tmux'],
  headline: `The screen of a demo of ${CLIENTS} clients in tmux`,
  verify,
};

async function verify(): Promise<readonly Check[]> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-verify-screen-'));
  const control = `127.0.0.1:${await freePort()}`;
  const load = ['--clients', String(CLIENTS), '--ramp-rate', '10', '--duration', '0'];
  try {
    await using terminal = await openTmux([...PROGRAM, 'demo', ...load, '--metrics', control], {
      ...SIZES[0],
      cwd: folder,
      env: { LANG: 'C.UTF-8', LC_ALL: undefined, NO_COLOR: undefined },
    });
    await terminal.until(DIFFERENCES, 'differences of all accounts');
    const checks: Check[] = [];
    for (const size of SIZES) {
      await terminal.resize(size.columns, size.rows);
      await pause(SETTLED_MS);
      checks.push(...(await look(terminal, control, `${size.columns} x ${size.rows}`, size.rows)));
    }
    return [...checks, await withoutResidue(terminal), ...(await ending(terminal))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function look(terminal: TmuxTerminal, control: string, size: string, height: number): Promise<readonly Check[]> {
  const before = await segmentsOf(control);
  const rows = await terminal.until(DIFFERENCES, `differences at ${size}`);
  const after = await segmentsOf(control);
  const shown = Number(/^segments +([\d,]+)/m.exec(rows.join('\n'))?.[1]?.replaceAll(',', ''));
  // The address alone may be shortened.
  const cut = rows.slice(1).filter((row) => row.includes('…'));
  const isFramed = rows.length === height && /^hls-swarm/.test(rows[0] ?? '') && /^q quit/.test(rows.at(-1) ?? '');
  return [
    check(`${size}: differences`, rows.find((row) => DIFFERENCES.test(row)) ?? 'none', 'of all accounts', true),
    check(`${size}: first and last row`, isFramed ? 'name and keys' : rows.join('\n'), 'name and keys', isFramed),
    check(`${size}: rows that are cut`, String(cut.length), '0', cut.length === 0),
    // The picture is at most a paint older than the first answer.
    check(
      `${size}: segments`,
      String(shown),
      `${before} to ${after}, or a second before`,
      isBetween(shown, before, after),
    ),
  ];
}

async function segmentsOf(control: string): Promise<number> {
  const response = await fetch(`http://${control}/snapshot`);
  return ((await response.json()) as Summary).proxy?.byKind.segment?.transfers ?? 0;
}

/** One round of all clients may lie between a tick and the paint before it. */
function isBetween(shown: number, before: number, after: number): boolean {
  return shown >= before - CLIENTS && shown <= after;
}

/** The same rows, by what they begin with, after a smaller picture was on the same terminal. */
async function withoutResidue(terminal: TmuxTerminal): Promise<Check> {
  const labels = async (): Promise<string> => {
    await pause(SETTLED_MS);
    return (await terminal.rows()).map((row) => /^\S*(?: \S+)?/.exec(row.replace(/\d.*/, ''))?.[0] ?? '').join('|');
  };
  const first = await labels();
  await terminal.resize(60, 20);
  await pause(SETTLED_MS);
  await terminal.resize(SIZES[1].columns, SIZES[1].rows);
  const second = await labels();
  return check('80 x 24 after 60 x 20', first === second ? 'as before' : second, 'as before', first === second);
}

async function ending(terminal: TmuxTerminal): Promise<readonly Check[]> {
  await terminal.keys('q');
  const code = await terminal.exitCode();
  const { isAlternate, isCursorShown } = await terminal.state();
  const isGivenBack = !isAlternate && isCursorShown;
  return [
    check('exit code after q', String(code), MEASURED.join(' or '), MEASURED.includes(code)),
    check('the terminal afterwards', isGivenBack ? 'as before' : 'changed', 'as before', isGivenBack),
  ];
}
