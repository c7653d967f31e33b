// The last things that a person would want to hear of, as a table of the HTML report: ends of clients, failed requests, findings. Pure.
import type { RecentEvent, Snapshot } from '../stats/summary.ts';
import { TERMINATION_WORDS } from '../stats/termination-words.ts';
import { formatElapsed, formatMs, secondsToMs } from '../units.ts';
import { html, type Markup, type Piece } from './html-markup.ts';
import { details, table } from './html-parts.ts';
import { UNKNOWN } from './text-layout.ts';

/** Closed at first; nothing when nothing happened. */
export function lastEvents({ recentEvents, atMs, elapsedSeconds }: Snapshot): Markup | undefined {
  if (recentEvents.length === 0) return undefined;
  const beganAtMs = atMs - secondsToMs(elapsedSeconds);
  const columns = [{ label: 'at' }, { label: 'client' }, { label: 'what' }, { label: 'which' }];
  const rows = recentEvents.toReversed().map((event): readonly Piece[] => {
    const [what, which] = wordsOf(event);
    return [
      formatElapsed(event.atMs - beganAtMs),
      event.client ?? UNKNOWN,
      what,
      html`<span class="long">${which}</span>`,
    ];
  });
  return details(`The last ${recentEvents.length} events`, table('Newest first', columns, rows));
}

function wordsOf(event: RecentEvent): readonly [what: string, which: string] {
  switch (event.event) {
    case 'exit':
      return [`FFmpeg ended: ${event.category ?? 'unknown'}`, event.reason ?? ''];
    case 'restart':
      return ['restart planned', event.delayMs === undefined ? '' : `in ${formatMs(event.delayMs)}`];
    case 'transfer': {
      const ending = event.termination === '--' ? '' : ` ${event.termination}, ${TERMINATION_WORDS[event.termination]}`;
      const injected = event.injected === undefined ? '' : ' (on purpose)';
      return [`${event.kind} ${event.status ?? 'without an answer'}${ending}${injected}`, event.url];
    }
    case 'finding':
      return [`found: ${event.code}`, event.subject];
  }
}
