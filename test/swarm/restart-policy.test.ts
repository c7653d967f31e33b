// What an ending means and what follows.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../src/random.ts';
import { backoffMs, exitCategory, RESET_UPTIME_MS, RestartPolicy } from '../../src/swarm/restart-policy.ts';

const live = { isStopping: false, isLive: true };

describe('categories', () => {
  test('exit 0 of a live client is no success: it lost the playlist (defect P6)', () => {
    assert.equal(exitCategory({ code: 0 }, live), 'playlistLost');
    assert.equal(exitCategory({ code: 0 }, { ...live, isHls: false }), 'error', 'MPEG-TS has no playlist to lose');
  });

  test('exit 0 of a stream with an end is success', () => {
    assert.equal(exitCategory({ code: 0 }, { isStopping: false, isLive: false }), 'success');
  });

  test('255 is an error of FFmpeg, not a signal', () => {
    assert.equal(exitCategory({ code: 255 }, live), 'error');
  });

  test('a death by signal is told as such, and a start that failed as an error', () => {
    assert.equal(exitCategory({ signal: 'SIGSEGV' }, live), 'signal');
    assert.equal(exitCategory({ failure: 'ffmpeg does not exist' }, live), 'error');
  });

  test('whatever follows our own signal is our stop', () => {
    for (const exit of [{ code: 0 }, { code: 255 }, { signal: 'SIGKILL' }, { code: 1 }]) {
      assert.equal(exitCategory(exit, { isStopping: true, isLive: true }), 'stopped');
    }
  });
});

describe('a loop', () => {
  test('starts what has played to its end over, at once and as often as it ends; that is no restart', () => {
    const policy = new RestartPolicy(seededRandom(1), 1, undefined, true);
    for (let round = 0; round < 5; round += 1)
      assert.deepEqual(policy.decide('success', 1_000), { restart: true, delayMs: 0 });
    assert.equal(policy.restarts, 0);
    assert.equal(policy.decide('error', 1_000).restart, true);
    assert.equal(policy.decide('error', 1_000).restart, false, 'failures stay limited');
  });

  test('does not spin on a stream with next to nothing in it', () => {
    const policy = new RestartPolicy(seededRandom(1), 0, undefined, true);
    const delays = Array.from({ length: 8 }, () => {
      const decision = policy.decide('success', 50);
      return decision.restart ? decision.delayMs : -1;
    });
    assert.ok((delays[0] ?? 0) >= 200 && (delays[7] ?? 0) >= 4_000, delays.join(' '));
    assert.deepEqual(policy.decide('success', 5_000), { restart: true, delayMs: 0 });
  });

  test('is not what a stream does without being asked', () => {
    assert.equal(new RestartPolicy(seededRandom(1), 0).decide('success', 5_000).restart, false);
  });
});

describe('backoff', () => {
  const delays = (policy: RestartPolicy, count: number, uptimeMs = 0): number[] =>
    Array.from({ length: count }, () => {
      const decision = policy.decide('error', uptimeMs);
      assert.ok(decision.restart);
      return decision.delayMs;
    });

  test('250 ms, times 1.7, up to 5 s, each within 20 % either way', () => {
    delays(new RestartPolicy(seededRandom(1), 0), 10).forEach((delayMs, attempt) => {
      const meanMs = Math.min(250 * 1.7 ** attempt, 5_000);
      assert.ok(delayMs >= 0.8 * meanMs && delayMs <= 1.2 * meanMs, `${attempt}: ${delayMs}`);
    });
  });

  test('a thousand failures later it is still 5 s', () => {
    assert.equal(backoffMs(1_000), 5_000);
  });

  test('30 s of uptime begin it anew, an exit code of 0 does not', () => {
    const policy = new RestartPolicy(seededRandom(1), 0);
    delays(policy, 8);
    const lost = policy.decide('playlistLost', 100);
    assert.ok(lost.restart && lost.delayMs >= 4_000);
    const well = policy.decide('error', RESET_UPTIME_MS);
    assert.ok(well.restart && well.delayMs <= 300);
  });

  test('a delay is a number and never negative, however long the row of failures and wide the jitter', () => {
    assert.equal(backoffMs(5_000, { initialMs: 0, maxMs: 1_000, multiplier: 2, jitterRatio: 0 }), 0);
    assert.equal(backoffMs(5_000, { initialMs: 1, maxMs: 1_000, multiplier: 2, jitterRatio: 0 }), 1_000);
    const wide = { initialMs: 100, maxMs: 100, multiplier: 1, jitterRatio: 2 };
    for (const delayMs of delays(new RestartPolicy(seededRandom(1), 0, wide), 100))
      assert.ok(delayMs >= 0 && delayMs <= 300, `${delayMs}`);
  });

  test('clients of one run do not restart in step', () => {
    const first = Array.from(
      { length: 100 },
      (_, client) => delays(new RestartPolicy(seededRandom(1).fork(`${client}`), 0), 1)[0],
    );
    assert.equal(new Set(first).size, 100);
  });
});

test('a stream that ended is never restarted, and no more restarts are given than allowed', () => {
  assert.deepEqual(new RestartPolicy(seededRandom(1), 0).decide('success', 60_000), {
    restart: false,
    reason: 'the stream ended',
  });
  const policy = new RestartPolicy(seededRandom(1), 2);
  assert.equal(policy.decide('error', 0).restart, true);
  assert.equal(policy.decide('signal', 60_000).restart, true);
  assert.deepEqual(policy.decide('error', 60_000), { restart: false, reason: 'max restarts reached (2)' });
  assert.equal(policy.restarts, 2);
});
