// Who played when, by the text of the drawing: a bar per process where it belongs, failures marked, a bound on the lanes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lanes, MAX_LANES } from '../../src/report/html-lanes.ts';
import type { ProcessLife } from '../../src/stats/timeline.ts';
import { elementsOf, type HtmlElement, textOf } from './html-text.ts';

const life = (client: number, process: number, startSeconds: number, end?: Partial<ProcessLife>): ProcessLife => ({
  ...{ client, process, startSeconds },
  ...end,
});

function drawn(lives: readonly ProcessLife[], untilSeconds: number): readonly HtmlElement[] {
  const markup = lanes(lives, untilSeconds);
  assert.ok(markup !== undefined);
  return elementsOf(markup.text);
}

const number = (element: HtmlElement | undefined, name: string): number => Number(element?.attributes.get(name));

test('a bar begins and ends where its process did, on the lane of its client', () => {
  const elements = drawn([life(1, 1, 0), life(2, 1, 30, { endSeconds: 45, category: 'success' })], 60);
  const [first, second] = elements.filter(({ name }) => name === 'rect');
  const whole = number(first, 'width');
  assert.deepEqual([first?.attributes.get('class'), second?.attributes.get('class')], ['stopped', 'success']);
  assert.ok(Math.abs(number(second, 'x') - number(first, 'x') - whole / 2) < 0.2);
  assert.ok(Math.abs(number(second, 'width') - whole / 4) < 0.2);
  assert.ok(number(second, 'y') > number(first, 'y'));
});

test('a process that failed has a mark at its end and says what happened; one that was stopped has none', () => {
  const failed = lanes([life(1, 1, 0, { endSeconds: 10, category: 'playlistLost' }), life(1, 2, 11)], 60)?.text ?? '';
  const marks = elementsOf(failed).filter(({ attributes }) => attributes.get('class') === 'end');
  assert.equal(marks.length, 1);
  assert.match(textOf(failed), /client 1, process 1: 0:00 to 0:10, playlistLost/);
  assert.match(textOf(failed), /client 1, process 2: 0:11 to 1:00, to the end of the run/);
});

test('of many clients those with most processes have a lane, in the order of their numbers', () => {
  const many = Array.from({ length: 200 }, (_, at) => life(at + 1, 1, 0));
  const text = lanes([...many, life(150, 2, 5), life(77, 2, 5), life(77, 3, 9)], 3_700)?.text ?? '';
  const names = [...text.matchAll(/text-anchor="end">(\d+)</g)].map(([, name]) => Number(name));
  assert.equal(names.length, MAX_LANES);
  assert.ok(names.includes(150) && names.includes(77) && !names.includes(MAX_LANES));
  assert.deepEqual(
    names,
    names.toSorted((one, other) => one - other),
  );
  assert.match(text, /aria-label="200 clients, 2 of them with more than one process"/);
  assert.match(text, />1:00:00</);
});

test('without a process or without time there is no drawing', () => {
  assert.equal(lanes([], 60), undefined);
  assert.equal(lanes([life(1, 1, 0)], 0), undefined);
});
