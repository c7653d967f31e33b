// One of the last events as a line: when in the run, which client, what happened.
// It chooses none and judges only by what is written in the event.
import { LOWEST_ERROR_STATUS } from '../stats/status-codes.ts';
import type { RecentEvent, Snapshot } from '../stats/summary.ts';
import { TERMINATION_WORDS } from '../stats/termination-words.ts';
import { formatElapsed, formatMs, secondsToMs } from '../units.ts';
import { cell, cutEnd, cutMiddle, fit, type Line, padEnd, safeText, textWidth } from './cells.ts';
import { EXIT_WORDS } from './clients.ts';
import { endingLevel } from './endings.ts';
import { type Level, SHAPES } from './figures.ts';

interface Told {
  readonly level: Level;
  readonly words: string;
  /** The same where the URL needs the room. */
  readonly short?: string;
  /** Cut in its middle where it is too long. */
  readonly url?: string;
}

const TIME_WIDTH = 10;
const CLIENT_WIDTH = 13;
const MARK_WIDTH = 2;
/** Of a URL: enough for the name at its end. */
const LEAST_URL = 24;

export function eventLine(event: RecentEvent, { atMs, elapsedSeconds }: Snapshot, columns: number): Line {
  const intoRun = formatElapsed(event.atMs - (atMs - secondsToMs(elapsedSeconds)));
  const client = event.client === undefined ? '' : `client ${event.client}`;
  const { level, words, short = words, url = '' } = told(event);
  const width = columns - TIME_WIDTH - CLIENT_WIDTH;
  const isLong = MARK_WIDTH + textWidth(words) + 1 + Math.min(LEAST_URL, textWidth(url)) > width;
  const start = `${level === 'good' ? ' ' : SHAPES[level]} ${safeText(isLong ? short : words)}${url === '' ? '' : ' '}`;
  const room = Math.max(0, width - textWidth(start));
  return fit(
    [
      cell(padEnd(intoRun, TIME_WIDTH), 'dim'),
      cell(padEnd(client, CLIENT_WIDTH)),
      cell(cutEnd(start, width), level === 'good' ? 'plain' : level),
      cell(cutMiddle(safeText(url), room)),
    ],
    columns,
  );
}

function told(event: RecentEvent): Told {
  switch (event.event) {
    case 'exit': {
      const { category, reason } = event;
      const words = `exit${category === undefined ? '' : `, ${EXIT_WORDS[category]}`}`;
      const isMeant = category === 'success' || category === 'stopped';
      return { level: isMeant ? 'good' : 'warn', words: reason === undefined ? words : `${words}: ${reason}` };
    }
    case 'restart':
      return {
        level: 'good',
        words: `starts again${event.delayMs === undefined ? '' : ` in ${formatMs(event.delayMs)}`}`,
      };
    case 'transfer':
      return transferTold(event);
    case 'finding':
      return { level: 'warn', words: `${event.code}:`, url: event.subject };
  }
}

/** The status tells more than the ending of an answer that was whole. */
function transferTold(event: RecentEvent & { readonly event: 'transfer' }): Told {
  const { kind, status, termination, url, injected } = event;
  const isError = (status ?? 0) >= LOWEST_ERROR_STATUS;
  const start = [
    ...(injected === undefined ? [] : ['on purpose:']),
    ...(status === undefined || !isError ? [] : [`${status}`]),
  ];
  const ending = termination === '--' ? [] : [termination];
  const words = [...start, ...ending.map((code) => `${code} ${TERMINATION_WORDS[code]},`), kind].join(' ');
  const short = [...start, ...ending, kind].join(' ');
  // What we did to it ourselves accuses nobody.
  const level = injected === undefined ? (isError ? 'warn' : endingLevel(termination)) : 'good';
  return { level, words, short, url };
}
