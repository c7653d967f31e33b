// A small HTTP/1.1 server of files in memory, for tests that need an origin and no truth about it.
// It knows no ranges beyond `bytes=0-` (answered 200) and counts nothing but requests.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StaticServer {
  /** `http://127.0.0.1:PORT` */
  readonly base: string;
  /** `METHOD /path` of every request so far, with its User-Agent. */
  readonly requests: readonly { readonly line: string; readonly userAgent: string }[];
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Serves `files` by path; everything else is 404. */
export async function serveFiles(files: ReadonlyMap<string, Buffer>): Promise<StaticServer> {
  const requests: { line: string; userAgent: string }[] = [];
  const server = createServer((request, response) => {
    requests.push({ line: `${request.method} ${request.url}`, userAgent: request.headers['user-agent'] ?? '' });
    const body = files.get(request.url ?? '');
    const type = request.url?.endsWith('.m3u8') ? 'application/vnd.apple.mpegurl' : 'video/mp2t';
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close,
    [Symbol.asyncDispose]: close,
  };
}
