// Runs against nginx whose clients are killed in the middle of a segment: what the program recorded, and nginx's own log of it.
// It judges nothing: bench/verify-origin.ts and the system test hold the two against each other.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type ReadJournal, readJournal } from './journal.ts';
import { liveFolder } from './live-folder.ts';
import { type NginxLine, startNginx } from './nginx.ts';
import { type Ended, type HlsSwarm, sandbox, startHlsSwarm } from './program.ts';

export interface KillingRun {
  readonly ended: Ended;
  readonly journal: ReadJournal;
  /** Requests of the clients; our own left out. */
  readonly lines: readonly NginxLine[];
  readonly kills: number;
}

export interface KillingShape {
  readonly clients: number;
  readonly durationSeconds: number;
  readonly killEveryMs: number;
  readonly segmentSeconds: number;
  readonly bitsPerSecond: number;
}

/** What `/debug/client/N` says. */
interface DebugClient {
  readonly pid?: number;
  readonly door?: { readonly openTransfers: number };
}

/** Of its time to play, that a segment takes after nginx's first second, which it sends at once. */
const SHARE_OF_PLAYTIME = 0.6;
/** Nothing but a limited segment takes this long on loopback. */
const LOOK_MS = 80;
const RAMP_LIMIT_MS = 20_000;
const AFTER_END_MS = 30_000;

export async function killingRun(shape: KillingShape): Promise<KillingRun> {
  const { clients, durationSeconds, segmentSeconds, bitsPerSecond } = shape;
  await using live = await liveFolder({ segmentSeconds, bitsPerSecond });
  const { size } = await stat(join(live.folder, 'seg00000.ts'));
  const bytesPerSecond = Math.round(size / (1 + SHARE_OF_PLAYTIME * segmentSeconds));
  await using nginx = await startNginx({
    folder: live.folder,
    serverDirectives: `limit_rate ${bytesPerSecond};`,
  });
  await using box = await sandbox();
  await using program = startHlsSwarm(
    [
      ...['run', nginx.url('/live.m3u8'), '--clients', String(clients), '--duration', `${durationSeconds}s`],
      ...['--ramp-rate', '20', '--no-tui', '--metrics', '127.0.0.1:0', '--ffmpeg', box.ffmpeg],
      ...['--origin-access-log', nginx.logFile, '--journal', box.file('j.ndjson'), '--segment-sizes-url'],
      nginx.url('/files/json/'),
    ],
    box.env,
  );
  const kills = await killInTurn(program, shape);
  const ended = await program.ended(AFTER_END_MS);
  const journal = await readJournal(box.file('j.ndjson'));
  const lines = (await nginx.accessLog()).filter(({ user_agent }) => user_agent.startsWith('hls-swarm/'));
  return { ended, journal, lines, kills };
}

/** Once per interval until shortly before the end: the next client in turn that is in the middle of an answer. */
async function killInTurn(program: HlsSwarm, { clients, durationSeconds, killEveryMs }: KillingShape): Promise<number> {
  const control = await program.controlUrl();
  const debug = async (client: number): Promise<DebugClient> => {
    const response = await fetch(`${control}/debug/client/${client}`);
    return response.ok ? ((await response.json()) as DebugClient) : {};
  };
  await program.until(async () => (await debug(1)).pid !== undefined, 'the first client', RAMP_LIMIT_MS);
  const endsAt = performance.now() + durationSeconds * 1_000 - killEveryMs;
  let kills = 0;
  let client = 0;
  while (performance.now() + killEveryMs < endsAt) {
    await pause(killEveryMs);
    for (let tries = 0; tries < clients; tries += 1) {
      client = (client % clients) + 1;
      const pid = await pidInTheMiddle(() => debug(client));
      if (pid === undefined) continue;
      process.kill(pid, 'SIGKILL');
      kills += 1;
      break;
    }
  }
  return kills;
}

/** Of a client that has waited for the rest of an answer at two looks in a row. */
async function pidInTheMiddle(look: () => Promise<DebugClient>): Promise<number | undefined> {
  const before = await look();
  await pause(LOOK_MS);
  const now = await look();
  const isReceiving = [before, now].every(({ door }) => (door?.openTransfers ?? 0) > 0);
  return isReceiving && before.pid === now.pid ? now.pid : undefined;
}
