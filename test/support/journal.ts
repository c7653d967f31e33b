// A journal and a report as a user's script reads them, and the join of transfers with an origin's own log to the byte.
// It is independent of src/stats: an account of our own, made from the records alone, to hold the program's against.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { Event, TransferEvent } from '../../src/events.ts';
import { journalLine } from '../../src/report/journal-line.ts';
import type { Summary } from '../../src/stats/summary.ts';
import type { NginxLine } from './nginx.ts';

export interface ReadJournal {
  readonly first: Event;
  /** All lines but the last. */
  readonly events: readonly Event[];
  readonly transfers: readonly TransferEvent[];
  readonly summary: Summary;
}

/** A record as it stands in the file, with its break. */
export function writtenLine(event: Event): string {
  return `${journalLine(event)}\n`;
}

/** Every line must be JSON, the last one the summary, and the file must end in a line feed. */
export async function readJournal(path: string): Promise<ReadJournal> {
  const text = await readFile(path, 'utf8');
  assert.ok(text.endsWith('}\n'), `the journal ends in ${JSON.stringify(text.slice(-80))}`);
  const records = text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
  const { type, ...summary } = records.pop() as unknown as Summary & { type: string };
  assert.equal(type, 'summary');
  const [first] = records;
  assert.ok(first !== undefined);
  const transfers = records.filter((event) => event.type === 'transfer');
  return { first, events: records, transfers, summary };
}

export async function readSummary(path: string): Promise<Summary> {
  return JSON.parse(await readFile(path, 'utf8')) as Summary;
}

/** What the log's last words may be about: a request line is printed before its octets are written. */
const IN_FLIGHT_MS = 1_000;

/**
 * Per FFmpeg process, its log's request lines beside the tap's transfers in order of their starts: each difference in words.
 * The last lines of a process that was stopped may have no transfer: it never came to write those requests.
 */
export function requestDifferences({
  events,
  transfers,
}: Pick<ReadJournal, 'events' | 'transfers'>): readonly string[] {
  const lives = events.filter((event) => event.type === 'client');
  const started = lives.filter(({ event }) => event === 'start');
  return started.flatMap(({ client, process }) => {
    const isOurs = (event: { readonly client: number; readonly process: number }): boolean =>
      event.client === client && event.process === process;
    const lines = events.filter((event) => event.type === 'parsed' && event.rule === 'request' && isOurs(event));
    const heads = transfers.filter(isOurs).toSorted((left, right) => left.startedAtMs - right.startedAtMs);
    const stop = lives.find((life) => life.event === 'stop' && isOurs(life));
    const stoppedAtMs = stop?.atMs ?? Number.POSITIVE_INFINITY;
    return Array.from({ length: Math.max(lines.length, heads.length) }, (_, at) => {
      const line = lines[at];
      const head = heads[at];
      if (line?.type !== 'parsed' || line.rule !== 'request') return `${head?.url} has no line`;
      if (head === undefined) return line.atMs > stoppedAtMs - IN_FLIGHT_MS ? '' : `${line.url} has no transfer`;
      return line.url === head.url ? '' : `${line.url} is ${head.url} at the proxy`;
    })
      .filter((difference) => difference !== '')
      .map((difference) => `client ${client}, process ${process}: ${difference}`);
  });
}

/** A line of nginx's access log as the join reads it. */
export function nginxRequest(line: NginxLine): LoggedRequest {
  return {
    remotePort: line.remote_port,
    requestIndex: line.connection_requests,
    status: line.status,
    bytesSent: line.bytes_sent,
    bodyBytesSent: line.body_bytes_sent,
    completed: line.request_completion === 'OK',
  };
}

/** What an origin's log says of one request, whoever the origin is. */
export interface LoggedRequest {
  readonly remotePort: number;
  readonly requestIndex: number;
  readonly status: number;
  /** Head, framing and content. */
  readonly bytesSent: number;
  /** Framing and content. */
  readonly bodyBytesSent: number;
  readonly completed: boolean;
}

export interface Join {
  readonly transfers: number;
  /** Completed on both sides, found by port and index. */
  readonly joined: number;
  readonly equal: number;
  /** Each that differs, in words. */
  readonly different: readonly string[];
  /** Completed transfers that the origin's log does not have, and the other way round. */
  readonly missingAtOrigin: readonly string[];
  readonly missingAtProxy: readonly string[];
  /** Pairs of which one side did not complete. */
  readonly aborted: number;
  /** Of those: what the origin sent and the tap never read, and each that breaks delivered <= read <= sent. */
  readonly inFlightBytes: number;
  readonly outOfBounds: readonly string[];
}

/** By (port, request index), in order where a port was used again; never by time. */
export function joinByPort(transfers: readonly TransferEvent[], requests: readonly LoggedRequest[]): Join {
  const logged = new Map<string, LoggedRequest[]>();
  for (const request of requests) {
    const key = `${request.remotePort}/${request.requestIndex}`;
    logged.set(key, [...(logged.get(key) ?? []), request]);
  }
  const result = { joined: 0, equal: 0, different: [] as string[], missingAtOrigin: [] as string[] };
  const aborts = { aborted: 0, inFlightBytes: 0, outOfBounds: [] as string[] };
  for (const transfer of transfers) {
    const key = `${transfer.upstreamLocalPort}/${transfer.upstreamRequestIndex}`;
    const request = logged.get(key)?.shift();
    const isComplete = transfer.termination === '--';
    if (request === undefined) {
      if (isComplete) result.missingAtOrigin.push(`${key} ${transfer.url}`);
    } else if (isComplete && request.completed) {
      result.joined += 1;
      const difference = differenceOf(transfer, request);
      if (difference === undefined) result.equal += 1;
      else result.different.push(`${key} ${transfer.url}: ${difference}`);
    } else {
      const readBytes = sentBytes(transfer);
      const { deliveredBytes, url, termination } = transfer;
      aborts.aborted += 1;
      aborts.inFlightBytes += request.bytesSent - readBytes;
      if (deliveredBytes <= readBytes && readBytes <= request.bytesSent) continue;
      const octets = `delivered ${deliveredBytes}, read ${readBytes}, sent ${request.bytesSent}`;
      aborts.outOfBounds.push(`${key} ${url} ended ${termination}: ${octets}`);
    }
  }
  const rest = [...logged].flatMap(([key, left]) => left.filter(({ completed }) => completed).map(() => key));
  return { transfers: transfers.length, ...result, ...aborts, missingAtProxy: rest };
}

function differenceOf(transfer: TransferEvent, request: LoggedRequest): string | undefined {
  const body = transfer.framingBytes + transfer.contentBytes;
  const ours = [transfer.status, body, sentBytes(transfer)].join(' ');
  const theirs = [request.status, request.bodyBytesSent, request.bytesSent].join(' ');
  return ours === theirs ? undefined : `status, body, all: proxy ${ours}, origin ${theirs}`;
}

/** Head, framing and content, as the tap read them. */
function sentBytes({ responseHeadBytes, interimHeadBytes, framingBytes, contentBytes }: TransferEvent): number {
  return responseHeadBytes + interimHeadBytes + framingBytes + contentBytes;
}
