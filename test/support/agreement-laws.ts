// What must hold between tap and parser where the truth is known: each law that does not, in words. Empty = all hold.
// Shared by the tests and `npm run verify:agreement`; it runs nothing.
import { createDecipheriv } from 'node:crypto';
import type { TransferEvent } from '../../src/events.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { FAULTY_SEGMENTS } from './agreement-runs.ts';
import { broken } from './laws.ts';

/** A share of lookups that found a size. */
export const LEAST_LOOKUP_SHARE = 0.99;
export const MOST_START_ERROR_MS = 5;

export function estimator(summary: Summary, name: string): Summary['agreement']['estimators'][number] | undefined {
  return summary.agreement.estimators.find((score) => score.name === name);
}

export function pairingProblems({ agreement, instrument }: Summary): readonly string[] {
  const { precision, recall, matched = 0 } = agreement.segment;
  return broken([
    [matched > 0, 'no segment was matched'],
    [precision === 1 && recall === 1, `segments: precision ${precision}, recall ${recall}`],
    [instrument.ledgerImbalanceBytes === 0, `the ledger is out of balance by ${instrument.ledgerImbalanceBytes} bytes`],
  ]);
}

/** Live, no faults. */
export function liveProblems(summary: Summary): readonly string[] {
  const { attempts = 0, successes = 0 } = summary.parser.lookup ?? {};
  const { absP95 } = summary.agreement.segment.startErrorMs;
  return [
    ...pairingProblems(summary),
    ...broken([
      [attempts > 0 && successes / attempts >= LEAST_LOOKUP_SHARE, `lookup found ${successes} of ${attempts}`],
      [absP95 !== undefined && absP95 <= MOST_START_ERROR_MS, `start error p95 ${absP95} ms`],
      [summary.agreement.retries?.parser === 0, `${summary.agreement.retries?.parser} retries without a fault`],
    ]),
  ];
}

/** A finished stream, played to ENDLIST by `clients`; `paddingBytes` of all its segments together. */
export function finishedProblems(summary: Summary, clients: number, paddingBytes: number): readonly string[] {
  const { bytes = 0, referenceBytes = 0, status } = estimator(summary, 'statistics') ?? {};
  return [
    ...pairingProblems(summary),
    ...broken([
      [summary.clients.exits.success === clients, `exits ${JSON.stringify(summary.clients.exits)}`],
      [status === 'ok', `statistics is ${status}`],
      [referenceBytes > 0, 'nothing was carried'],
      [
        bytes - referenceBytes === -clients * paddingBytes,
        `statistics ${bytes} - ${referenceBytes}, padding ${clients} x ${paddingBytes}`,
      ],
    ]),
  ];
}

/** A process that was stopped had received what it never read. */
export function stoppedProblems(summary: Summary): readonly string[] {
  const { bytes = 0, referenceBytes = 0, reason = '' } = estimator(summary, 'statistics') ?? {};
  const unread = referenceBytes - bytes;
  return broken([
    [unread >= 0, `statistics says ${-unread} bytes more than were carried`],
    [unread === 0 || reason.includes(`${unread} bytes unread`), `${unread} bytes unread, said: ${reason}`],
  ]);
}

/** Every fault of `faultyLive`, in the tap's records, in the parser's account and in their agreement. */
export function faultProblems(
  { parser, agreement, findings }: Summary,
  transfers: readonly TransferEvent[],
  clients: number,
): readonly string[] {
  const { missing, unavailable, reset, truncated, slow } = FAULTY_SEGMENTS;
  const of = (index: number): readonly TransferEvent[] =>
    transfers.filter(({ url, process }) => process > 0 && url.endsWith(`/seg${index}.ts`));
  const ended = (index: number, termination: string): boolean =>
    of(index).filter((one) => one.termination === termination && one.integrity === 'short').length === clients;
  const answered = (index: number, status: number): number => of(index).filter((one) => one.status === status).length;
  const [missed, refused] = [answered(missing, 404), answered(unavailable, 503)];
  const { httpErrors = {}, retries } = agreement;
  return broken([
    [missed >= clients, `${missed} answers of 404`],
    [refused === 2 * clients, `${refused} answers of 503`],
    [ended(reset, 'SD'), `the reset segment ended ${of(reset).map(({ termination }) => termination)}`],
    [ended(truncated, 'SD'), `the truncated segment ended ${of(truncated).map(({ termination }) => termination)}`],
    [of(slow).some(({ phases }) => (phases.waitMs ?? 0) >= 690), 'the slow segment did not wait'],
    [parser.httpErrors?.['404'] === missed && parser.httpErrors['503'] === refused, JSON.stringify(parser.httpErrors)],
    [
      (parser.events?.['premature-end'] ?? 0) >= clients,
      `${parser.events?.['premature-end']} premature ends in the log`,
    ],
    [isEqual(httpErrors['404'], missed) && isEqual(httpErrors['503'], refused), JSON.stringify(httpErrors)],
    [retries !== undefined && retries.parser === retries.proxy && retries.proxy > 0, JSON.stringify(retries)],
    [(agreement.segment.deadConnection ?? 0) >= clients, `${agreement.segment.deadConnection} dead connections`],
    [findings.some(({ code }) => code === 'segment-missing'), 'the missing segment was not said'],
    [findings.some(({ code }) => code === 'playlist-stalled'), 'the frozen playlist was not said'],
  ]);
}

/** What AES-128 added to the segments of a stream: 1 to 16 octets each. */
export function paddingOf(files: ReadonlyMap<string, Buffer>): number {
  const key = files.get('/key.bin');
  if (key === undefined || files.get('/stream.m3u8')?.includes('AES-128') !== true) return 0;
  let padding = 0;
  for (let index = 0; ; index += 1) {
    const octets = files.get(`/seg${index}.ts`);
    if (octets === undefined) return padding;
    const vector = Buffer.alloc(16);
    vector.writeUInt32BE(index, 12);
    const decipher = createDecipheriv('aes-128-cbc', key, vector);
    padding += octets.length - Buffer.concat([decipher.update(octets), decipher.final()]).length;
  }
}

function isEqual(both: { readonly parser: number; readonly proxy: number } | undefined, truth: number): boolean {
  return both?.parser === truth && both.proxy === truth;
}
