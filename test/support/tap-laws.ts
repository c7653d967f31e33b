// The laws that hold for all that a tap says, whatever the traffic was: MEASURING sections 2 and 3.
// It is an oracle of its own: it sums records and compares with the meters of each batch; nothing of src/stats is used.
import assert from 'node:assert/strict';
import { type BatchEvent, type ConnectionEvent, type Event, KINDS, type TransferEvent } from '../../src/events.ts';
import type { Tap } from '../../src/proxy/tap.ts';
import { OPEN_BYTES } from '../../src/proxy/tap-core.ts';

const TOLERANCE_MS = 1e-6;
const SUMMED_BYTES = [...OPEN_BYTES, 'deliveredBytes'] as const;
type SummedBytes = (typeof SUMMED_BYTES)[number];

/** Phases sum to the total, bytes and times are sane, and the bug code is not there. */
export function checkTransfer(transfer: TransferEvent): void {
  const name = nameOf(transfer);
  const phases = Object.entries(transfer.phases);
  const sum = phases.reduce((total, [, ms]) => total + ms, 0);
  assert.ok(Math.abs(sum - transfer.totalMs) < TOLERANCE_MS, `${name}: phases sum to ${sum} of ${transfer.totalMs} ms`);
  assert.ok(
    phases.every(([, ms]) => ms >= 0),
    `${name}: a phase is negative: ${JSON.stringify(transfer.phases)}`,
  );
  assert.notEqual(transfer.termination, 'ID', name);
  const { responseHeadBytes, interimHeadBytes, framingBytes, contentBytes, deliveredBytes } = transfer;
  const responseBytes = responseHeadBytes + interimHeadBytes + framingBytes + contentBytes;
  assert.ok(deliveredBytes <= responseBytes, `${name}: delivered ${deliveredBytes} of ${responseBytes}`);
  if (transfer.termination !== '--') return;
  assert.equal(deliveredBytes, responseBytes, `${name}: complete, so all of it was delivered`);
  assert.notEqual(transfer.integrity, 'short', `${name}: complete, so nothing is short`);
}

/** Every batch balances, each transfer ended once, and what the last batch leaves open is nothing. */
export function checkLedger(events: readonly Event[], workers: number): void {
  for (let worker = 0; worker < workers; worker += 1) checkWorker(eventsOf(events, worker, workers), worker);
}

/** The live meters of a tap with nothing open: content has its final kinds, and each door its own share. */
export function checkMeters(events: readonly Event[], tap: Tap): void {
  const transfers = events.filter((event) => event.type === 'transfer');
  const { contentBytesByKind } = tap.meters();
  for (const kind of [...KINDS, 'open'] as const) {
    const ofKind = transfers.filter((transfer) => transfer.kind === kind);
    assert.equal(contentBytesByKind[kind], sum(ofKind, 'contentBytes'), `live content of kind ${kind}`);
  }
  for (const client of tap.ports.keys()) {
    const own = transfers.filter((transfer) => transfer.client === client);
    assert.equal(tap.door(client)?.get('contentBytes'), sum(own, 'contentBytes'), `live content of door ${client}`);
    assert.equal(tap.door(client)?.get('openTransfers'), 0, `open transfers of door ${client}`);
  }
}

/** Workers number their connections in residue classes (0: one that clients share); a batch names its worker. */
function eventsOf(events: readonly Event[], worker: number, workers: number): readonly Event[] {
  return events.filter((event) => {
    if (event.type === 'batch') return event.worker === worker;
    if (!('connection' in event)) return false;
    const number = event.type === 'connection' && event.connection === 0 ? event.upstreamConnection : event.connection;
    return ((number ?? 0) - 1) % workers === worker;
  });
}

function checkWorker(events: readonly Event[], worker: number): void {
  const transfers: TransferEvent[] = [];
  const connections: ConnectionEvent[] = [];
  // Added up as they come: thousands of transfers in hundreds of batches.
  const ended = new Map<SummedBytes, number>();
  let last: BatchEvent | undefined;
  for (const event of events) {
    if (event.type === 'transfer') {
      transfers.push(event);
      for (const name of SUMMED_BYTES) ended.set(name, (ended.get(name) ?? 0) + event[name]);
    }
    if (event.type === 'connection') connections.push(event);
    if (event.type !== 'batch') continue;
    last = event;
    checkBatch(event, transfers.length, ended);
  }
  const keys = new Set(transfers.map(nameOf));
  assert.equal(keys.size, transfers.length, `worker ${worker}: a transfer ended twice`);
  if (last !== undefined) checkEnd(last, transfers, connections);
}

function checkBatch(
  { meters, atMs, lostRecords }: BatchEvent,
  transfers: number,
  ended: ReadonlyMap<SummedBytes, number>,
): void {
  for (const name of OPEN_BYTES) {
    const open = meters[`open${name.charAt(0).toUpperCase()}${name.slice(1)}`] ?? Number.NaN;
    assert.equal(meters[name], (ended.get(name) ?? 0) + open, `batch at ${atMs}: ${name} (${open} open)`);
  }
  const { deliveredBytes, openTransfers = Number.NaN } = meters;
  assert.equal(deliveredBytes, ended.get('deliveredBytes') ?? 0, `batch at ${atMs}: deliveredBytes`);
  assert.equal(meters['transfers'], transfers + openTransfers, `batch at ${atMs}: transfers`);
  assert.equal(lostRecords, 0);
}

function checkEnd(
  { meters }: BatchEvent,
  transfers: readonly TransferEvent[],
  connections: readonly ConnectionEvent[],
): void {
  for (const name of ['openTransfers', 'openConnections', 'openUpstreamConnections'])
    assert.equal(meters[name], 0, `${name} at the end`);
  const dialled = connections.filter(({ upstreamConnection }) => upstreamConnection !== undefined);
  assert.equal(meters['upstreamConnections'], dialled.length, 'one record for each upstream connection');
  const idle = connections.filter(
    ({ upstreamConnection, requests }) => upstreamConnection === undefined && requests === 0,
  );
  assert.equal(meters['idleConnections'], idle.length, 'one record for each connection without a request');
  for (const name of ['readBytes', 'writtenBytes', 'excessBytes'] as const)
    assert.equal(meters[name], sum(connections, name), `${name} of all connections`);
  assert.equal(meters['writtenBytes'], sum(transfers, 'requestHeadBytes') + sum(transfers, 'requestBodyBytes'));
  for (const connection of connections)
    assert.equal(connection.imbalanceBytes, 0, `imbalance of upstream ${connection.upstreamConnection}`);
}

function sum<Name extends string>(records: readonly { readonly [Key in Name]: number }[], name: Name): number {
  return records.reduce((total, record) => total + record[name], 0);
}

function nameOf({ connection, requestIndex, termination, url }: TransferEvent): string {
  return `transfer ${connection}/${requestIndex} (${termination} ${url})`;
}
