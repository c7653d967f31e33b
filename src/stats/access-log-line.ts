// One JSON line of an origin's access log as our record of a request, by names that a user may change. Pure.
// It opens no file, joins nothing, and has no opinion on what a server should log: what is missing is named.
import { INJECTED, type OriginRequestEvent } from '../events.ts';
import { secondsToMs } from '../units.ts';

/** What the origin's log says of one request; whoever reads it adds the instant of reading. */
export type OriginRequest = Omit<OriginRequestEvent, 'type' | 'atMs'>;
export type LogRecord = Readonly<Record<string, unknown>>;

/** What a line is read for. `request` is a whole request line, for logs without method and path of their own. */
export const LOG_FIELDS = [
  'remotePort',
  'requestIndex',
  'connection',
  'status',
  'bytesSent',
  'bodyBytesSent',
  'completed',
  'method',
  'path',
  'request',
  'userAgent',
  'time',
] as const;
export type LogField = (typeof LOG_FIELDS)[number];

/** Per field the names that are tried in order, as a user would write them: `client.port`, `headBytes+bodyBytes`. */
export type LogMapping = Readonly<Record<LogField, readonly string[]>>;

/** nginx's names for its own variables, and those of the embedded origin. */
export const NGINX_MAPPING: LogMapping = {
  remotePort: ['remote_port'],
  requestIndex: ['connection_requests'],
  connection: ['connection'],
  status: ['status'],
  bytesSent: ['bytes_sent'],
  bodyBytesSent: ['body_bytes_sent'],
  completed: ['completed', 'request_completion'],
  method: ['method', 'request_method'],
  path: ['uri', 'request_uri'],
  request: ['request'],
  userAgent: ['user_agent', 'http_user_agent'],
  time: ['time_ms', 'msec', 'time_iso8601'],
};

/** Numbers that may be a sum: of parts that a server logs apart, or of a count from 0 and 1. */
const SUMMED: ReadonlySet<LogField> = new Set(['requestIndex', 'bytesSent', 'bodyBytesSent']);
const MAX_PORT = 65_535;
const MAX_STATUS = 999;
/** nginx's status for a client that left before there was an answer. */
const CLIENT_CLOSED_REQUEST = 499;
/** nginx says OK or nothing, HAProxy -- or two letters. */
const COMPLETED: ReadonlySet<unknown> = new Set([true, 1, 'true', '1', 'OK', '--']);
/** Seconds since 1970 have ten digits, milliseconds thirteen. */
const FIRST_MILLISECONDS = 100_000_000_000;
const MAX_QUOTED_CHARS = 40;

/**
 * `remotePort=client.port,bytesSent=resp.head+resp.body`, one or several texts; fields that are not named keep their
 * defaults. A problem is the part of a sentence that follows the quoted text.
 */
export function readMapping(texts: readonly string[]): { readonly mapping: LogMapping } | { readonly problem: string } {
  const named: Partial<Record<LogField, readonly string[]>> = {};
  for (const item of texts.flatMap((text) => text.split(','))) {
    const [name = '', ...rest] = item.split('=');
    const field = LOG_FIELDS.find((known) => known === name.trim());
    const path = rest.join('=').trim();
    if (field === undefined) return { problem: `names ${JSON.stringify(name.trim())}; allowed: ${ALLOWED}` };
    if (path === '') return { problem: `gives ${field} no name; allowed: ${ALLOWED}` };
    if (named[field] !== undefined) return { problem: `names ${field} twice; allowed: once` };
    named[field] = [path];
  }
  return { mapping: { ...NGINX_MAPPING, ...named } };
}

const ALLOWED = `FIELD=NAME, separated by commas, with FIELD one of ${LOG_FIELDS.join(', ')} and NAME as in the log's lines, as in client.port`;

/** A problem is the end of a sentence that began with the line. */
export function readLogRecord(
  record: LogRecord,
  mapping: LogMapping,
): { readonly request: OriginRequest } | { readonly problem: string } {
  const reader = new RecordReader(record, mapping);
  const completed = reader.value('completed');
  const status = reader.count('status', 0, MAX_STATUS);
  const [method = '-', path = '-'] = reader.requestLine();
  const userAgent = reader.text('userAgent');
  const connection = wholeNumber(reader.value('connection'));
  const loggedAtWallMs = wallMs(reader.value('time'));
  const injected = INJECTED.find((fault) => fault === record['injected']);
  const request: OriginRequest = {
    remotePort: reader.port(),
    ...(connection === undefined ? {} : { connection }),
    requestIndex: reader.count('requestIndex', 1),
    method: reader.text('method') ?? method,
    path: reader.text('path') ?? path,
    status,
    bytesSent: reader.count('bytesSent', 0),
    bodyBytesSent: reader.count('bodyBytesSent', 0),
    completed: completed === undefined ? status !== CLIENT_CLOSED_REQUEST : COMPLETED.has(completed),
    ...(injected === undefined ? {} : { injected }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(loggedAtWallMs === undefined ? {} : { loggedAtWallMs }),
  };
  return reader.problem === undefined ? { request } : { problem: reader.problem };
}

/** Looks fields up and remembers the first that is missing or not what it must be. */
class RecordReader {
  problem: string | undefined;
  readonly #record: LogRecord;
  readonly #mapping: LogMapping;

  constructor(record: LogRecord, mapping: LogMapping) {
    this.#record = record;
    this.#mapping = mapping;
  }

  value(field: LogField): unknown {
    for (const name of this.#mapping[field]) {
      const value = SUMMED.has(field) ? this.#sum(name) : valueAt(this.#record, name);
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  }

  text(field: LogField): string | undefined {
    const value = this.value(field);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }

  /** `GET /live/1.ts HTTP/1.1` */
  requestLine(): readonly string[] {
    const parts = this.text('request')?.split(' ') ?? [];
    return parts.length > 1 ? parts : [];
  }

  count(field: LogField, minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.value(field);
    const number = wholeNumber(value);
    if (number !== undefined && number >= minimum && number <= maximum) return number;
    return this.#wrong(field, value);
  }

  /** As a number, or at the end of an address. */
  port(): number {
    const value = this.value('remotePort');
    const number = wholeNumber(typeof value === 'string' ? value.slice(value.lastIndexOf(':') + 1) : value);
    return number !== undefined && number >= 1 && number <= MAX_PORT ? number : this.#wrong('remotePort', value);
  }

  /** Undefined when a part of it is no number. */
  #sum(name: string): unknown {
    const parts = name.split('+').map((part) => (/^\d+$/.test(part) ? Number(part) : valueAt(this.#record, part)));
    if (parts.length === 1) return parts[0];
    const numbers = parts.map(wholeNumber);
    return numbers.includes(undefined) ? undefined : numbers.reduce((sum: number, part = 0) => sum + part, 0);
  }

  #wrong(field: LogField, value: unknown): number {
    const names = this.#mapping[field].join(' or ');
    const quoted = JSON.stringify(value)?.slice(0, MAX_QUOTED_CHARS);
    this.problem ??= quoted === undefined ? `has no ${names} for ${field}` : `has ${quoted} as ${names} for ${field}`;
    return 0;
  }
}

/** The key as it stands, dots and all, else one object after the other. */
function valueAt(record: LogRecord, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name];
  let value: unknown = record;
  for (const key of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as LogRecord)[key];
  }
  return value;
}

/** Many loggers write every value as text. */
function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}

/** Seconds or milliseconds since 1970, or a date as text. */
function wallMs(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number === 'string') {
    const ms = Date.parse(number);
    return Number.isNaN(ms) ? undefined : ms;
  }
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) return undefined;
  return number < FIRST_MILLISECONDS ? Math.round(secondsToMs(number)) : number;
}
