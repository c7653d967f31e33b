// The answer to a request that a fault answers in place of its origin: a status line and one line of text. Pure.
// It is never sent on its own; its octets belong to no account, as no origin sent them.

/** What players print of a status line; other codes go without a reason, as the grammar allows. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  410: 'Gone',
  416: 'Range Not Satisfiable',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

interface AnsweredRequest {
  readonly method: string;
  /** The client counts on the connection's end after the answer. */
  readonly closes: boolean;
}

export function faultAnswer(status: number, { method, closes }: AnsweredRequest): Buffer {
  const content = `hls-swarm: status ${status}, injected on purpose\n`;
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(content)}`,
    ...(closes ? ['Connection: close'] : []),
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${method === 'HEAD' ? '' : content}`);
}
