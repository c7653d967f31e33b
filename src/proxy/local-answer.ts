// The few answers that the tap gives itself: to requests that it refuses and, where a user asks for it, in place of the
// reset that an origin's failure is. One line of text and a close; nothing is ever repeated or repaired.
import type { Transfer } from './transfer.ts';
import type { Loss } from './upstream-owner.ts';

/** `text` is one line without its end. */
export interface LocalAnswer {
  readonly status: keyof typeof REASONS;
  readonly text: string;
}

const REASONS = {
  400: 'Bad Request',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  504: 'Gateway Timeout',
  508: 'Loop Detected',
} as const;

export function localAnswer(answer: LocalAnswer): Buffer {
  const content = `hls-swarm tap: ${answer.text}\n`;
  const head = [
    `HTTP/1.1 ${answer.status} ${REASONS[answer.status]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(content)}`,
    'Connection: close',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${content}`);
}

/**
 * What `--answer-errors` says of a loss: 504 when the origin took too long, else 502. Undefined where the ending says it
 * itself: octets of an answer were handed on, nobody waits for one, or a stale connection was lost, whose request every
 * player repeats by itself.
 */
export function errorAnswer(
  loss: Loss,
  origin: string,
  exchanges: { isNextToGive(transfer: Transfer): boolean },
): LocalAnswer | undefined {
  const [first] = loss.due;
  if (loss.code === undefined || first === undefined || first.isStale || !exchanges.isNextToGive(first))
    return undefined;
  const isTimeout = loss.code.startsWith('s');
  return { status: isTimeout ? 504 : 502, text: `${origin}: ${oneLine(loss.reason ?? 'closed before an answer')}` };
}

/** Reasons are the system's words; an octet that ends a line would end the sentence. */
function oneLine(reason: string): string {
  return reason.replaceAll(/[\r\n]+/g, ' ');
}
