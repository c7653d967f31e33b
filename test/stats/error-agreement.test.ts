// Errors and retries counted twice: equal where both sides saw the same, apart where one did not, nothing of a stop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, TransferEvent } from '../../src/events.ts';
import { ErrorAgreement } from '../../src/stats/error-agreement.ts';
import type { LineFate } from '../../src/stats/pairing-process.ts';
import type { CountAgreement } from '../../src/stats/summary.ts';
import { aTransfer, life, openLedger, parsed, play, RUN, sample, segmentUrl } from './ledger-traffic.ts';

const url = segmentUrl(1);
const get = (atMs: number, of: string = url): Event => parsed(1, atMs, { rule: 'request', method: 'GET', url: of });
const error = (atMs: number, status: number): Event => parsed(1, atMs, { rule: 'http-error', status, text: 'no' });
const dial = (atMs: number): Event => parsed(1, atMs, { rule: 'tcp-start', address: '127.0.0.1', port: 1 });
const broken = (atMs: number): Event =>
  parsed(1, atMs, { rule: 'keepalive-failed', url, reason: 'Connection reset by peer' });
const answer = (startedAtMs: number, facts: Partial<TransferEvent> = {}): Event =>
  aTransfer({ client: 1, url, startedAtMs, ...facts });

const AT_MS = 100_000;
type Fates = ReadonlyMap<Event, LineFate>;

function countAt(atMs: number, events: readonly Event[], fates?: Fates): { errors: object; retries: CountAgreement } {
  const agreement = new ErrorAgreement();
  let hasDialled = false;
  for (const event of events) {
    if (event.type === 'parsed' && event.rule === 'tcp-start') hasDialled = true;
    else if (event.type === 'parsed') {
      agreement.parsed(event, { guess: 'segment', isNewConnection: hasDialled }, fates?.get(event));
      if (event.rule === 'request') hasDialled = false;
    } else if (event.type === 'transfer') agreement.transfer(event);
    else if (event.type === 'client') agreement.stopping(event.client, event.process, event.atMs);
  }
  return { errors: agreement.readErrors(atMs), retries: agreement.readRetries(atMs) };
}

/** Long after: nothing of it in the last minute. */
function count(events: readonly Event[], fates?: Fates): { errors: object; retries: object } {
  const { errors, retries } = countAt(AT_MS, events, fates);
  const run = ({ parser, proxy }: CountAgreement): object => ({ parser, proxy });
  return {
    errors: Object.fromEntries(Object.entries(errors).map(([code, both]) => [code, run(both)])),
    retries: run(retries),
  };
}

test('an answer of 503, asked for again and got, is one error and one retry on both sides', () => {
  assert.deepEqual(count([get(1), error(2, 503), answer(1, { status: 503 }), get(3), answer(3)]), {
    errors: { '503': { parser: 1, proxy: 1 } },
    retries: { parser: 1, proxy: 1 },
  });
});

test('an error that the log does not have is the tap’s alone, and a code outside 4xx and 5xx is other', () => {
  assert.deepEqual(count([get(1), answer(1, { status: 404 }), error(2, 999)]), {
    errors: { '404': { parser: 0, proxy: 1 }, other: { parser: 1, proxy: 0 } },
    retries: { parser: 0, proxy: 0 },
  });
});

test('a resource asked for twice without a failure is no retry: playlists are', () => {
  assert.deepEqual(count([get(1), answer(1), get(2), answer(2)]).retries, { parser: 0, proxy: 0 });
});

test('what is continued after a break is one retry, however the error before it was said', () => {
  const rest = [100, null] as const;
  const events = [
    get(1),
    answer(1, { termination: 'SD', integrity: 'short', contentBytes: 100 }),
    parsed(1, 2, { rule: 'reconnect', offset: 100, delaySeconds: 0 }),
    parsed(1, 3, { rule: 'request', method: 'GET', url, range: rest }),
    answer(3, { range: rest }),
    get(4, segmentUrl(2)),
    error(5, 503),
    parsed(1, 6, { rule: 'reconnect', offset: 0, delaySeconds: 1 }),
    get(7, segmentUrl(2)),
    answer(4, { url: segmentUrl(2), status: 503 }),
    answer(7, { url: segmentUrl(2) }),
  ];
  assert.deepEqual(count(events).retries, { parser: 2, proxy: 2 });
});

test('nothing after the beginning of a stop counts, on neither side', () => {
  const stop: Event = { type: 'client', client: 1, process: 1, atMs: 5, event: 'stop' };
  assert.deepEqual(count([stop, get(6), error(7, 404), answer(6, { status: 404 })]), {
    errors: {},
    retries: { parser: 0, proxy: 0 },
  });
});

/** As the tap records it: no head came, and the connection had been used before. */
const reset = (startedAtMs: number): Event => {
  const { status: _none, ...event } = aTransfer({ client: 1, url, startedAtMs }) as TransferEvent;
  return { ...event, termination: 'SH', integrity: 'short', stale: true, contentBytes: 0 };
};

test('a connection reset before an answer is asked again on a new one: a retry on both sides', () => {
  assert.deepEqual(count([get(1), reset(1), broken(2), dial(2), get(2), answer(2)]).retries, { parser: 1, proxy: 1 });
});

test('FFmpeg says nothing of a kept connection that just ended, and dials: the same request again is a retry', () => {
  assert.deepEqual(count([get(1), reset(1), dial(2), get(2), answer(2)]).retries, { parser: 1, proxy: 1 });
});

test('the same request again on a new connection each is no retry: that is how an origin without keep-alive is reloaded', () => {
  assert.deepEqual(count([dial(1), get(1), answer(1), dial(2), get(2), answer(2)]).retries, { parser: 0, proxy: 0 });
});

test('requests to connections that were gone are the log’s alone, and left out', () => {
  const gone = get(1);
  const events = [
    gone,
    broken(2),
    dial(2),
    get(2),
    answer(2),
    get(3),
    error(4, 503),
    answer(3, { status: 503 }),
    get(5),
  ];
  const fates = new Map([[gone, { isDead: true }]]);
  assert.deepEqual(count([...events, answer(5)], fates).retries, { parser: 1, proxy: 1 });
});

test('a retry is held back until it is known whether the request before it went anywhere: a counter takes nothing back', () => {
  for (const isDead of [true, false]) {
    const agreement = new ErrorAgreement();
    const fate: { isDead: boolean | undefined } = { isDead: undefined };
    const read = (): number => {
      agreement.settle();
      return agreement.readRetries(10).parser;
    };
    const note = { guess: 'segment' as const };
    agreement.parsed(parsed(1, 1, { rule: 'request', method: 'GET', url }), { ...note, isNewConnection: false }, fate);
    agreement.parsed(parsed(1, 2, { rule: 'request', method: 'GET', url }), { ...note, isNewConnection: true });
    assert.equal(read(), 0);
    fate.isDead = isDead;
    assert.deepEqual([read(), read()], isDead ? [0, 0] : [1, 1]);
  }
});

test('an origin that closes idle connections: requests repeated on a new one are no retries at any time, and real ones stay', () => {
  const ledger = openLedger({ run: { ...RUN, clients: 1, logLevel: 'debug' } });
  play([life(1, 0, 'start')], ledger);
  const seen: number[] = [];
  for (let second = 1; second <= 12; second += 1) {
    const atMs = second * 1_000;
    const of = segmentUrl(second);
    const isReset = second === 4;
    const first = { ...reset(atMs - 900), url: of };
    const again = answer(atMs - 890, { url: of });
    play([get(atMs - 900, of), ...(isReset ? [first] : []), dial(atMs - 892), get(atMs - 891, of), again], ledger);
    play([sample(atMs, [])], ledger);
    seen.push(ledger.snapshot(atMs, 0).summary.agreement.retries?.parser ?? -1);
  }
  ledger.finish(12_500);
  seen.push(ledger.snapshot(12_500, 0).summary.agreement.retries?.parser ?? -1);
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    seen,
  );
  assert.deepEqual([seen.at(0), seen.at(-1)], [0, 1]);
  assert.equal(ledger.snapshot(12_500, 0).summary.agreement.segment.deadConnection, 11);
});

test('the last minute has its own counts, which forget', () => {
  const events = [get(1), error(2, 503), answer(1, { status: 503 }), get(3), answer(3)];
  const late = [get(50_001), error(50_002, 503), answer(50_001, { status: 503 })];
  const { errors, retries } = countAt(70_000, [...events, ...late]);
  assert.deepEqual(errors, { '503': { parser: 2, proxy: 2, window: { parser: 1, proxy: 1 } } });
  assert.deepEqual(retries, { parser: 1, proxy: 1, window: { parser: 0, proxy: 0 } });
});
