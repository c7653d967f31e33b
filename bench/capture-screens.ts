// `npm run capture:screens [-- --clients 20]`: plays the demo in a real terminal (tmux) and keeps what it shows: every view at
// 120 x 40 in docs/SCREENS.md, the overview at 80 x 24 there and in the README, and what a second run prints at its end. Best on a
// machine that has nothing else to do: the verdict is in the picture.
// It judges nothing: what a screen must show is in test/tui, and what people see is theirs to look at.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const { values } = parseArgs({ options: { clients: { type: 'string', default: '20' } } });
const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** A tmux server of its own: nobody else's sessions are near it. */
const SERVER = ['-L', `hls-swarm-capture-${process.pid}`];
const TARGET = ['-t', 'capture'];
const WIDE = { columns: 120, rows: 40 };
const NARROW = { columns: 80, rows: 24 };
/** Differences need three intervals of the slowest source, and a minute's window wants something in it. */
const STEADY_MS = 35_000;
/** Two paints. */
const PAINT_MS = 1_200;
const DURATION = '55s';

const VIEWS = [
  ['1', 'Overview'],
  ['2', 'Clients'],
  ['3', 'Agreement'],
  ['4', 'Errors'],
  ['5', 'Origin and reconciliation'],
  ['6', 'Performance'],
] as const;

async function tmux(...words: readonly string[]): Promise<string> {
  const { stdout } = await run('tmux', [...SERVER, ...words], { cwd: ROOT });
  return stdout;
}

/** What stands on the screen, without the blanks behind it. */
async function shown(): Promise<string> {
  const text = await tmux('capture-pane', '-p', ...TARGET);
  return text.replace(/[^\S\n]+$/gm, '').trimEnd();
}

async function resize({ columns, rows }: { readonly columns: number; readonly rows: number }): Promise<void> {
  await tmux('resize-window', ...TARGET, '-x', String(columns), '-y', String(rows));
  await pause(PAINT_MS);
}

async function press(key: string): Promise<string> {
  await tmux('send-keys', ...TARGET, key);
  await pause(PAINT_MS);
  return shown();
}

interface Captures {
  readonly narrow: string;
  readonly wide: ReadonlyMap<string, string>;
}

async function capture(): Promise<Captures> {
  const command = `exec ./bin/hls-swarm.js demo --clients ${values.clients} --ramp-rate 10 --duration ${DURATION} --metrics 127.0.0.1:0`;
  const size = ['-x', String(WIDE.columns), '-y', String(WIDE.rows)];
  await tmux('new-session', '-d', '-s', 'capture', ...size, command);
  try {
    await pause(STEADY_MS);
    const wide = new Map<string, string>();
    for (const [key, title] of VIEWS) wide.set(title, await press(key));
    await press('1');
    await resize(NARROW);
    const narrow = await shown();
    await tmux('send-keys', ...TARGET, 'q');
    await pause(STEADY_MS / 10);
    return { narrow, wide };
  } finally {
    await tmux('kill-server').catch(() => {});
  }
}

const fenced = (text: string): string => `\`\`\`text\n${text}\n\`\`\``;

function documentOf({ narrow, wide }: Captures): string {
  const sections = [...wide].map(([title, text], at) => `## ${title}: key \`${at + 1}\`\n\n${fenced(text)}\n`);
  return `# The screen

Each view of a demo of ${values.clients} clients as a terminal of ${WIDE.columns} columns and ${WIDE.rows} rows shows it, without the colours; written by
\`npm run capture:screens\`. Key \`?\` on the screen explains the others.

${sections.join('\n')}
## In a small terminal

The overview at ${NARROW.columns} columns and ${NARROW.rows} rows:

${fenced(narrow)}
`;
}

/** Puts `text` between the marks of that name. */
async function replaceBlock(file: string, name: string, text: string): Promise<void> {
  const document = await readFile(file, 'utf8');
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no block ${start} ... ${end}`);
  await writeFile(file, `${document.slice(0, from + start.length)}\n${text}\n${document.slice(to)}`);
}

/** What a run without a screen prints at its end. */
async function printed(): Promise<string> {
  const load = ['--clients', '10', '--duration', '30s'];
  const { stdout } = await run('./bin/hls-swarm.js', ['demo', ...load, '--no-tui', '--metrics', '127.0.0.1:0'], {
    cwd: ROOT,
  });
  return stdout.trimEnd();
}

const captures = await capture();
await writeFile(`${ROOT}docs/SCREENS.md`, documentOf(captures));
await replaceBlock(`${ROOT}README.md`, 'screen', fenced(captures.narrow));
await replaceBlock(`${ROOT}README.md`, 'output', fenced(await printed()));
