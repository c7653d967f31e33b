// The baseline as a process of its own: `http-proxy` 1.18.1 as a forward proxy and nothing else. With the argument `keep-alive`
// it reuses its connections to the origin; as shipped it opens one per request. It counts nothing
// (test/support/http-proxy-counter.ts does). Prints its port as one line of JSON.
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import httpProxy from 'http-proxy';

const isKeptAlive = process.argv[2] === 'keep-alive';
const proxy = httpProxy.createProxyServer(isKeptAlive ? { agent: new Agent({ keepAlive: true }) } : {});
proxy.on('error', (_error, _request, response) => void response.destroy());

const server = createServer((request, response) => {
  proxy.web(request, response, { target: new URL(request.url ?? '').origin });
});
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port }));
});
