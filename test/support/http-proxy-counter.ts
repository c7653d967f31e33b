// The second counter: a forward proxy on the widely used `http-proxy`, which counts by itself. It shares no line with the tap, so
// where both give the same numbers for the same traffic, a bug would have to be made twice. Fault-free traffic only.
import { Agent, createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import httpProxy from 'http-proxy';

/** One request and its answer, in the order in which requests came. */
export interface CountedTransfer {
  readonly method: string;
  readonly url: string;
  /** Absent while no head has come. */
  status?: number;
  /** Octets of content: without head and framing, not decoded. */
  contentBytes: number;
  isComplete: boolean;
}

export interface HttpProxyCounter {
  readonly url: string;
  readonly transfers: readonly CountedTransfer[];
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startHttpProxyCounter(): Promise<HttpProxyCounter> {
  const transfers: CountedTransfer[] = [];
  const agent = new Agent({ keepAlive: true });
  const proxy = httpProxy.createProxyServer({ agent });
  const open = new Map<IncomingMessage, CountedTransfer>();
  proxy.on('error', (_error, _request, response) => void response.destroy());
  proxy.on('proxyRes', (answer, request) => {
    const transfer = open.get(request);
    open.delete(request);
    if (transfer !== undefined) count(transfer, answer);
  });
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    const transfer: CountedTransfer = { method, url, contentBytes: 0, isComplete: false };
    transfers.push(transfer);
    open.set(request, transfer);
    proxy.web(request, response, { target: new URL(url).origin });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    transfers,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function count(transfer: CountedTransfer, answer: IncomingMessage): void {
  if (answer.statusCode !== undefined) transfer.status = answer.statusCode;
  answer.on('data', (octets: Buffer) => {
    transfer.contentBytes += octets.length;
  });
  answer.once('end', () => {
    transfer.isComplete = answer.complete;
  });
}
