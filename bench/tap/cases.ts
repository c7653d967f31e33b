// What is measured: sizes, shapes of load, the rounds in turn (A B C D, A B C D, ...), and the bodies compared before any timing.
// It prints nothing and passes no judgement.
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { residentBytes } from '../support/process-figures.ts';
import { type LoadShape, loadRound, type Round } from './load.ts';
import { type Relay, type RelayName, startRelay } from './relays.ts';

export const SIZES = { '1 MB': 1_000_000, '64 KB': 65_536, '600 B': 600 } as const;
export type SizeName = keyof typeof SIZES;

export interface Case {
  readonly size: SizeName;
  readonly relays: readonly RelayName[];
  readonly rounds: number;
  readonly shape: LoadShape;
  /** Doors of the tap that the load is spread over. */
  readonly doors: number;
}

export interface Measured {
  readonly name: RelayName;
  readonly rounds: readonly Round[];
  /** Since its start; absent when there is no relaying process. */
  readonly peakBytes?: number;
}

const WARM_UP_SECONDS = 1;

function pathOf(size: SizeName): string {
  return `/${SIZES[size]}.ts`;
}

/** The files of the origin: octets that no compression and no shortcut can make smaller. */
export async function writeFiles(folder: string): Promise<void> {
  for (const size of Object.keys(SIZES) as SizeName[])
    await writeFile(join(folder, pathOf(size)), randomFillSync(Buffer.allocUnsafe(SIZES[size])));
}

/** Starts the relays, compares their bodies with the origin's, warms each up, and runs the rounds. */
export async function measure(origin: Relay, one: Case, note: (text: string) => void): Promise<readonly Measured[]> {
  await using running = new AsyncDisposableStack();
  const relays: Relay[] = [];
  for (const name of one.relays) {
    const relay = await startRelay(name, origin, one.doors);
    running.defer(() => relay.stop());
    relays.push(relay);
    note(`${name}: pid ${relay.pid ?? '-'}, ${relay.addresses.join(' ')}`);
  }
  const path = pathOf(one.size);
  await compareBodies(origin, relays, path);
  for (const relay of relays) await loadRound(relay, path, { ...one.shape, seconds: WARM_UP_SECONDS });
  const rounds = new Map<RelayName, Round[]>(relays.map(({ name }) => [name, []]));
  for (let round = 0; round < one.rounds; round += 1)
    for (const relay of relays) rounds.get(relay.name)?.push(await loadRound(relay, path, one.shape));
  return relays.map(({ name, pid }) => ({
    name,
    rounds: rounds.get(name) ?? [],
    ...(pid === undefined ? {} : { peakBytes: residentBytes(pid, 'peak') }),
  }));
}

/** Status, length and hash of a body through each relay's every address must be the origin's own. */
async function compareBodies(origin: Relay, relays: readonly Relay[], path: string): Promise<void> {
  const expected = await fetched(origin, origin.addresses[0] ?? '', path);
  for (const relay of relays)
    for (const address of relay.addresses) {
      const seen = await fetched(relay, address, path);
      if (seen !== expected) throw new Error(`${relay.name} at ${address} gives ${seen}, the origin ${expected}`);
    }
}

async function fetched(relay: Relay, address: string, path: string): Promise<string> {
  const { hostname, port } = new URL(`http://${address}`);
  const request = get({
    ...{ host: hostname, port, path: relay.requestTarget(path), agent: false },
    headers: { host: relay.authority },
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return `${response.statusCode}, ${bytes} bytes, ${hash.digest('hex')}`;
}
