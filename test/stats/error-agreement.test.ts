// Errors and retries counted twice: equal where both sides saw the same, apart where one did not, nothing of a stop.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event, TransferEvent } from '../../src/events.ts';
import { ErrorAgreement } from '../../src/stats/error-agreement.ts';
import { aTransfer, parsed, segmentUrl } from './ledger-traffic.ts';

const url = segmentUrl(1);
const get = (atMs: number, of: string = url): Event => parsed(1, atMs, { rule: 'request', method: 'GET', url: of });
const error = (atMs: number, status: number): Event => parsed(1, atMs, { rule: 'http-error', status, text: 'no' });
const answer = (startedAtMs: number, facts: Partial<TransferEvent> = {}): Event =>
  aTransfer({ client: 1, url, startedAtMs, ...facts });

function count(events: readonly Event[]): { errors: object; retries: object } {
  const agreement = new ErrorAgreement();
  for (const event of events) {
    if (event.type === 'parsed') agreement.parsed(event);
    else if (event.type === 'transfer') agreement.transfer(event);
    else if (event.type === 'client') agreement.stopping(event.client, event.process, event.atMs);
  }
  return { errors: agreement.readErrors(), retries: agreement.readRetries() };
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
