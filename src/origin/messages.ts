// What the origin's process and its parent say to each other: JSON lines on its stdout, access lines on descriptor 3.
// Types and the line reader only; nothing here opens a pipe.
import type { LiveOriginOptions, OriginAddresses } from './live-origin.ts';

/** The only argument of the process, as JSON. */
export type OriginOrder = Omit<LiveOriginOptions, 'signal'>;

export type OriginMessage =
  | (OriginAddresses & { readonly type: 'live'; readonly workFolder: string })
  | { readonly type: 'failed'; readonly reason: string };

/** Hands out whole lines of a pipe's chunks; a last line without LF is not one. */
export function lineReader(onLine: (line: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = data.indexOf(LF); end >= 0; end = data.indexOf(LF)) {
      onLine(data.toString('utf8', 0, end));
      data = data.subarray(end + 1);
    }
    rest = data;
  };
}

const LF = 0x0a;
