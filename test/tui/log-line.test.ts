// Log lines for people: the JSON form in words, no field lost, anything else untouched.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readableLogLine } from '../../src/tui/log-line.ts';

test('a JSON line is its time of day, level, event and fields; other lines stay as they are', () => {
  const line = '{"level":"info","time":"2026-11-21T12:31:20.068Z","url":"http://a","n":3,"event":"origin_live"}';
  assert.equal(readableLogLine(line), '12:31:20 INFO origin_live url=http://a n=3');
  for (const text of ['12:31:20 INFO starting clients=12', '', '{', '{"level":', '[1]'])
    assert.equal(readableLogLine(text), text);
  assert.equal(readableLogLine('{"a":{"b":[1]},"msg":"m"}'), 'm a={"b":[1]}');
});
