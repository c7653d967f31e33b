// The part of the summary's schema that is about agreement: kinds, counts of both sides, estimators. See summary-schema.ts.
// It adds no field and validates nothing.
import { Type } from 'typebox';
import { byErrorStatus, closed, count, maybe, number, possible, text } from './schema-parts.ts';
import { ESTIMATOR_NAMES, type Summary } from './summary.ts';

const errorStatistics = closed({
  n: count,
  bias: maybe,
  sd: maybe,
  low: maybe,
  high: maybe,
  p2_5: maybe,
  p97_5: maybe,
  absP50: maybe,
  absP95: maybe,
});

const agreementWindow = closed({
  matched: count,
  missed: count,
  spurious: count,
  deadConnection: count,
  precision: maybe,
  recall: maybe,
  startErrorMs: errorStatistics,
  inferredDurationErrorMs: Type.Optional(errorStatistics),
});
const kindAgreement = closed({
  unavailable: Type.Optional(text),
  matched: possible,
  missed: possible,
  spurious: possible,
  deadConnection: possible,
  excludedAtStop: possible,
  pending: possible,
  lateLines: possible,
  wrongKind: possible,
  precision: maybe,
  recall: maybe,
  coverage: maybe,
  startErrorMs: errorStatistics,
  inferredDurationErrorMs: Type.Optional(errorStatistics),
  window: Type.Optional(agreementWindow),
});
const estimator = closed({
  name: Type.Enum([...ESTIMATOR_NAMES]),
  status: Type.Enum(['ok', 'pending', 'unavailable', 'derived']),
  reason: Type.Optional(text),
  inputs: Type.Optional(text),
  absence: Type.Optional(text),
  knownBias: Type.Optional(text),
  reference: text,
  bytes: maybe,
  referenceBytes: maybe,
  errorRatio: maybe,
  coverage: maybe,
  requests: maybe,
  referenceRequests: maybe,
  window: Type.Optional(closed({ bytes: number, referenceBytes: number, errorRatio: maybe })),
});
const bothCounts = closed({
  parser: count,
  proxy: count,
  window: Type.Optional(closed({ parser: count, proxy: count })),
});
const totals = closed({
  lines: count,
  transfers: count,
  excludedLines: count,
  excludedTransfers: count,
  outOfUnit: count,
  droppedLines: count,
  droppedTransfers: count,
  pendingLines: count,
  pendingTransfers: count,
});
const agreement = closed({
  segment: kindAgreement,
  playlist: kindAgreement,
  init: kindAgreement,
  key: kindAgreement,
  other: kindAgreement,
  unit: Type.Optional(Type.Enum(['request', 'hls-request', 'mixed'])),
  totals: Type.Optional(totals),
  httpErrors: Type.Optional(byErrorStatus(bothCounts)),
  retries: Type.Optional(bothCounts),
  estimators: Type.Array(estimator),
});

export const agreementSchema: Type.TUnsafe<Summary['agreement']> = agreeing<typeof agreement>(agreement);

/** Does not compile when something valid here would be no agreement: a field missing, or of another type. */
function agreeing<Schema extends Type.TSchema>(
  schema: Type.Static<Schema> extends Summary['agreement'] ? Schema : never,
): Type.TUnsafe<Summary['agreement']> {
  return Type.Unsafe<Summary['agreement']>(schema);
}
