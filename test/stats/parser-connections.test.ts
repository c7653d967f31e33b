// How long a dial took, as far as two lines of a log can say it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noConnections, ParserConnections } from '../../src/stats/parser-connections.ts';
import { parsed } from './ledger-traffic.ts';

test('a dial whose two lines came in one read took nobody knows how long', () => {
  const connections = new ParserConnections(new Map());
  const process = noConnections();
  const dial = (atMs: number, rule: 'tcp-start' | 'tcp-connected'): void => {
    const event = parsed(1, atMs, { rule, address: '127.0.0.1', port: 80 });
    if (event.rule === 'tcp-start' || event.rule === 'tcp-connected') connections.dialled(event, process);
  };
  dial(10, 'tcp-start');
  dial(10, 'tcp-connected');
  assert.deepEqual(connections.read(20).connectMs.n, 0);
  dial(11, 'tcp-start');
  dial(14, 'tcp-connected');
  assert.deepEqual([connections.read(20).connectMs.n, connections.read(20).connectMs.max], [1, 3]);
  assert.equal(connections.read(20).connected, 2);
});
