// Why an HTTP error that a server sent is not in a log. It takes one status at a time and adds up to the difference, always.
import type { TransferEvent } from '../events.ts';
import { HIGHEST_ERROR_STATUS } from '../stats/status-codes.ts';
import type { Attempts } from './analyze-attempts.ts';
import type { LogSigns, Statement } from './analyze-material.ts';
import type { ReasonCode } from './analyze-reasons.ts';
import { isMetChallenge } from './analyze-request-reasons.ts';
import { hasDetail } from './analyze-signs.ts';

export interface ErrorsInput {
  readonly statements: readonly Statement[];
  readonly signs: LogSigns | undefined;
  readonly attempts: Attempts;
}

/** `said` and `answers`: what the log and the truth have of one status. */
export function reasonsOfErrors(
  said: number,
  answers: readonly TransferEvent[],
  input: ErrorsInput,
): ReadonlyMap<ReasonCode, number> {
  const { attempts, statements, signs } = input;
  const { requests } = attempts.pairs;
  const parts = new Map<ReasonCode, number>();
  let missing = answers.length - said;
  const take = (reason: ReasonCode, atMost: number): void => {
    const count = Math.min(missing, atMost);
    if (count <= 0) return;
    missing -= count;
    parts.set(reason, -count);
  };
  const next = new Map(requests.map((request, at) => [request, requests[at + 1]]));
  take('noErrorStatus', answers.filter(({ status = 0 }) => status > HIGHEST_ERROR_STATUS).length);
  take('authChallenge', answers.filter((answer) => isMetChallenge(answer, next.get(answer))).length);
  const hasErrors = statements.some(({ fact }) => fact.rule === 'http-error');
  if (signs === undefined && !hasErrors) take('notStated', missing);
  if (signs !== undefined && !hasDetail(signs, 'warning')) take('noErrorLines', missing);
  take('logCutOff', answers.filter((answer) => attempts.cutOff.has(answer)).length);
  take('unreadAnswer', answers.filter((answer) => isUnread(answer, input)).length);
  if (missing !== 0) parts.set('unexplained', -missing);
  return parts;
}

/** FFmpeg waits for each answer before it asks further, so that only the last one can be unread. */
function isUnread(answer: TransferEvent, { attempts, signs }: ErrorsInput): boolean {
  if (signs === undefined || (signs.hasEnd && !signs.wasEnded)) return false;
  const { lines, requests, requestOf } = attempts.pairs;
  const last = lines.at(-1);
  if (last === undefined) return answer === requests.at(-1);
  return answer === requestOf.get(last) && !last.following.some(({ fact }) => fact.rule === 'http-error');
}
