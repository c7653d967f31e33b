// The few answers that the tap gives itself, to requests that it refuses: one line of help and a close.
// It never answers in an origin's name: an origin that fails is felt as a reset, not as a 502.
import type { Refusal } from './target.ts';

const REASONS: Readonly<Record<Refusal['status'], string>> = {
  400: 'Bad Request',
  501: 'Not Implemented',
  508: 'Loop Detected',
};

export function localAnswer(refusal: Refusal): Buffer {
  const content = `hls-swarm tap: ${refusal.text}\n`;
  const head = [
    `HTTP/1.1 ${refusal.status} ${REASONS[refusal.status]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(content)}`,
    'Connection: close',
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${content}`);
}
