// What an analysis works on, whatever it was read from: what a parser said, and what was really requested. Types only.
import type { Event, ParsedEvent, ParsedFact, TransferEvent } from '../events.ts';

/** One thing that a parser read out of a log, in the log's order. */
export interface Statement {
  readonly fact: ParsedFact;
  /** Unix milliseconds; for what has the times of a journal, milliseconds since the run's origin. Absent: nobody knows. */
  readonly atMs: number | undefined;
}

/** From what the statements have their times: the octets' arrival, FFmpeg's own stamps, the journal, or the truth's order. */
export type TimeSource = 'arrivals' | 'stamps' | 'journal' | 'events' | 'order' | 'none';

/** The level that a log was written at, as far as its lines tell; each has all lines of those before it. */
export type Detail = 'none' | 'warning' | 'info' | 'verbose' | 'debug';

/** What a log says of itself. Instants are those of its first and last line, where it has any. */
export interface LogSigns {
  readonly detail: Detail;
  /** It has the first words of its process. */
  readonly hasBegin: boolean;
  /** It has the last words of its process. */
  readonly hasEnd: boolean;
  /** These say that FFmpeg was told to leave. */
  readonly wasEnded: boolean;
  readonly firstAtMs?: number;
  readonly lastAtMs?: number;
}

export interface Candidate {
  readonly name: 'parser' | 'events';
  readonly statements: readonly Statement[];
  readonly timeSource: TimeSource;
  /** Absent for events: whoever made them saw the log, we did not. */
  readonly signs?: LogSigns;
  /** Segment octets that the candidate says it counted; absent when it says nothing of the kind. */
  readonly segmentBytes?: number;
  readonly lines: number;
  readonly unparsedLines: number;
  readonly overlongLines: number;
}

/** What was requested. Instants are on one axis with the statements' (see `Statement`). */
export interface Reference {
  readonly source: 'truth' | 'journal';
  readonly client: number;
  readonly process: number;
  readonly transfers: readonly TransferEvent[];
  /** false: no row says what it was, so kinds are our own reading of names. */
  readonly hasKinds: boolean;
  /** CONNECTs: what passed through them is not among the transfers. */
  readonly tunnels: number;
  /** A journal's further records of that client, and of the run. */
  readonly context: readonly Event[];
  /** A journal's own reading of the same log. */
  readonly parsed: readonly ParsedEvent[];
  /** Unix milliseconds of instant 0; 0 when instants are Unix milliseconds. */
  readonly zeroWallMs: number;
}
