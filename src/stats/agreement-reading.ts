// The summary's agreement: what pairing, the errors of both sides and the estimators say at one instant, and where none of them
// can say anything, why. It counts nothing and changes nothing.
import type { RunEvent } from '../events.ts';
import type { Accounts } from './accounts.ts';
import { kindAgreement, noAgreement, type WindowedErrors } from './agreement.ts';
import { reaches, unitOf, whyUnpaired } from './log-reach.ts';
import type { PairingReading } from './pairing.ts';
import type { EstimatorScore, KindAgreement, Summary } from './summary.ts';
import { hasTunnels } from './tunnels.ts';

type Agreement = Summary['agreement'];
type Run = Omit<RunEvent, 'type'>;

export function readAgreement(
  run: Run,
  accounts: Accounts,
  estimators: readonly EstimatorScore[],
  atMs: number,
): Agreement {
  const pairing = accounts.pairing.read();
  const { unit, totals, groups } = pairing;
  const kind = (group: keyof typeof groups, durations?: WindowedErrors): KindAgreement => {
    const reason = whyUnpaired(run, { unit, transfers: totals.transfers }, group);
    return reason === undefined ? kindAgreement(groups[group], durations) : noAgreement(reason);
  };
  const isPaired = run.isTapped && run.logLevel !== 'none';
  return {
    segment: kind('segment', accounts.durations.read(atMs)),
    playlist: kind('playlist'),
    init: kind('init'),
    key: kind('key'),
    other: kind('other'),
    ...(isPaired && unit !== undefined ? { unit } : {}),
    ...(isPaired ? { totals } : {}),
    ...readErrors(run, accounts, pairing, atMs),
    estimators: accounts.estimatorWindows.windowed(estimators),
  };
}

/** FFmpeg warns of an error status; that it asks again only a log with request lines shows. */
function readErrors(
  run: Run,
  { errors, proxy }: Accounts,
  { unit }: PairingReading,
  atMs: number,
): Pick<Agreement, 'httpErrors' | 'retries'> {
  const isUnseen = hasTunnels(run, proxy.sample?.meters['opaqueBytes'] ?? 0);
  if (!run.isTapped || isUnseen || !reaches(run.logLevel, 'warning')) return {};
  const hasRequestLines = (unit ?? unitOf(run.logLevel) ?? 'request') === 'request';
  return {
    httpErrors: errors.readErrors(atMs),
    ...(hasRequestLines ? { retries: errors.readRetries(atMs) } : {}),
  };
}
