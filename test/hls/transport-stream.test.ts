// The check of transport streams: counts against an oracle that sees the whole at once, in any split, with any damage.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TransportStreamChecker } from '../../src/hls/transport-stream.ts';
import { PACKET_BYTES, type Packet, packet, packets } from '../support/transport-packets.ts';

const NULL_PID = 0x1fff;

function check(...pieces: readonly Buffer[]): TransportStreamChecker['counts'] {
  const checker = new TransportStreamChecker();
  for (const piece of pieces) checker.read(piece);
  return checker.counts;
}

/** Every rule written down once more, over the whole stream as an array. */
function oracle(octets: Buffer): TransportStreamChecker['counts'] {
  const counts = { packets: 0, syncLosses: 0, continuityErrors: 0 };
  let last = new Map<number, { value: number; repeats: number }>();
  const isSync = (at: number): boolean => octets[at] === 0x47;
  for (let at = 0; at < octets.length; ) {
    if (!isSync(at)) {
      counts.syncLosses += 1;
      last = new Map();
      while (at < octets.length && !(isSync(at) && isSync(at + PACKET_BYTES) && isSync(at + 2 * PACKET_BYTES))) at += 1;
      continue;
    }
    if (at + PACKET_BYTES > octets.length) break;
    counts.packets += 1;
    counts.continuityErrors += continuityError(octets.subarray(at, at + PACKET_BYTES), last) ? 1 : 0;
    at += PACKET_BYTES;
  }
  return counts;
}

function continuityError(one: Buffer, last: Map<number, { value: number; repeats: number }>): boolean {
  const pid = one.readUInt16BE(1) & 0x1fff;
  const control = one.readUInt8(3);
  if (pid === NULL_PID) return false;
  const isSignalled = (control & 0x20) !== 0 && one.readUInt8(4) > 0 && (one.readUInt8(5) & 0x80) !== 0;
  if (isSignalled) last.delete(pid);
  if ((control & 0x10) === 0) return false;
  const value = control & 0x0f;
  const known = last.get(pid);
  const repeats = known?.value === value ? known.repeats + 1 : 0;
  const isAllowed = known === undefined || value === (known.value + 1) % 16 || repeats === 1;
  last.set(pid, { value, repeats: isAllowed ? repeats : 0 });
  return !isAllowed;
}

describe('counts', () => {
  const cases: readonly (readonly [string, readonly Buffer[], number, number, number])[] = [
    ['nothing', [], 0, 0, 0],
    ['packets in order, over the end of the counter', [packets(40)], 40, 0, 0],
    ['a packet that is not whole does not count', [packets(2), packets(1).subarray(0, 187)], 2, 0, 0],
    ['one packet lost', [packets(3), packets(3, 4)], 6, 0, 1],
    ['a packet sent twice', [packets(3), packets(3, 2)], 6, 0, 0],
    ['a packet sent three times', [packets(3), packets(1, 2), packets(2, 2)], 6, 0, 1],
    [
      'a jump that is signalled',
      [packets(3), packet({ counter: 9, adaptation: 'discontinuity' }), packets(1, 10)],
      5,
      0,
      0,
    ],
    [
      'a jump that a packet without payload signalled',
      [packets(3), packet({ counter: 2, hasPayload: false, adaptation: 'discontinuity' }), packets(1, 10)],
      5,
      0,
      0,
    ],
    [
      'packets without payload keep the counter',
      [packets(3), packet({ counter: 2, hasPayload: false, adaptation: 'plain' }), packets(1, 3)],
      5,
      0,
      0,
    ],
    [
      'null packets have no counter',
      [packet({ pid: NULL_PID, counter: 5 }), packet({ pid: NULL_PID, counter: 5 })],
      2,
      0,
      0,
    ],
    ['each PID has its own', [packets(2), packet({ pid: 257, counter: 9 }), packets(1, 2)], 4, 0, 0],
    ['octets too many', [packets(3), Buffer.from('xx'), packets(5, 3)], 8, 1, 0],
    [
      'octets missing are one loss of sync, not an error of the counter too',
      [packets(3).subarray(0, 500), packets(5, 7)],
      7,
      1,
      0,
    ],
    ['what never was MPEG-TS', [Buffer.alloc(5_000, '<html>')], 0, 1, 0],
    ['sync that is not confirmed is not found', [Buffer.from('x'), packets(2)], 0, 1, 0],
  ];
  for (const [name, pieces, packetCount, syncLosses, continuityErrors] of cases)
    test(name, () => {
      assert.deepEqual(check(...pieces), { packets: packetCount, syncLosses, continuityErrors });
    });
});

const anyPacket: fc.Arbitrary<Packet> = fc.record({
  pid: fc.constantFrom(0, 256, 257, NULL_PID),
  counter: fc.nat({ max: 15 }),
  hasPayload: fc.boolean(),
  adaptation: fc.constantFrom<'none' | 'plain' | 'discontinuity'>('none', 'plain', 'plain', 'discontinuity'),
});
const anyPiece = fc.oneof(
  { weight: 5, arbitrary: anyPacket.map(packet) },
  {
    weight: 5,
    arbitrary: fc.tuple(fc.nat({ max: 6 }), fc.nat({ max: 15 })).map(([count, first]) => packets(count, first)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 400 }).map((octets) => Buffer.from(octets)) },
  { weight: 1, arbitrary: fc.nat({ max: 400 }).map((bytes) => Buffer.alloc(bytes, 'G')) },
);
const anyStream = fc.array(anyPiece, { maxLength: 30 }).map((pieces) => Buffer.concat(pieces));

test('any stream, in any split, has the counts that the whole has', () => {
  fc.assert(
    fc.property(anyStream, fc.array(fc.nat({ max: 600 }), { maxLength: 40 }), (octets, sizes) => {
      const checker = new TransportStreamChecker();
      let at = 0;
      for (const size of [...sizes, octets.length]) {
        const end = Math.min(octets.length, at + size);
        checker.read(octets, at, end);
        at = end;
      }
      assert.deepEqual(checker.counts, oracle(octets));
    }),
    { numRuns: 400 },
  );
});

test('octets are on loan: what the caller does with them later changes nothing', () => {
  const checker = new TransportStreamChecker();
  const octets = Buffer.concat([Buffer.from('x'), packets(2)]);
  checker.read(octets);
  octets.fill(0);
  checker.read(packets(2, 2));
  assert.deepEqual(checker.counts, { packets: 4, syncLosses: 1, continuityErrors: 0 });
});
