// The join with a scripted origin, to the octet: what the client sent is what the origin got but for the request line and
// the fields that speak to a proxy; what the origin sent is what the client got; and the record says how much it was.
import assert from 'node:assert/strict';
import type { TransferEvent } from '../../src/events.ts';
import {
  chunked,
  earlyHints,
  http10,
  knownOctets,
  responseHead,
  untilClose,
  withLength,
} from '../support/scripted-answers.ts';
import { type Action, send } from '../support/scripted-origin.ts';
import { answering, octetsOf, onBothThreads, request, type TapCase } from '../support/tap.ts';

const BODY = 'twelve bytes';
const HEAD_200 = responseHead({ fields: { 'Content-Length': '12' } });

interface Framed {
  readonly name: string;
  readonly method?: string;
  readonly version?: '1.0';
  readonly answer: readonly Action[];
  readonly record: Partial<TransferEvent>;
  /** The origin closes, so the client must see it close. */
  readonly closes?: boolean;
}

/** `3;x=y CRLF abc CRLF` twice, `0 CRLF`, a trailer and the empty line: 7 + 2, 7 + 2, 3, 13, 2. */
const CHUNKED = chunked(['abc', 'def'], { extension: ';x=y', trailers: { 'X-Sum': 'abcd' } });

const FRAMINGS: readonly Framed[] = [
  {
    name: 'a length',
    answer: withLength(BODY),
    record: { contentBytes: 12, framingBytes: 0, declaredContentLength: 12 },
  },
  { name: 'a length of 0', answer: withLength(''), record: { contentBytes: 0, declaredContentLength: 0 } },
  {
    name: 'chunks with extensions and trailers',
    answer: CHUNKED,
    record: { contentBytes: 6, framingBytes: octetsOf(CHUNKED.slice(1)).length - 6, integrity: 'complete' },
  },
  {
    name: 'an end by FIN',
    answer: untilClose(BODY),
    closes: true,
    record: { contentBytes: 12, integrity: 'unknown-length' },
  },
  { name: 'HTTP/1.0 and a FIN', version: '1.0', answer: http10(BODY), closes: true, record: { contentBytes: 12 } },
  { name: 'no content to HEAD', method: 'HEAD', answer: [send(HEAD_200)], record: { contentBytes: 0, status: 200 } },
  {
    name: 'no content in a 204',
    answer: [send(responseHead({ status: 204, reason: 'No Content' }))],
    record: { contentBytes: 0, status: 204 },
  },
  {
    name: 'no content in a 304 that has a length',
    answer: [send(responseHead({ status: 304, reason: 'Not Modified', fields: { 'Content-Length': '12' } }))],
    record: { contentBytes: 0, status: 304 },
  },
  {
    name: 'a 103 before the answer',
    answer: earlyHints(withLength(BODY)),
    record: { contentBytes: 12, interimHeadBytes: octetsOf(earlyHints([])).length, status: 200 },
  },
  {
    name: 'an answer in one write per octet',
    answer: [...octetsOf(CHUNKED).toString('latin1')].map((octet) => send(octet)),
    record: { contentBytes: 6, responseHeadBytes: octetsOf(CHUNKED.slice(0, 1)).length },
  },
  {
    name: 'a 3 MB body',
    answer: withLength(knownOctets(3, 3_000_000)),
    record: { contentBytes: 3_000_000, integrity: 'complete' },
  },
];

const framings = FRAMINGS.map(
  ({ name, method = 'GET', version, answer, record, closes = false }): TapCase => [
    `${name} passes octet for octet, both ways, and is counted`,
    async (bench) => {
      await using origin = await answering(answer);
      const asked = request(origin, '/a?b=c', {
        method,
        ...(version === undefined ? {} : { version }),
        fields: ['X-Odd:  Spaces \t', 'x-odd: ü'],
      });
      const client = await bench.client();
      await client.send(asked.sent);
      await client.receives(octetsOf(answer));
      if (closes) assert.equal(await client.end(), 'fin');
      else assert.equal(client.ended, undefined);
      const { transfers, connections } = await bench.account();
      assert.equal(origin.connections.length, 1);
      assert.equal(origin.connections[0]?.received, asked.arrives);
      const [transfer] = transfers;
      assert.equal(transfers.length, 1);
      const expected = {
        termination: '--',
        method,
        url: `http://127.0.0.1:${origin.port}/a?b=c`,
        requestHeadBytes: asked.arrives.length,
        deliveredBytes: octetsOf(answer).length,
        upstreamLocalPort: origin.connections[0]?.remotePort,
        upstreamRequestIndex: 1,
        upstreamReused: false,
        ...record,
      };
      assert.deepEqual(pick(transfer, expected), expected);
      assert.deepEqual([connections[0]?.closedBy, connections[0]?.excessBytes], [closes ? 'origin' : 'client', 0]);
    },
  ],
);

function pick(transfer: TransferEvent | undefined, expected: object): object {
  const names = Object.keys(expected) as (keyof TransferEvent)[];
  return Object.fromEntries(names.map((name) => [name, transfer?.[name]]));
}

onBothThreads('octets of answers', framings);
