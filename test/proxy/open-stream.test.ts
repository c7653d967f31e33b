// What a stream's own timer does when its limits differ, and what it says of silences. Time is made here; nothing is waited for.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Clock } from '../../src/clock.ts';
import { GAP_SLOTS, gapOfSlotMs, gapSlotOf } from '../../src/meters.ts';
import { MIRROR } from '../../src/proxy/behaviour.ts';
import { OpenStream, type StreamTimeout } from '../../src/proxy/open-stream.ts';
import { Transfer } from '../../src/proxy/transfer.ts';

const HOUR_MS = 3_600_000;
const ENDING = { kind: 'stream', deliveredBytes: 0, stopping: false } as const;

interface Limits {
  readonly firstByteMs?: number;
  readonly silentMs?: number;
  readonly notDrainingMs?: number;
}

class Stage {
  readonly transfer: Transfer;
  readonly stream: OpenStream;
  readonly expired: { readonly code: StreamTimeout; readonly atMs: number }[] = [];
  nowMs = 0;
  readonly gaps: Float64Array = new Float64Array(GAP_SLOTS);
  readonly #context: TestContext;

  /** Its request is on its way from 0 ms on. */
  constructor(context: TestContext, limits: Limits) {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    this.#context = context;
    this.transfer = new Transfer({
      client: 1,
      process: 1,
      connection: 1,
      requestIndex: 1,
      method: 'GET',
      url: 'http://origin/live',
      range: undefined,
      startedAtMs: 0,
      startedAtWallMs: 0,
    });
    this.transfer.enter('wait', 0);
    this.stream = new OpenStream({
      transfer: this.transfer,
      clock: { nowMs: () => this.nowMs, wallMs: () => 0 } as Clock,
      limits: { ...MIRROR.streams, firstByteMs: HOUR_MS, silentMs: HOUR_MS, notDrainingMs: HOUR_MS, ...limits },
      owner: { expired: (_, code) => this.expired.push({ code, atMs: this.nowMs }) },
      gaps: this.gaps,
    });
  }

  /** Head and first octet of the body. */
  begin(): void {
    this.transfer.enter('headers', this.nowMs);
    this.transfer.enter('receive', this.nowMs);
    this.transfer.bodyRead(this.nowMs);
  }

  pass(ms: number): void {
    for (let passed = 0; passed < ms && this.expired.length === 0; passed += 1) {
      this.nowMs += 1;
      this.#context.mock.timers.tick(1);
    }
  }
}

test('a client that freezes is found after its own limit, however long the origin may be silent', (context) => {
  const stage = new Stage(context, { silentMs: 20_000, notDrainingMs: 2_000 });
  stage.begin();
  stage.pass(3_000);
  stage.transfer.bodyRead(stage.nowMs);
  stage.transfer.paused(stage.nowMs);
  stage.pass(HOUR_MS);
  assert.deepEqual(stage.expired, [{ code: 'cD', atMs: 5_000 }]);
});

test('an origin that falls silent is found after its own limit, however long it might have taken to begin', (context) => {
  const stage = new Stage(context, { firstByteMs: 10_000, silentMs: 4_000 });
  stage.pass(500);
  stage.begin();
  stage.pass(HOUR_MS);
  assert.deepEqual(stage.expired, [{ code: 'sD', atMs: 4_500 }]);
});

test('and so after a pause that its client was allowed', (context) => {
  const stage = new Stage(context, { silentMs: 1_000, notDrainingMs: 30_000 });
  stage.begin();
  stage.pass(900);
  stage.transfer.paused(stage.nowMs);
  stage.pass(7_300);
  stage.transfer.blocked(900, stage.nowMs);
  stage.pass(HOUR_MS);
  assert.deepEqual(stage.expired, [{ code: 'sD', atMs: 9_200 }]);
});

test('a body that is here as a whole waits for its client no longer than that may take', (context) => {
  const stage = new Stage(context, { silentMs: 20_000, notDrainingMs: 2_000 });
  stage.begin();
  stage.pass(1_500);
  stage.transfer.enter('deliver', stage.nowMs);
  stage.pass(HOUR_MS);
  assert.deepEqual(stage.expired, [{ code: 'cD', atMs: 3_500 }]);
});

test('a stream that flows is looked at once per shortest limit, and one that ended never again', (context) => {
  const stage = new Stage(context, { firstByteMs: 5_000, silentMs: 1_000 });
  const timers = context.mock.method(globalThis, 'setTimeout');
  stage.begin();
  for (let octets = 0; octets < 100; octets += 1) {
    stage.pass(100);
    stage.transfer.bodyRead(stage.nowMs);
  }
  assert.ok(timers.mock.callCount() <= 12, `${timers.mock.callCount()} timers in 10 s`);
  stage.stream.end();
  stage.pass(10_000);
  assert.deepEqual(stage.expired, []);
});

test('the longest gap that it tells never falls, whatever comes next, and is the one of its record', (context) => {
  const stage = new Stage(context, {});
  const { transfer, stream } = stage;
  const told: number[] = [];
  const tell = (ms: number): void => {
    stage.pass(ms);
    told.push(stream.event().longestGapMs);
  };
  tell(700);
  stage.begin();
  tell(300);
  tell(1_200);
  transfer.bodyRead(stage.nowMs);
  tell(100);
  transfer.paused(stage.nowMs);
  tell(4_000);
  transfer.blocked(stage.nowMs - 4_000, stage.nowMs);
  tell(2_000);
  transfer.enter('deliver', stage.nowMs);
  tell(9_000);
  assert.deepEqual(told, [0, 300, 1_500, 1_500, 1_500, 2_000, 2_000]);
  assert.equal(transfer.end({ ...ENDING, termination: 'cD', atMs: stage.nowMs }).longestGapMs, 2_000);
});

test('a body that only its client is missing for is blocked by it, not silent', (context) => {
  const stage = new Stage(context, {});
  stage.begin();
  stage.transfer.enter('deliver', stage.nowMs);
  stage.pass(2_500);
  assert.equal(stage.stream.event().state, 'client-blocked');
});

for (const isPaced of [false, true]) {
  const why = isPaced ? 'a fault held us up' : 'the client did not drain';
  test(`every read counts with the gap before it, the time in which ${why} left out`, (context) => {
    const stage = new Stage(context, {});
    stage.transfer.injected = isPaced ? 'throttle' : null;
    const octets = Buffer.alloc(8);
    const read = (): void => {
      stage.transfer.bodyRead(stage.nowMs);
      stage.stream.content(octets, 0, 4);
      stage.stream.content(octets, 4, 8);
    };
    stage.begin();
    stage.stream.content(octets, 0, 8);
    stage.nowMs = 40;
    read();
    stage.transfer.paused(40);
    stage.nowMs = 560;
    stage.transfer.blocked(40, 560);
    stage.nowMs = 565;
    read();
    stage.nowMs = 605;
    read();
    const counted = [...stage.gaps.entries()].filter(([, reads]) => reads > 0);
    assert.deepEqual(
      counted.map(([slot, reads]) => [Math.round(gapOfSlotMs(slot)), reads]),
      [
        [5, 1],
        [40, 2],
      ],
    );
    stage.stream.end();
  });
}

test('a slot of gaps stands for all that is in it within 1.6 %, from nothing to half an hour', () => {
  for (const gapMs of [0, 0.001, 0.063, 0.064, 0.127, 0.128, 1, 17.3, 999, 60_000, 1_800_000, 1e9]) {
    const slot = gapSlotOf(gapMs);
    assert.ok(slot >= 0 && slot < GAP_SLOTS, String(gapMs));
    const whole = Math.min(Math.floor(gapMs * 1000), 2 ** 31 - 1) / 1000;
    assert.ok(Math.abs(gapOfSlotMs(slot) - whole) <= whole * 0.016, `${gapMs} ms is ${gapOfSlotMs(slot)} ms`);
  }
  for (let slot = 1; slot < GAP_SLOTS; slot += 1) assert.equal(gapSlotOf(gapOfSlotMs(slot)), slot);
});
