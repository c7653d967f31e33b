// The origin's server over a folder of known files, without FFmpeg: what its HTTP and account tests share.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import { faultRules } from '../../src/faults/parse.ts';
import { type AccessLine, Account, type AccountTotals } from '../../src/origin/account.ts';
import { OriginFaults } from '../../src/origin/faults.ts';
import { MediaStore } from '../../src/origin/media-store.ts';
import { createOriginServer } from '../../src/origin/server.ts';
import { knownOctets } from '../support/scripted-answers.ts';

export const PLAYLIST: Buffer = Buffer.from('#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nseg00001.ts\n');
/** Several slices, and odd. */
export const SEGMENT: Buffer = knownOctets(1, 700_001);
export const SMALL_SEGMENT: Buffer = knownOctets(2, 10_007);

export interface OriginFixture {
  readonly port: number;
  readonly folder: string;
  readonly store: MediaStore;
  readonly lines: readonly AccessLine[];
  totals(): AccountTotals;
  /** Puts a file into place as FFmpeg does; resolves when the store has it. */
  publish(name: string, content: Buffer): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** `faults`: rules as written. */
export async function startFixture(faults: readonly string[] = []): Promise<OriginFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-store-'));
  const waiting = new Map<string, () => void>();
  const store = new MediaStore(
    folder,
    ({ name }) => waiting.get(name)?.(),
    (reason) => {
      throw new Error(reason);
    },
  );
  const lines: AccessLine[] = [];
  const clock = clockFrom(clockOrigin());
  const account = new Account(clock, (line) => lines.push(line));
  const server = createOriginServer({
    store,
    account,
    isLive: () => store.get('stream.m3u8') !== undefined,
    faults: new OriginFaults({
      rules: faultRules(faults),
      seed: 1,
      clock,
      onInjected: (response, fault) => account.inject(response, fault),
    }),
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const publish = async (name: string, content: Buffer): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(name, resolve);
    await writeFile(join(folder, `${name}.tmp`), content);
    await rename(join(folder, `${name}.tmp`), join(folder, name));
    await promise;
  };
  await publish('seg00001.ts', SEGMENT);
  await publish('seg00002.ts', SMALL_SEGMENT);
  await publish('stream.m3u8', PLAYLIST);
  return {
    port: (server.server.address() as AddressInfo).port,
    folder,
    store,
    lines,
    totals: () => account.totals(),
    publish,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      store.close();
      await rm(folder, { recursive: true });
    },
  };
}
