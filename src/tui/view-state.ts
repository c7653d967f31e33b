// What the person at the screen asked to see, and what an action does to that. Pure.
// It knows no key (keys.ts) and draws nothing (view.ts).
import type { ClientRow } from '../stats/summary.ts';
import { type ClientsAction, type ClientsView, INITIAL_CLIENTS_VIEW, nextClientsView } from './clients-order.ts';
import { tableRoom } from './clients-screen.ts';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** In the order of their keys; the panels in short are the first. */
export const SCREEN_NAMES = ['overview', 'clients', 'agreement', 'errors', 'origin', 'performance'] as const;
export type ScreenName = (typeof SCREEN_NAMES)[number];

/** While `isPaused` the caller hands in the same snapshot again. */
export interface ViewState {
  readonly screen: ScreenName;
  readonly overlay: 'none' | 'help' | 'logs';
  readonly isPaused: boolean;
  readonly clients: ClientsView;
  /** The last log lines, oldest first. */
  readonly logLines: readonly string[];
  /** What became of the last wish, for a while. */
  readonly notice: Notice | undefined;
}

export interface Notice {
  readonly text: string;
  readonly isFailure: boolean;
}

/** What a key means. */
export type Action = 'quit' | 'redraw' | 'report' | 'help' | 'logs' | 'pause' | 'back' | ScreenName | ClientsAction;

/** What is on the screen when a key is pressed: rows of the snapshot, and the room between the frame's lines. */
export interface Seen {
  readonly clients: readonly ClientRow[];
  readonly body: Size;
}

export const INITIAL_VIEW_STATE: ViewState = {
  screen: 'overview',
  overlay: 'none',
  isPaused: false,
  clients: INITIAL_CLIENTS_VIEW,
  logLines: [],
  notice: undefined,
};

/** The state after an action; `quit`, `redraw` and `report` are the caller's to act upon and change nothing here. */
export function nextState(state: ViewState, action: Action, seen: Seen): ViewState {
  switch (action) {
    case 'quit':
    case 'redraw':
    case 'report':
      return state;
    case 'help':
    case 'logs':
      return { ...state, overlay: state.overlay === action ? 'none' : action };
    case 'pause':
      return { ...state, isPaused: !state.isPaused };
    case 'back':
      return afterBack(state);
    default:
      if (isScreenName(action)) return { ...state, overlay: 'none', screen: action };
      return { ...state, clients: nextClientsView(state.clients, action, seen.clients, tableRoom(seen.body)) };
  }
}

/** One step at a time: the overlay, the filter, the chosen client, the screen. */
function afterBack(state: ViewState): ViewState {
  const { overlay, screen, clients } = state;
  if (overlay !== 'none') return { ...state, overlay: 'none' };
  if (screen === 'clients' && clients.filter !== '') return { ...state, clients: { ...clients, filter: '' } };
  if (screen === 'clients' && clients.chosen !== undefined)
    return { ...state, clients: { ...clients, chosen: undefined } };
  return { ...state, screen: 'overview' };
}

function isScreenName(action: Exclude<Action, 'quit'>): action is ScreenName {
  return (SCREEN_NAMES as readonly unknown[]).includes(action);
}
