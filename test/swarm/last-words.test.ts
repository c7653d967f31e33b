// What a process said before it left: which of its lines is the reason, and which is too old to be one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LastWords } from '../../src/swarm/last-words.ts';

function reasonOf(...lines: readonly (readonly [line: string, atMs: number])[]): string | undefined {
  const words = new LastWords();
  for (const [line, atMs] of lines) words.note(line, atMs);
  return words.reason(10_000);
}

test('the last line at level error or worse is the reason, without its brackets', () => {
  assert.equal(
    reasonOf(
      ['[tcp @ 0x1] [error] Connection refused', 9_990],
      ['[fatal] http://127.0.0.1/x.m3u8: Server returned 404 Not Found', 9_995],
      ['[AVIOContext @ 0x2] [verbose] Statistics: 0 bytes read, 0 seeks', 9_999],
    ),
    'http://127.0.0.1/x.m3u8: Server returned 404 Not Found',
  );
});

test('a process that was told to leave by somebody else says so at level info, and errors on its way out are no reason', () => {
  assert.equal(
    reasonOf(
      ['[info] Exiting normally, received signal 15.', 9_900],
      ['[error] Error closing progress log, loss of information possible: Immediate exit requested', 9_950],
    ),
    'Exiting normally, received signal 15.',
  );
});

test('a warning is the reason when there is nothing graver', () => {
  assert.equal(reasonOf(['[hls @ 0x1] [warning] Failed to reload playlist 0', 9_000]), 'Failed to reload playlist 0');
});

test('an error that it got over is no reason, and silence is none either', () => {
  assert.equal(reasonOf(['[http @ 0x1] [error] Stream ends prematurely at 1, should be 2', 4_000]), undefined);
  assert.equal(reasonOf(['[h264 @ 0x1] [debug] nal_unit_type: 1', 9_999]), undefined);
});
