// One injection by itself, between hand-made octets and a client connection that only notes: what a socket cannot be made to
// do on purpose.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import type { FaultAction } from '../../src/faults/rule.ts';
import { FaultInjection, type FaultOwner } from '../../src/proxy/fault-injection.ts';
import { Transfer } from '../../src/proxy/transfer.ts';
import { until } from '../support/processes.ts';

const START = {
  client: 1,
  process: 0,
  connection: 1,
  requestIndex: 1,
  method: 'GET',
  url: 'http://h/a',
  range: undefined,
};
const OCTETS = Buffer.from('0123456789');

class Noting implements FaultOwner {
  readonly notes: string[] = [];
  /** The client's kernel takes nothing until it is told to. */
  isFull = false;
  readonly waiting: (() => void)[] = [];

  proceed(): void {
    this.notes.push('proceed');
  }

  pass(octets: Buffer, taken: () => void): boolean {
    this.notes.push(octets.toString());
    if (this.isFull) this.waiting.push(taken);
    return !this.isFull;
  }

  answer(): void {
    assert.fail('no answer was asked for');
  }

  fail(_transfer: Transfer, code: string, how: string): void {
    this.notes.push(`${code} ${how}`);
  }
}

function inject(action: FaultAction): { transfer: Transfer; injection: FaultInjection; owner: Noting } {
  const transfer = new Transfer({ ...START, startedAtMs: 0, startedAtWallMs: 0 });
  const injection = new FaultInjection(action, transfer, clockFrom(clockOrigin()));
  return { transfer, injection, owner: new Noting() };
}

test('what a stall holds goes on at once when the connection to the origin is gone', () => {
  const { injection, owner } = inject({ type: 'stall', afterBytes: 4, stallMs: 3_600_000 });
  const takes: string[] = [];
  injection.content(0, OCTETS.length);
  assert.equal(
    injection.relay(OCTETS, () => takes.push('taken'), owner),
    false,
  );
  assert.deepEqual([owner.notes, takes], [['0123'], []]);
  injection.flush(owner);
  assert.deepEqual([owner.notes, takes], [['0123', '456789'], ['taken']]);
});

test('so does what a throttle holds, and its timer never fires again', () => {
  const { injection, owner } = inject({ type: 'throttle', bytesPerSecond: 1 });
  injection.content(0, OCTETS.length);
  assert.equal(
    injection.relay(OCTETS, () => owner.notes.push('taken'), owner),
    false,
  );
  injection.flush(owner);
  assert.deepEqual(owner.notes, ['0123456789', 'taken']);
});

test('what still comes while octets are held goes behind them', async () => {
  for (const action of [
    { type: 'stall', afterBytes: 4, stallMs: 20 },
    { type: 'throttle', bytesPerSecond: 1_000 },
  ] as const) {
    const { injection, owner } = inject(action);
    const takes: number[] = [];
    for (const read of [0, 1, 2]) {
      injection.content(0, OCTETS.length);
      assert.equal(
        injection.relay(OCTETS, () => takes.push(read), owner),
        false,
      );
    }
    await until(() => takes.length === 3 && owner.notes.includes('proceed'), 'all three reads');
    assert.equal(owner.notes.filter((note) => note !== 'proceed').join(''), OCTETS.toString().repeat(3));
    assert.deepEqual(takes, [0, 1, 2]);
  }
});

test('what is held when the client is gone goes nowhere, and its buffer goes back, once', () => {
  for (const action of [
    { type: 'stall', afterBytes: 4, stallMs: 3_600_000 },
    { type: 'throttle', bytesPerSecond: 1 },
  ] as const) {
    const { injection, owner } = inject(action);
    const takes: string[] = [];
    injection.content(0, OCTETS.length);
    injection.relay(OCTETS, () => takes.push('taken'), owner);
    const before = owner.notes.length;
    injection.end();
    injection.end();
    assert.deepEqual([takes, owner.notes.length], [['taken'], before]);
  }
});

test('a throttle waits for a client that does not drain, and never passes an octet twice', async () => {
  const { injection, owner, transfer } = inject({ type: 'throttle', bytesPerSecond: 200 });
  injection.content(0, OCTETS.length);
  owner.isFull = true;
  assert.equal(
    injection.relay(OCTETS, () => owner.notes.push('taken'), owner),
    false,
  );
  await until(() => owner.notes.length === 1, 'the first portion');
  owner.isFull = false;
  owner.waiting.shift()?.();
  await until(() => owner.notes.at(-1) === 'proceed', 'the last portion');
  assert.equal(owner.notes.slice(0, -2).join(''), OCTETS.toString());
  assert.equal(owner.notes.at(-2), 'taken');
  assert.equal(transfer.injected, 'throttle');
});

test('a reset waits until the client has what comes before it', () => {
  const { injection, owner, transfer } = inject({ type: 'reset', afterBytes: 4 });
  owner.isFull = true;
  injection.content(0, OCTETS.length);
  assert.equal(
    injection.relay(OCTETS, () => owner.notes.push('taken'), owner),
    false,
  );
  assert.deepEqual(owner.notes, ['0123']);
  // TLS may still hand over what it had decrypted.
  assert.equal(
    injection.relay(Buffer.from('more'), () => owner.notes.push('more taken'), owner),
    false,
  );
  owner.waiting.shift()?.();
  injection.flush(owner);
  assert.deepEqual(owner.notes, ['0123', 'SD reset', 'taken', 'more taken']);
  assert.equal(transfer.isCut, true);
});

test('a cut is found in whichever run of content it lies, and what comes before the content passes', () => {
  const { injection, owner } = inject({ type: 'truncate', afterBytes: 3 });
  assert.equal(
    injection.relay(Buffer.from('head'), () => {}, owner),
    true,
  );
  // Two octets of content in this read; framing, two, framing and two in the next.
  injection.content(0, 2);
  assert.equal(
    injection.relay(Buffer.from('ab'), () => {}, owner),
    true,
  );
  injection.content(1, 3);
  injection.content(4, 6);
  assert.equal(
    injection.relay(Buffer.from('|cd|ef'), () => {}, owner),
    true,
  );
  assert.deepEqual(owner.notes, ['head', 'ab', '|c', 'SD fin']);
});

test('however content and framing fall into reads, exactly what precedes the cut passes, in order', () => {
  const run = fc.record({ isContent: fc.boolean(), length: fc.integer({ min: 1, max: 9 }) });
  const actions = fc.constantFrom('truncate', 'reset', 'stall');
  fc.assert(
    fc.property(
      fc.array(run, { minLength: 1 }),
      fc.array(fc.nat(60)),
      fc.nat(80),
      actions,
      (runs, splits, before, type) => {
        // Content is letters, framing is not; `sound` is what comes before the first octet of content that must not pass.
        const text = runs.map(({ isContent, length }) => (isContent ? 'c' : '|').repeat(length)).join('');
        const ends = [...new Set([...splits.filter((at) => at < text.length), text.length])].toSorted((a, b) => a - b);
        const contentAt = [...text].flatMap((octet, at) => (octet === 'c' ? at : []));
        const sound = text.slice(0, contentAt[before] ?? text.length);
        const action = { type, afterBytes: before, stallMs: 3_600_000 } as FaultAction;
        const { injection, owner } = inject(action);
        let from = 0;
        let isOpen = true;
        for (const end of ends) {
          const read = text.slice(from, end);
          for (const { index, 0: content } of read.matchAll(/c+/g)) injection.content(index, index + content.length);
          from = end;
          if (isOpen && read !== '')
            isOpen =
              injection.relay(Buffer.from(read), () => {}, owner) && owner.notes.at(-1)?.startsWith('SD') !== true;
        }
        const passed = owner.notes.filter((note) => !note.startsWith('SD')).join('');
        assert.equal(passed, sound);
        assert.equal(isOpen, sound === text);
        injection.end();
      },
    ),
  );
});
