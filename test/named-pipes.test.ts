// Pipes with names: how many there are, who gets them again, and what is left of them.
import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, test } from 'node:test';
import { makeNamedPipes, NamedPipes } from '../src/named-pipes.ts';
import { requirement } from './support/require.ts';

describe('named pipes', { skip: requirement('mkfifo') }, () => {
  test('each is handed out once, for its owner alone; more are made when they run out', async () => {
    using pipes = await NamedPipes.open(2, Date.now());
    const taken = [...(await pipes.take(2)), ...(await pipes.take(3))];
    const both = await Promise.all([pipes.take(40), pipes.take(40)]);
    const all = [...taken, ...both.flat()];
    assert.equal(new Set(all).size, 85);
    for (const path of all) {
      const { mode } = statSync(path);
      assert.equal((mode & 0o777).toString(8), '600');
      assert.ok(statSync(path).isFIFO());
    }
  });

  test('one that was given back comes again, one that was dropped is gone', async () => {
    using pipes = await NamedPipes.open(2, Date.now());
    const [one = '', other = ''] = await pipes.take(2);
    pipes.drop(other);
    assert.equal(existsSync(other), false);
    pipes.giveBack(one);
    assert.deepEqual(await pipes.take(1), [one]);
  });

  test('none are left when they are not needed any more, and giving back late harms nobody', async () => {
    const pipes = await NamedPipes.open(3, Date.now());
    const [path = ''] = await pipes.take(1);
    pipes[Symbol.dispose]();
    assert.equal(existsSync(dirname(path)), false);
    pipes.giveBack(path);
    pipes.drop(path);
  });

  test('none is taken where none is asked for', async () => {
    using pipes = await NamedPipes.open(1, Date.now());
    assert.deepEqual(await pipes.take(0), []);
    assert.equal((await pipes.take(1)).length, 1);
  });

  test('what the system says against it is the reason', async () => {
    await assert.rejects(makeNamedPipes(['/no/such/folder/pipe']), /^Error: mkfifo: .*\/no\/such\/folder\/pipe/);
  });
});
