// Many players over TLS at once, some of which leave: whoever stays goes on. Buffers that reads land in are freed then, and
// TLS must not be decrypting into one of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { before, test } from 'node:test';
import { createServer, type TLSSocket } from 'node:tls';
import { MIRROR } from '../../../src/proxy/behaviour.ts';
import { TapBench } from '../../support/tap.ts';
import { TestAuthority } from '../../support/tls-certificates.ts';
import { type SecureClient, secureClient } from '../../support/tls-client.ts';

/** More than keep a buffer of their own. */
const PLAYERS = 60;
const LEAVES = 30;
/** Several records: TLS decrypts them in one turn. */
const PART = Buffer.alloc(256 * 1024, 'x');
/** Slow enough for two cores. */
const PACE_MS = 40;
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n';

let authority: TestAuthority;
before(async () => {
  authority = await TestAuthority.create();
});

test('players that leave in the middle of TLS records hold up nobody else', { timeout: 60_000 }, async () => {
  const open = new Set<TLSSocket>();
  const server = createServer(await authority.forHost('localhost'), (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(HEAD);
      const goOn = (): void => {
        if (!socket.destroyed) socket.write(PART, () => setTimeout(goOn, PACE_MS));
      };
      goOn();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const tls = { mode: 'intercept', verifiesOrigin: false, authority: authority.authority } as const;
  const bench = await TapBench.open({ inThread: false, behaviour: { ...MIRROR, tls } });
  try {
    const players: SecureClient[] = [];
    for (let player = 0; player < PLAYERS; player += 1) players.push(await play(bench, port));
    for (let leave = 0; leave < LEAVES; leave += 1) {
      players.shift()?.carrier.resetAndDestroy();
      players.push(await play(bench, port));
    }
    const before = bench.tap.meters().meters.readBytes;
    await bench.until(({ readBytes }) => readBytes > before + PLAYERS * PART.length, 'octets for everybody');
    assert.equal(players.length, PLAYERS);
    for (const { carrier } of players) carrier.destroy();
    await bench.until(({ openConnections }) => openConnections === 0, 'the end of all connections');
  } finally {
    for (const socket of open) socket.destroy();
    server.close();
    await bench.close();
  }
});

async function play(bench: TapBench, port: number): Promise<SecureClient> {
  const player = await secureClient(bench, `localhost:${port}`);
  player.tls.on('data', () => {});
  player.tls.on('error', () => {});
  player.tls.write('GET /live.ts HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return player;
}
