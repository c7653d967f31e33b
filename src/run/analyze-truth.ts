// Reads a truth file: one JSON line per request, as the server that FFmpeg talked to saw it.
// It believes what is written and fills in what is not with nothing; a line that cannot be a request is refused.
import { KINDS, type Kind, type TransferEvent } from '../events.ts';
import { parseRange } from '../hls/resource.ts';
import { secondsToMs } from '../units.ts';
import type { Reference } from './analyze-material.ts';
import { type InputFile, type JsonRecord, type Reading, refusal } from './input-file.ts';
import { isAmount } from './json-amount.ts';

/** One line of the file. */
export interface TruthRow {
  readonly client: string;
  readonly isTunnel: boolean;
  readonly hasKind: boolean;
  readonly transfer: TransferEvent;
}

const KIND_BY_WORD: ReadonlyMap<string, Kind> = new Map([
  ...KINDS.map((kind) => [kind, kind] as const),
  ['playlist', 'media-playlist'] as const,
]);
const FORM =
  'allowed: {"url": path or URL, "tStart": Unix seconds} and, where known, client, conn, reqOnConn, method, kind, range, status, contentLength, bodyBytes, tEnd, aborted';

/** `client` of a row whose file has only one and does not name it. */
const NO_CLIENT = '';

export function readTruthRow(record: JsonRecord): Reading<TruthRow> {
  const { url, tStart, status, bodyBytes, client } = record;
  if (typeof url !== 'string' || url === '') return { problem: `is no request: "url" is missing; ${FORM}` };
  if (!isAmount(tStart)) return { problem: `is no request: "tStart" is no time; ${FORM}` };
  if (!isAbsent(status) && !isAmount(status)) return { problem: `is no request: "status" is no number; ${FORM}` };
  if (!isAbsent(bodyBytes) && !isAmount(bodyBytes))
    return { problem: `is no request: "bodyBytes" is no amount; ${FORM}` };
  return {
    value: {
      client: isAbsent(client) ? NO_CLIENT : String(client),
      isTunnel: record['method'] === 'CONNECT',
      hasKind: typeof record['kind'] === 'string',
      transfer: transferOf(record, url, tStart),
    },
  };
}

/** The rows of one client. `wanted`: `--log-client`. @throws CannotMeasure when it is not clear whose */
export function referenceOf(file: InputFile, rows: readonly TruthRow[], wanted: number | undefined): Reference {
  const clients = [...new Set(rows.map(({ client }) => client))];
  const [only] = clients;
  const chosen = wanted === undefined ? only : clients.find((client) => client === String(wanted));
  if (rows.length > 0 && chosen === undefined)
    throw refusal(file, `has no client ${wanted}; it has: ${clients.join(', ')}`);
  if (wanted === undefined && clients.length > 1) {
    throw refusal(
      file,
      `has the requests of ${clients.length} clients; say whose log it is with --log-client, one of: ${clients.join(', ')}`,
    );
  }
  // No rows are a truth too: nothing was ever requested.
  const own = rows.filter(({ client }) => client === chosen);
  return {
    source: 'truth',
    client: 1,
    process: 1,
    transfers: own.filter(({ isTunnel }) => !isTunnel).map(({ transfer }) => transfer),
    hasKinds: own.some(({ hasKind }) => hasKind),
    tunnels: own.filter(({ isTunnel }) => isTunnel).length,
    context: [],
    parsed: [],
    zeroWallMs: 0,
  };
}

function transferOf(row: JsonRecord, url: string, tStart: number): TransferEvent {
  const startedAtMs = secondsToMs(tStart);
  const endedAtMs = isAmount(row['tEnd']) ? secondsToMs(row['tEnd']) : startedAtMs;
  const contentBytes = amount(row['bodyBytes']) ?? amount(row['contentLength']) ?? 0;
  const declared = amount(row['contentLength']);
  // 0: the connection broke before any answer.
  const status = amount(row['status']) === 0 ? undefined : amount(row['status']);
  const range = typeof row['range'] === 'string' ? parseRange(row['range']) : undefined;
  const isAborted = row['aborted'] === true;
  return {
    type: 'transfer',
    client: 1,
    process: 1,
    connection: amount(row['conn']) ?? 0,
    requestIndex: amount(row['reqOnConn']) ?? 0,
    method: typeof row['method'] === 'string' ? row['method'] : 'GET',
    url,
    kind: kindOf(row['kind'], url),
    ...(range === undefined ? {} : { range }),
    ...(status === undefined ? {} : { status }),
    ...(declared === undefined ? {} : { declaredContentLength: declared }),
    cache: 'unknown',
    startedAtWallMs: startedAtMs,
    startedAtMs,
    requestHeadBytes: 0,
    requestBodyBytes: 0,
    responseHeadBytes: 0,
    interimHeadBytes: 0,
    framingBytes: 0,
    contentBytes,
    deliveredBytes: contentBytes,
    phases: {},
    totalMs: Math.max(0, endedAtMs - startedAtMs),
    clientBlockedMs: 0,
    longestGapMs: 0,
    early: false,
    stale: false,
    injected: null,
    termination: isAborted ? 'SD' : '--',
    integrity: isAborted || (declared !== undefined && declared > contentBytes) ? 'short' : 'complete',
    stopping: false,
  };
}

/** A row without a kind is a playlist by its name or, as most are, a segment. */
function kindOf(word: unknown, url: string): Kind {
  if (typeof word === 'string') return KIND_BY_WORD.get(word) ?? 'other';
  return /\.m3u8?(?:[?#]|$)/i.test(url) ? 'media-playlist' : 'segment';
}

function amount(value: unknown): number | undefined {
  return isAmount(value) ? value : undefined;
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}
