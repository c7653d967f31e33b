// What keys mean where, and what they change: screens, overlays, the filter that is being typed, one step back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionOf } from '../../src/tui/keys.ts';
import { SCREENS } from '../../src/tui/screens.ts';
import { INITIAL_VIEW_STATE, nextState, SCREEN_NAMES, type ViewState } from '../../src/tui/view-state.ts';
import { makeClientRow } from '../support/snapshot-parts.ts';

const SEEN = { clients: [1, 2, 3].map((client) => makeClientRow(client)), body: { columns: 80, rows: 20 } };

/** The state after these presses. */
function after(...presses: readonly string[]): ViewState {
  return presses.reduce((state, press) => {
    const action = actionOf(press, state);
    return action === undefined ? state : nextState(state, action, SEEN);
  }, INITIAL_VIEW_STATE);
}

test('Overlays toggle, back closes them first, pause pauses; quit and redraw are the caller’s.', () => {
  assert.equal(after('?').overlay, 'help');
  assert.equal(after('h', '?').overlay, 'none');
  assert.equal(after('?', 'l').overlay, 'logs');
  assert.equal(after('l', 'escape').overlay, 'none');
  assert.equal(after('p').isPaused, true);
  assert.deepEqual(after('p', 'p', 'q', 'r', 'C-c', 'C-l', 'x', 'up', '9'), INITIAL_VIEW_STATE);
  assert.deepEqual(after('3', 'l', 'escape'), { ...INITIAL_VIEW_STATE, screen: 'agreement' });
});

test('Every screen has a key of its own, and only those that exist have one.', () => {
  assert.deepEqual(
    SCREENS.map(({ name }) => name),
    SCREEN_NAMES,
  );
  for (const { name, keys } of SCREENS) {
    for (const key of keys) assert.equal(after('?', key).screen, name);
    assert.equal(after(keys[0], 'escape').screen, 'overview');
  }
  for (const key of ['0', '7', '9']) assert.equal(actionOf(key, INITIAL_VIEW_STATE), undefined);
});

test('Keys of the clients’ screen mean something there only, and not below an overlay.', () => {
  for (const press of ['s', 'S', '/', 'up', 'end']) {
    assert.equal(actionOf(press, INITIAL_VIEW_STATE), undefined);
    assert.notEqual(actionOf(press, after('2')), undefined);
    assert.equal(actionOf(press, after('2', '?')), undefined);
  }
});

test('While a filter is typed every letter is a letter, except what ends the run or draws again.', () => {
  const typing = after('2', '/', 'q', ' ', '2', 'é', 's', '/');
  assert.deepEqual([typing.clients.filter, typing.clients.isTyping, typing.screen], ['q 2és/', true, 'clients']);
  assert.equal(actionOf('C-c', typing), 'quit');
  assert.equal(actionOf('f5', typing), undefined);
  assert.equal(after('2', '/', 'a', 'b', 'backspace', 'backspace', 'backspace', 'c').clients.filter, 'c');
  assert.deepEqual(after('2', '/', 'a', 'enter', 'return', '3').clients, {
    ...INITIAL_VIEW_STATE.clients,
    filter: 'a',
  });
  assert.deepEqual(after('2', '/', 'a', 'escape'), { ...INITIAL_VIEW_STATE, screen: 'clients' });
  assert.equal(after('2', '/', ...'x'.repeat(99)).clients.filter.length, 32);
});

test('Back goes one step at a time: help, filter, chosen client, screen.', () => {
  const deep = ['2', '/', '1', 'enter', 'down', '?'];
  const seen = (...presses: readonly string[]): unknown[] => {
    const { overlay, clients, screen } = after(...deep, ...presses);
    return [overlay, clients.filter, clients.chosen, screen];
  };
  const back = 'escape';
  assert.deepEqual(seen(), ['help', '1', 1, 'clients']);
  assert.deepEqual(seen(back), ['none', '1', 1, 'clients']);
  assert.deepEqual(seen(back, back), ['none', '', 1, 'clients']);
  assert.deepEqual(seen(back, back, back), ['none', '', undefined, 'clients']);
  assert.deepEqual(seen(back, back, back, back), ['none', '', undefined, 'overview']);
});
