// Small servers for the fetcher's and scrapers' tests: an HTTP server by handler, and a raw one that answers with given octets.
// They judge nothing; each is closed by the test that opened it.
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** Serves until the test ends; gives `http://127.0.0.1:PORT`. */
export async function serve(context: TestContext, handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  return listening(context, server, () => server.closeAllConnections());
}

/** Answers each connection's first octets with `answer`, then calls `after` (default: end). */
export async function serveRaw(
  context: TestContext,
  answer: string,
  after: (socket: Socket) => void = (socket) => socket.end(),
): Promise<{ url: string; received: () => number; sent: () => number }> {
  const sockets = new Set<Socket>();
  let received = 0;
  let sent = 0;
  const server = createRawServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received += chunk.length;
      sent += Buffer.byteLength(answer, 'latin1');
      socket.write(answer, 'latin1', () => after(socket));
    });
  });
  const url = await listening(context, server, () => {
    for (const socket of sockets) socket.destroy();
  });
  return { url, received: () => received, sent: () => sent };
}

/** A URL on which nobody listens. */
export async function refusedUrl(): Promise<string> {
  const server = createRawServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return `http://127.0.0.1:${port}`;
}

/** Port 0 on loopback; closed, with its connections, when the test ends. */
export async function listening(context: TestContext, server: Server, dropConnections: () => void): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        dropConnections();
      }),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
