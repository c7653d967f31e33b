// Which key means what, where: everywhere, on the clients' screen, and while a filter is typed. Pure.
// A press is the character, or the name of a key that has none (`up`, `pagedown`, `C-c`); what it does is in view-state.ts.
import type { ClientsAction } from './clients-order.ts';
import { SCREENS } from './screens.ts';
import type { Action, ViewState } from './view-state.ts';

/** Whatever is on the screen, also while letters are typed. */
const ALWAYS: ReadonlyMap<string, Action> = new Map([
  ['C-c', 'quit'],
  ['C-l', 'redraw'],
]);

const ANYWHERE: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['q', 'quit'],
  ['?', 'help'],
  ['h', 'help'],
  ['p', 'pause'],
  ['l', 'logs'],
  ['e', 'report'],
  ['r', 'redraw'],
  ['escape', 'back'],
  ...SCREENS.flatMap(({ name, keys }) => keys.map((key) => [key, name] as const)),
]);

const MOVES: readonly (readonly [string, ClientsAction])[] = [
  ['up', 'up'],
  ['down', 'down'],
  ['pageup', 'page-up'],
  ['pagedown', 'page-down'],
  ['home', 'top'],
  ['end', 'bottom'],
];
const ON_CLIENTS: ReadonlyMap<string, ClientsAction> = new Map([
  ...MOVES,
  ['s', 'sort'],
  ['S', 'reverse'],
  ['/', 'filter'],
]);
const WHILE_TYPING: ReadonlyMap<string, ClientsAction> = new Map([
  ...MOVES,
  ['enter', 'accept'],
  ['return', 'accept'],
  ['backspace', 'erase'],
  ['escape', 'clear'],
]);

/** Undefined for a key that means nothing there. */
export function actionOf(press: string, { screen, overlay, clients }: ViewState): Action | undefined {
  const always = ALWAYS.get(press);
  if (always !== undefined) return always;
  const isOnClients = screen === 'clients' && overlay === 'none';
  if (isOnClients && clients.isTyping) return WHILE_TYPING.get(press) ?? typed(press);
  return (isOnClients ? ON_CLIENTS.get(press) : undefined) ?? ANYWHERE.get(press);
}

function typed(press: string): ClientsAction | undefined {
  return Array.from(press).length === 1 ? { typed: press } : undefined;
}
