// A forward proxy as it should not be: one request at a time, all others wait for it. `npm run bench:playlists` shows beside the
// tap what that costs. Prints its port as one line of JSON.
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';

let turn: Promise<void> = Promise.resolve();

const server = createServer((request, response) => {
  turn = turn.then(
    () =>
      new Promise<void>((resolve) => {
        response.once('close', resolve);
        get(request.url ?? '', { headers: request.headers, agent: false }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        }).on('error', () => response.destroy());
      }),
  );
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
});
