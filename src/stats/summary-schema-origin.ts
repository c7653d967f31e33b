// The parts of the summary's schema that are about the origin: its account and its reconciliation. See summary-schema.ts.
// It adds no field and validates nothing.
import { Type } from 'typebox';
import { closed, count, maybe, number, text, throughput } from './schema-parts.ts';
import type { Summary } from './summary.ts';

const origin = closed({
  available: Type.Boolean(),
  sources: Type.Array(text),
  reason: Type.Optional(text),
  bytesSource: Type.Optional(text),
  bytesSent: maybe,
  requests: maybe,
  cpuRatio: maybe,
  memoryUsedBytes: maybe,
  memoryTotalBytes: maybe,
  connections: maybe,
  networkSentBytes: maybe,
  throughput: Type.Optional(throughput),
  segmentThroughput: Type.Optional(throughput),
  rateWindow: Type.Optional(
    closed({ windowSeconds: count, n: count, bytesPerSecondP50: count, bytesPerSecondMax: count }),
  ),
  scrapeIntervalSeconds: maybe,
  collections: Type.Array(
    closed({
      source: text,
      succeeded: count,
      failed: count,
      intervalSeconds: maybe,
      reason: Type.Optional(text),
      devices: Type.Optional(Type.Array(closed({ name: text, sentBytes: count, receivedBytes: maybe }))),
      connectionStates: Type.Optional(closed({ reading: count, writing: count, waiting: count })),
      logLines: maybe,
      unusableLogLines: maybe,
    }),
  ),
});

const reconciliation = closed({
  source: Type.Optional(text),
  originBytes: maybe,
  explained: Type.Optional(
    closed({
      segmentContent: number,
      playlistContent: number,
      otherContent: number,
      responseHeads: number,
      interimHeads: number,
      framing: number,
      opaque: maybe,
      inFlight: maybe,
      ownRequests: maybe,
      tls: maybe,
      requests: maybe,
      transportEstimate: maybe,
      doorLeg: maybe,
      foreign: maybe,
    }),
  ),
  residualBytes: maybe,
  residualRatio: maybe,
  window: Type.Optional(closed({ fromMs: number, toMs: number, uncertaintyBytes: number })),
  joined: Type.Optional(
    closed({
      transfers: count,
      matched: count,
      equal: count,
      different: count,
      missingAtOrigin: count,
      missingAtProxy: count,
      aborted: count,
      outOfBounds: count,
    }),
  ),
});

export const originSchema: Type.TUnsafe<Summary['origin']> = originOf<typeof origin>(origin);
export const reconciliationSchema: Type.TUnsafe<Summary['reconciliation']> =
  reconciliationOf<typeof reconciliation>(reconciliation);

/** Neither compiles when something valid here would be none: a field missing, or of another type. */
function originOf<Schema extends Type.TSchema>(
  schema: Type.Static<Schema> extends Summary['origin'] ? Schema : never,
): Type.TUnsafe<Summary['origin']> {
  return Type.Unsafe<Summary['origin']>(schema);
}

function reconciliationOf<Schema extends Type.TSchema>(
  schema: Type.Static<Schema> extends Summary['reconciliation'] ? Schema : never,
): Type.TUnsafe<Summary['reconciliation']> {
  return Type.Unsafe<Summary['reconciliation']>(schema);
}
