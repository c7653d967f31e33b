// The client's socket made of an accepted one: where its octets land, and that it is a stream until it is read directly.
// What connections make of the octets has its own tests.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { ClientSocket } from '../../src/proxy/client-socket.ts';

const LANDING_BYTES = 1024;
const MUCH = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251));

let server: Server;
const landing = Buffer.alloc(LANDING_BYTES);

before(async () => {
  server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

after(() => server.close());

async function pair(): Promise<{ player: Socket; accepted: Socket; socket: ClientSocket }> {
  const player = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [accepted] = (await once(server, 'connection')) as [Socket];
  return { player, accepted, socket: new ClientSocket(accepted, landing) };
}

test('what is read directly lands in the one buffer, whole and in order, and its end is heard', async () => {
  const { player, socket } = await pair();
  const read: Buffer[] = [];
  socket.readDirectly((octets) => {
    assert.equal(octets.buffer, landing.buffer);
    read.push(Buffer.from(octets));
  });
  player.end(MUCH);
  await once(socket, 'end');
  assert.deepEqual(Buffer.concat(read), MUCH);
  socket.destroy();
});

test('a paused one reads nothing, and all of it once it goes on', async () => {
  const { player, socket } = await pair();
  const read: Buffer[] = [];
  socket.readDirectly((octets) => {
    read.push(Buffer.from(octets));
    socket.pause();
    setImmediate(() => socket.resume());
  });
  player.end(MUCH);
  await once(socket, 'end');
  assert.deepEqual(Buffer.concat(read), MUCH);
  assert.ok(read.length >= MUCH.length / LANDING_BYTES);
  socket.destroy();
});

test('it is a stream like any other before it is read directly, and after', async () => {
  const { player, socket } = await pair();
  player.write('first');
  const [first] = (await once(socket, 'data')) as [Buffer];
  assert.equal(first.toString(), 'first');
  const second = new Promise<string>((resolve) => {
    socket.removeAllListeners('data');
    socket.readDirectly((octets) => resolve(octets.toString()));
  });
  player.write('second');
  assert.equal(await second, 'second');
  socket.readDirectly(undefined);
  socket.pause();
  socket.unshift(Buffer.from('put back, '));
  player.end('third');
  const rest: Buffer[] = [];
  for await (const octets of socket) rest.push(octets as Buffer);
  assert.equal(Buffer.concat(rest).toString(), 'put back, third');
  socket.destroy();
});

test('the accepted socket is left without a connection, and its listener does not wait for it', async () => {
  const { player, accepted, socket } = await pair();
  assert.equal(accepted.destroyed, true);
  socket.end('answer');
  const [answer] = (await once(player, 'data')) as [Buffer];
  assert.equal(answer.toString(), 'answer');
  player.destroy();
  socket.destroy();
  const open = await new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
  assert.equal(open, 0);
});
