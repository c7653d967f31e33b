// The origin of soak-doors, in a process of its own: `/BYTES?ms=MS` is answered with so many octets, spread over that time.
// It measures nothing and keeps no account; it ends when the process that forked it is gone.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A body is handed out in so many parts. */
const PARTS = 20;

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://origin');
  const bytes = Number(pathname.slice(1));
  response.writeHead(200, { 'content-type': 'video/mp2t', 'content-length': bytes });
  spread(response, Buffer.alloc(bytes, 'x'), Number(searchParams.get('ms') ?? 0));
});
server.keepAliveTimeout = 0;
server.requestTimeout = 0;
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));

function spread(response: ServerResponse, body: Buffer, ms: number): void {
  if (ms === 0) {
    response.end(body);
    return;
  }
  const step = Math.ceil(body.length / PARTS);
  let sent = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(sent, sent + step));
    sent += step;
    if (sent < body.length) return;
    clearInterval(timer);
    response.end();
  }, ms / PARTS);
  response.once('close', () => clearInterval(timer));
}
