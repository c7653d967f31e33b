// Runs whose truth is known, for the agreement of the parser: finished streams to ENDLIST, and a live one with faults on purpose.
// Shared by the tests, in short, and by `npm run verify:agreement`. It judges nothing but what the origin itself did.
import { type AgreementStream, agreementMedia } from './agreement-media.ts';
import { live, responseHead, withLength } from './scripted-answers.ts';
import {
  fieldOf,
  fin,
  type RecordedRequest,
  reset,
  type Script,
  ScriptedOrigin,
  send,
  wait,
} from './scripted-origin.ts';

/** Files by path, with any range, as a server of static files answers. */
export function rangedFiles(contents: ReadonlyMap<string, Buffer>): Script {
  return (request) => {
    const body = contents.get(new URL(request.target, 'http://origin').pathname);
    if (body === undefined) return withLength('not found\n', { status: 404, reason: 'Not Found' });
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(fieldOf(request.head, 'range') ?? '') ?? [];
    if (first === undefined) return withLength(body);
    const from = Number(first);
    const to = last === undefined || last === '' ? body.length - 1 : Math.min(Number(last), body.length - 1);
    const fields = { 'Content-Range': `bytes ${from}-${to}/${body.length}` };
    return withLength(body.subarray(from, to + 1), { status: 206, reason: 'Partial Content', fields });
  };
}

/** A finished stream on an origin of its own. */
export async function finishedStream(
  stream: AgreementStream,
): Promise<{ readonly origin: ScriptedOrigin; readonly url: string }> {
  const origin = await ScriptedOrigin.start(rangedFiles(await agreementMedia(stream)));
  return { origin, url: origin.url('/stream.m3u8') };
}

/** What goes wrong, by segment. The missing one is always missing, the unavailable one twice for each client. */
export const FAULTY_SEGMENTS = { missing: 4, unavailable: 6, reset: 8, truncated: 10, slow: 12 } as const;
const REFUSALS = 2;
const SLOW_MS = 700;

export interface FaultyLive {
  readonly segments: readonly Buffer[];
  readonly seconds: number;
  readonly window: number;
}

/** A live stream with every fault; after the last segment the list stands still, without ENDLIST. */
export function faultyLive({ segments, seconds, window }: FaultyLive): Script {
  const healthy = live({
    segments,
    seconds,
    window,
    advance: ({ elapsedMs }) => Math.floor(elapsedMs / (seconds * 1_000)),
  });
  const refusals = new Map<string, number>();
  return (request) => faultOf(request, segments, refusals) ?? healthy(request);
}

function faultOf(
  request: RecordedRequest,
  segments: readonly Buffer[],
  refusals: Map<string, number>,
): ReturnType<Script> {
  const [, text] = /\/seg(\d+)\.ts$/.exec(request.target) ?? [];
  const index = text === undefined ? -1 : Number(text);
  const octets = segments[index];
  if (octets === undefined) return undefined;
  const { missing, unavailable, reset: resetAt, truncated, slow } = FAULTY_SEGMENTS;
  const head = responseHead({ fields: { 'Content-Type': 'video/mp2t', 'Content-Length': String(octets.length) } });
  const half = octets.subarray(0, Math.floor(octets.length / 2));
  if (index === missing) return withLength('not found\n', { status: 404, reason: 'Not Found' });
  if (index === unavailable && isRefused(request, refusals))
    return withLength('busy\n', { status: 503, reason: 'Service Unavailable' });
  if (index === resetAt) return [send(head), send(half), wait(50), reset];
  if (index === truncated) return [send(head), send(half), fin];
  if (index === slow) return [wait(SLOW_MS), send(head), send(octets)];
  return undefined;
}

/** The first two times of each client. */
function isRefused({ head }: RecordedRequest, refusals: Map<string, number>): boolean {
  const client = fieldOf(head, 'user-agent') ?? '';
  const before = refusals.get(client) ?? 0;
  refusals.set(client, before + 1);
  return before < REFUSALS;
}
