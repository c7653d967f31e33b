// `npm run bench:playlists`: playlists that take their origin 100 ms, asked for by 10 and by 50 players at once: through the tap,
// directly, and through a proxy that serves one request at a time. Then one playlist stalls for 5 s, and what the other players
// feel of it. Exit 1 = a promise is broken.
import { mediaPlaylist, withLength } from '../test/support/scripted-answers.ts';
import { type Action, ScriptedOrigin, wait } from '../test/support/scripted-origin.ts';
import { Players } from './playlists/players.ts';
import { machineAndDate } from './support/machine.ts';
import { startNodeProgram, startTap } from './support/node-program.ts';
import { median, quantile } from './support/quantile.ts';
import { markdownTable, writeResult } from './support/table.ts';

const ORIGIN_MS = 100;
const STALL_MS = 5_000;
const CROWDS = [10, 50] as const;
const ROUNDS = 7;
const MOST_SLOWEST_MS = 150;
const MOST_MOVED_MS = 20;

const PLAYLIST: readonly Action[] = withLength(
  mediaPlaylist({
    segments: Array.from({ length: 6 }, (_, at) => ({ uri: `seg${at}.ts`, seconds: 2 })),
    isEnded: false,
  }),
  { fields: { 'Content-Type': 'application/vnd.apple.mpegurl' } },
);
const FOREVER = '/stalled.m3u8';

interface Way {
  readonly name: string;
  /** A proxy URL per player. */
  readonly proxies: readonly (string | undefined)[];
}

const most = Math.max(...CROWDS);
await using origin = await ScriptedOrigin.start(({ target }) =>
  target.endsWith(FOREVER) ? [wait(STALL_MS), ...PLAYLIST] : [wait(ORIGIN_MS), ...PLAYLIST],
);
const tap = await startTap(most, ['--proxy-workers', '1']);
const blocking = await startNodeProgram<{ readonly port: number }>([
  new URL('./playlists/blocking-proxy.ts', import.meta.url).pathname,
]);
const ways: readonly Way[] = [
  { name: 'direct', proxies: Array.from({ length: most }) },
  { name: 'tap', proxies: tap.line.doors },
  { name: 'one at a time', proxies: Array.from({ length: most }, () => `http://127.0.0.1:${blocking.line.port}`) },
];

let isKept = true;
try {
  const text = [
    `An origin that takes ${ORIGIN_MS} ms for each playlist; ${machineAndDate()} (\`npm run bench:playlists\`).`,
    '',
    await crowds(),
    '',
    `One playlist of ${most} stalls for ${STALL_MS / 1000} s; the other players reload meanwhile, in milliseconds:`,
    '',
    await stalled(),
  ].join('\n');
  console.log(text);
  await writeResult('playlists', text);
} finally {
  await Promise.all([tap.program.stop(), blocking.program.stop()]);
}
if (!isKept) process.exitCode = 1;

/** Slowest of each crowd, worst and median round; the proxy that blocks once only, it needs n x 100 ms. */
async function crowds(): Promise<string> {
  const rows: string[][] = [];
  for (const crowd of CROWDS)
    for (const { name, proxies } of ways) {
      const players = new Players(proxies.slice(0, crowd));
      const slowest: number[] = [];
      for (let round = 0; round < (name === 'one at a time' ? 1 : ROUNDS); round += 1)
        slowest.push(Math.max(...(await players.all((player) => origin.url(`/${player}/live.m3u8`)))));
      players.close();
      const worst = Math.max(...slowest);
      const verdict = name === 'tap' ? judged(worst <= MOST_SLOWEST_MS, `<= ${MOST_SLOWEST_MS}`) : '';
      rows.push([`${crowd} at once, ${name}`, median(slowest).toFixed(1), worst.toFixed(1), verdict]);
    }
  return markdownTable([['slowest playlist, ms', 'median round', 'worst round', ''], ...rows]);
}

async function stalled(): Promise<string> {
  const rows: string[][] = [];
  for (const { name, proxies } of ways) {
    const players = new Players(proxies);
    // Alone first, for as long as the stall will last.
    const before = await reloads(players, () => origin.url('/calm.m3u8'), STALL_MS);
    const after = await reloads(players, (player) => origin.url(player === 0 ? FOREVER : '/calm.m3u8'), STALL_MS);
    players.close();
    const moved = quantile(after, 0.95) - quantile(before, 0.95);
    const verdict = name === 'tap' ? judged(moved < MOST_MOVED_MS, `< ${MOST_MOVED_MS}`) : '';
    const shown = [quantile(before, 0.95), quantile(after, 0.95), moved].map((ms) => ms.toFixed(1));
    rows.push([name, ...shown, verdict]);
  }
  return markdownTable([['way', 'p95 before', 'p95 during the stall', 'moved', ''], ...rows]);
}

/** The first player asks once; the others again and again for that long. Milliseconds of all requests of those others. */
async function reloads(players: Players, url: (player: number) => string, ms: number): Promise<readonly number[]> {
  const endsAtMs = performance.now() + ms;
  const others = Array.from({ length: most - 1 }, async (_, at) => {
    const waits: number[] = [];
    do waits.push(await players.ask(at + 1, url(at + 1)));
    while (performance.now() < endsAtMs);
    return waits;
  });
  const [, ...waits] = await Promise.all([players.ask(0, url(0)), ...others]);
  return waits.flat();
}

function judged(holds: boolean, bound: string): string {
  isKept &&= holds;
  return `${bound} ${holds ? 'PASS' : '**FAIL**'}`;
}
