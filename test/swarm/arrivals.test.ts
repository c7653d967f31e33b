// When chunks of clients are read: with a clock that is set by hand, chunks of every size, and readers that lead back or fail.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { seededRandom } from '../../src/random.ts';
import { Arrivals, type ChunkReader } from '../../src/swarm/arrivals.ts';
import { FEW_CLIENTS } from '../../src/swarm/reading-pause.ts';
import { until } from '../support/processes.ts';

const MANY = FEW_CLIENTS + 1;

interface Read {
  readonly text: string;
  readonly atMs: number;
}

function arrivalsOf(clients: number): {
  readonly arrivals: Arrivals;
  readonly reader: ChunkReader;
  readonly reads: Read[];
  say(text: string, atMs: number): void;
} {
  const time = { ms: 0 };
  const arrivals = new Arrivals({ nowMs: () => time.ms, wallMs: () => time.ms }, clients);
  const reads: Read[] = [];
  const reader: ChunkReader = { push: (chunk, atMs) => void reads.push({ text: chunk.toString('latin1'), atMs }) };
  const say = (text: string, atMs: number): void => {
    time.ms = atMs;
    const chunk = Buffer.from(text, 'latin1');
    arrivals.take(reader, chunk);
    // As a pipe's next read does.
    chunk.fill('!');
  };
  return { arrivals, reader, reads, say };
}

describe('what arrives', () => {
  test('of few clients is read at once', () => {
    const { reads, say } = arrivalsOf(FEW_CLIENTS);
    say('one', 1);
    assert.deepEqual(reads, [{ text: 'one', atMs: 1 }]);
  });

  test('of many waits, and is read in its order with the instant at which it came', () => {
    const { arrivals, reads, say } = arrivalsOf(MANY);
    say('one', 1);
    say('two', 2.5);
    assert.deepEqual(reads, []);
    arrivals.read();
    assert.deepEqual(reads, [
      { text: 'one', atMs: 1 },
      { text: 'two', atMs: 2.5 },
    ]);
    arrivals.read();
    assert.equal(reads.length, 2);
  });

  test('is read by itself soon, more than once', async () => {
    const { reads, say } = arrivalsOf(MANY);
    for (const text of ['one', 'two']) {
      say(text, 0);
      await until(() => reads.at(-1)?.text === text, `${text} is read`);
    }
  });

  test('is the same octets in the same order whatever comes how fast, and never waits beyond a bound', () => {
    const random = seededRandom(20);
    const { arrivals, reads, say } = arrivalsOf(MANY);
    const said: Read[] = [];
    let waitingBytes = 0;
    for (let nth = 0; nth < 3_000; nth += 1) {
      // Few are longer than all that may wait.
      const longest = random.next() < 0.01 ? 400_000 : 3_000;
      const text = String.fromCharCode(97 + (nth % 26)).repeat(Math.floor(random.next() * longest));
      said.push({ text, atMs: nth });
      say(text, nth);
      if (random.next() < 0.02) arrivals.read();
      const waiting = said.slice(reads.length);
      waitingBytes = waiting.reduce((sum, one) => sum + one.text.length, 0);
      assert.ok(waiting.length <= 256 && waitingBytes <= 262_144, `${waiting.length} wait, ${waitingBytes} octets`);
    }
    arrivals.read();
    assert.deepEqual(reads, said);
  });
});

describe('a reader', () => {
  test('that leads to another reading has the rest read in order, nothing twice', () => {
    const { arrivals, reads, say } = arrivalsOf(MANY);
    const leading: ChunkReader = {
      push(chunk, atMs) {
        arrivals.read();
        reads.push({ text: `led by ${chunk.toString()}`, atMs });
      },
    };
    say('one', 1);
    arrivals.take(leading, Buffer.from('two'));
    say('three', 3);
    arrivals.read();
    say('four', 4);
    arrivals.read();
    assert.deepEqual(
      reads.map(({ text }) => text),
      ['one', 'three', 'led by two', 'four'],
    );
  });

  test('that fails takes nothing of the others along', () => {
    const { arrivals, reads, say } = arrivalsOf(MANY);
    const failing: ChunkReader = {
      push() {
        throw new Error('a mistake of ours');
      },
    };
    arrivals.take(failing, Buffer.from('one'));
    say('two', 2);
    assert.throws(() => arrivals.read(), /a mistake of ours/);
    arrivals.read();
    assert.deepEqual(reads, [{ text: 'two', atMs: 2 }]);
  });
});
