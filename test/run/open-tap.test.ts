// What it means when the tap's doors cannot be opened: this machine's limits, or a bug.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotMeasure } from '../../src/run/exit-codes.ts';
import { asRefusal } from '../../src/run/open-tap.ts';

const withCode = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test('too few open files name the number that is needed, by the code or by the message alone', () => {
  for (const error of [
    withCode('EMFILE', 'listen EMFILE: too many open files 127.0.0.1'),
    withCode('ENFILE', 'file table overflow'),
    withCode('ERR_WORKER_INIT_FAILED', 'Worker initialization failure: EMFILE'),
    new Error('listen EMFILE: too many open files 127.0.0.1'),
  ]) {
    const refusal = asRefusal(error, 50, 1_100);
    assert.ok(refusal instanceof CannotMeasure);
    assert.match(refusal.message, /^50 doors .*1100 file descriptors.*\n {2}Fix: ulimit -n 1100$/);
  }
});

test('no port and no buffer left is no bug either', () => {
  for (const code of ['EADDRNOTAVAIL', 'ENOBUFS']) {
    const refusal = asRefusal(new Error(`listen ${code}: 127.0.0.1`), 50, 1_100);
    assert.match(refusal?.message ?? '', new RegExp(`^50 doors .*${code}`));
  }
});

test('anything else stays what it was', () => {
  for (const error of [new TypeError('not a function'), withCode('EACCES', 'listen EACCES'), 'EMFILE', undefined])
    assert.equal(asRefusal(error, 50, 1_100), undefined);
});
