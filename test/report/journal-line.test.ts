// A record of the journal begins with its type, in whatever order its maker wrote the fields.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '../../src/events.ts';
import { journalLine } from '../../src/report/journal-line.ts';

test('the type comes first, and nothing is lost or told twice', () => {
  const inOrder: Event = { type: 'finding', atMs: 2, code: 'cookie-path', subject: 's', evidence: 'e' };
  const { type, ...rest } = inOrder;
  for (const event of [inOrder, { ...rest, type } as Event])
    assert.equal(journalLine(event), '{"type":"finding","atMs":2,"code":"cookie-path","subject":"s","evidence":"e"}');
});
