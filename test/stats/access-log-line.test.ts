// Lines of access logs as requests: nginx's own, the embedded origin's, and other servers' by a mapping.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AccessLine } from '../../src/origin/account.ts';
import {
  LOG_FIELDS,
  type LogMapping,
  type LogRecord,
  NGINX_MAPPING,
  readLogRecord,
  readMapping,
} from '../../src/stats/access-log-line.ts';

const NGINX: LogRecord = {
  ...{ remote_port: 50_112, connection_requests: 3, status: 206, bytes_sent: 412, body_bytes_sent: 100 },
  ...{ request_method: 'GET', request_uri: '/live/1.ts?a=b', request_completion: 'OK', http_user_agent: 'x/1' },
};
const REQUEST = {
  ...{ remotePort: 50_112, requestIndex: 3, method: 'GET', path: '/live/1.ts?a=b', status: 206 },
  ...{ bytesSent: 412, bodyBytesSent: 100, completed: true, userAgent: 'x/1' },
};

function mapping(...texts: readonly string[]): LogMapping {
  const read = readMapping(texts);
  assert.ok('mapping' in read, JSON.stringify(read));
  return read.mapping;
}

function request(record: LogRecord, map: LogMapping = NGINX_MAPPING): object {
  const read = readLogRecord(record, map);
  return 'request' in read ? read.request : assert.fail(read.problem);
}

function problem(record: LogRecord, map: LogMapping = NGINX_MAPPING): string {
  const read = readLogRecord(record, map);
  return 'problem' in read ? read.problem : '';
}

test("nginx's own names need no mapping, with numbers as numbers or as text", () => {
  assert.deepEqual(request(NGINX), REQUEST);
  const texts = Object.fromEntries(Object.entries(NGINX).map(([name, value]) => [name, String(value)]));
  assert.deepEqual(request(texts), REQUEST);
});

test("the embedded origin's own lines need none either", () => {
  const line = {
    ...{ time_ms: 1_795_251_457_500, remote_port: 50_112, connection: 1, connection_requests: 3, method: 'GET' },
    ...{ uri: '/live/1.ts?a=b', status: 206, bytes_sent: 412, body_bytes_sent: 100, completed: true },
    ...{ user_agent: 'x/1', injected: 'throttle' as const },
  } satisfies AccessLine;
  assert.deepEqual(request(line), {
    ...{ ...REQUEST, connection: 1, injected: 'throttle', loggedAtWallMs: 1_795_251_457_500 },
  });
});

test('a request line stands in for method and path, and what no line says is a dash', () => {
  const { request_method: _method, request_uri: _uri, ...rest } = NGINX;
  assert.deepEqual(request({ ...rest, request: 'HEAD /a?b HTTP/1.1' }), { ...REQUEST, method: 'HEAD', path: '/a?b' });
  assert.deepEqual(request({ ...rest, request: '' }), { ...REQUEST, method: '-', path: '-' });
});

test('fields of another log are found by dotted names, sums and counts from 0', () => {
  const map = mapping(
    'remotePort=client.address,requestIndex=k+1',
    'bytesSent=resp.head+resp.body,bodyBytesSent=resp.body,status=resp.code,completed=state,method=req.method,path=req.uri,userAgent=ua',
  );
  const record = {
    client: { address: '[2001:db8::1]:50112' },
    ...{ k: '2', state: '--', ua: 'x/1' },
    resp: { code: '206', head: 312, body: '100' },
    req: { method: 'GET', uri: '/live/1.ts?a=b' },
  };
  assert.deepEqual(request(record, map), REQUEST);
  assert.deepEqual(request({ ...record, state: 'CD' }, map), { ...REQUEST, completed: false });
  assert.match(
    problem({ ...record, resp: { code: 200, body: 1 } }, map),
    /^has no resp\.head\+resp\.body for bytesSent$/,
  );
});

test('a key with dots in it is found before a path', () => {
  const map = mapping('remotePort=client.port');
  assert.deepEqual(request({ ...NGINX, 'client.port': 50_112, client: { port: 1 } }, map), REQUEST);
});

test('a log that says nothing of the end counts a request as complete, but for the status of a client that left', () => {
  const { request_completion: _completion, ...rest } = NGINX;
  assert.deepEqual(request(rest), REQUEST);
  assert.deepEqual(request({ ...rest, status: 499 }), { ...REQUEST, status: 499, completed: false });
  assert.deepEqual(request({ ...NGINX, request_completion: '' }), { ...REQUEST, completed: false });
});

test('a line without what the join needs is refused by the name that is missing or wrong', () => {
  const without = (name: string): string => problem({ ...NGINX, [name]: undefined });
  assert.equal(without('remote_port'), 'has no remote_port for remotePort');
  assert.equal(without('connection_requests'), 'has no connection_requests for requestIndex');
  assert.equal(without('bytes_sent'), 'has no bytes_sent for bytesSent');
  assert.equal(problem({ ...NGINX, remote_port: '-' }), 'has "-" as remote_port for remotePort');
  assert.equal(problem({ ...NGINX, remote_port: 65_536 }), 'has 65536 as remote_port for remotePort');
  assert.equal(problem({ ...NGINX, connection_requests: 0 }), 'has 0 as connection_requests for requestIndex');
  assert.equal(problem({ ...NGINX, bytes_sent: -1 }), 'has -1 as bytes_sent for bytesSent');
  assert.equal(problem({ ...NGINX, status: 'ok' }), 'has "ok" as status for status');
});

test('the instant may be seconds, milliseconds or a date', () => {
  const at = (value: unknown): unknown =>
    (request({ ...NGINX, time_iso8601: value }) as { loggedAtWallMs?: number }).loggedAtWallMs;
  assert.equal(at(1_795_251_457.5), 1_795_251_457_500);
  assert.equal(at('1795251457.500'), 1_795_251_457_500);
  assert.equal(at(1_795_251_457_500), 1_795_251_457_500);
  assert.equal(at('2026-11-21T12:00:00+01:00'), Date.UTC(2026, 10, 21, 11));
  assert.deepEqual(['yesterday', '', true, Number.NaN, 0].map(at), Array(5).fill(undefined));
});

test('a mapping that cannot be meant is refused with what is allowed', () => {
  const refused = (text: string): string => {
    const read = readMapping([text]);
    return 'problem' in read ? read.problem : '';
  };
  assert.match(refused('port=a'), /^names "port"; allowed: FIELD=NAME, .* one of remotePort, requestIndex,/);
  assert.match(refused('remotePort'), /^gives remotePort no name/);
  assert.match(refused('status=a,status=b'), /^names status twice/);
  assert.match(refused(''), /^names ""/);
});

test('no record of any shape makes the reader throw, and what it accepts can be joined', () => {
  const map = mapping(LOG_FIELDS.map((field) => `${field}=${field}`).join(','));
  const record = fc.dictionary(fc.constantFrom(...LOG_FIELDS, '__proto__', 'constructor'), fc.jsonValue());
  fc.assert(
    fc.property(record, fc.constantFrom(map, NGINX_MAPPING), (line, names) => {
      const read = readLogRecord(line as LogRecord, names);
      if ('problem' in read) return;
      const { remotePort, requestIndex, bytesSent, bodyBytesSent } = read.request;
      assert.ok(remotePort >= 1 && requestIndex >= 1 && bytesSent >= 0 && bodyBytesSent >= 0);
    }),
  );
});
