// Wishes to end: signals of the system and the keys of a screen are one and the same.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { parseCommand } from '../../src/config/parse.ts';
import { type OpenHouse, openHouse } from '../../src/run/open-house.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Two within 50 ms are one. */
const APART_MS = 60;
const before = SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);

afterEach(() => {
  for (const [signal, kept] of before)
    for (const listener of process.listeners(signal)) if (!kept.includes(listener)) process.off(signal, listener);
});

function open(): OpenHouse & { left(): number } {
  const command = parseCommand(['demo'], {}, () => '');
  assert.ok(command.ok && 'options' in command);
  let left = 0;
  return { ...openHouse(command.options, () => (left += 1)), left: () => left };
}

test('the first press of the quit key ends the run, the second kills and leaves', async () => {
  const { house, left } = open();
  const { ending, killing } = house.terminal;
  house.end();
  assert.deepEqual([ending.aborted, killing.aborted, left()], [true, false, 0]);
  await pause(APART_MS);
  house.end();
  assert.deepEqual([ending.aborted, killing.aborted, left()], [true, true, 1]);
});

test('a key after a signal is the second wish, and two at one instant are one', async () => {
  const { house, left } = open();
  process.emit('SIGINT');
  house.end();
  assert.equal(left(), 0);
  assert.ok(house.terminal.ending.aborted);
  await pause(APART_MS);
  house.end();
  assert.equal(left(), 1);
});

test('a failure ends the run and is told; the first one is the reason', () => {
  const { house, failure } = open();
  house.fail(new Error('first'));
  house.fail(new Error('second'));
  assert.equal(failure()?.message, 'first');
  assert.deepEqual([house.terminal.ending.aborted, house.terminal.killing.aborted], [true, false]);
});

test('nothing that is told on stderr shows a secret of a URL, whoever made the sentence', (context) => {
  const { house } = open();
  const said: string[] = [];
  context.mock.method(process.stderr, 'write', (text: string) => said.push(text));
  house.terminal.stderr.write('✗ stream: HTTP://me:SECRET@origin.example/nope.m3u8?token=SECRET answered 404\n');
  context.mock.restoreAll();
  assert.match(said.join(''), /^✗ stream: HTTP:\/\/….*@origin\.example\/nope\.m3u8\?token=….* answered 404\n$/);
  assert.doesNotMatch(said.join(''), /SECRET/);
});
