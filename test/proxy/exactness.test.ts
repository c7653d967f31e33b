// 200 clients that leave at random moments and 200 origins that reset at random moments: the account of every transfer is
// what the sockets of both sides say. Exactly, but for `deliveredBytes`: an upper bound of what the client read, and not
// more than what was read for it. The seed is in every message.
import assert from 'node:assert/strict';
import type { ConnectionEvent, Termination, TransferEvent } from '../../src/events.ts';
import { type Random, seededRandom } from '../../src/random.ts';
import type { RawClient } from '../support/raw-client.ts';
import { type RecordedConnection, reset, ScriptedOrigin } from '../support/scripted-origin.ts';
import { onBothThreads, request, type TapBench } from '../support/tap.ts';
import { type Answer, counted, headEnd, inPieces, randomAnswer } from './exactness/traffic.ts';

const PLAYERS = 200;
const DOORS = 8;
const MOST_REQUESTS = 3;
const LONGEST_STAY_MS = 60;
const SEED = 20_261_121;

/** A client, what it asks and what it gets if nobody leaves. */
interface Player {
  readonly name: string;
  readonly index: number;
  readonly answers: readonly Answer[];
  readonly client: RawClient;
  /** Its requests as they arrive at the origin, one after the other. */
  readonly arrives: readonly string[];
}

/** What one player's connection came to, as the tap and as its sockets say. */
interface Outcome {
  readonly player: Player;
  readonly transfers: readonly TransferEvent[];
  readonly upstream: ConnectionEvent;
  /** Absent when a reset overtook its accepting. */
  readonly origin: RecordedConnection | undefined;
}

async function clientsLeave(bench: TapBench): Promise<void> {
  const random = seededRandom(SEED);
  const all = Array.from({ length: PLAYERS }, (_, index) => randomAnswers(random, index));
  await using origin = await ScriptedOrigin.start(({ target }) =>
    inPieces(random.fork(target), answerTo(all, target).octets),
  );
  const players = await Promise.all(
    all.map(async (answers, index) => {
      const moments = random.fork(`player ${index}`);
      const player = await begin(bench, origin, index, answers, moments.next() < 0.5);
      await leave(player, moments);
      return player;
    }),
  );
  const seen = await outcomes(bench, origin, players);
  for (const outcome of seen) {
    assert.equal(outcome.upstream.closedBy, 'client', outcome.player.name);
    checkOctets(outcome);
    checkCodes(outcome, ({ isSent, isWhole, hasHead }) => {
      if (!isSent) return 'CC';
      return isWhole ? 'CL' : hasHead ? 'CD' : 'CH';
    });
  }
  checkVariety(seen, ['--', 'CH', 'CD', 'CQ']);
}

async function originsReset(bench: TapBench): Promise<void> {
  const random = seededRandom(SEED + 1);
  const all = Array.from({ length: PLAYERS }, (_, index) => randomAnswers(random, index));
  // Where in its stream of answers an origin resets: also before the first octet, also after the last.
  const ends = all.map((answers) => Math.floor(random.between(-0.1, 1.1) * lengthOf(answers)));
  await using origin = await ScriptedOrigin.start(({ target }) => {
    const [index, position] = placeOf(target);
    const answers = all[index] ?? [];
    const { octets } = answerTo(all, target);
    const left = Math.max(0, (ends[index] ?? 0) - lengthOf(answers.slice(0, position)));
    const isLast = position + 1 === answers.length;
    const pieces = inPieces(random.fork(target), octets.subarray(0, left));
    return left < octets.length || isLast ? [...pieces, reset] : pieces;
  });
  const players = await Promise.all(
    all.map(async (answers, index) => {
      const player = await begin(bench, origin, index, answers, random.fork(`player ${index}`).next() < 0.5);
      await player.client.end();
      return player;
    }),
  );
  const seen = await outcomes(bench, origin, players);
  for (const outcome of seen) {
    assert.equal(outcome.upstream.closedBy, 'origin', outcome.player.name);
    checkOctets(outcome);
    checkCodes(outcome, ({ isWhole, hasHead }) => (isWhole ? '--' : hasHead ? 'SD' : 'SH'));
  }
  assert.equal(seen.length, PLAYERS);
  checkVariety(seen, ['--', 'SH', 'SD']);
}

/** Asks everything at once, or one after the other as answers become whole. */
async function begin(
  bench: TapBench,
  origin: ScriptedOrigin,
  index: number,
  answers: readonly Answer[],
  isPipelined: boolean,
): Promise<Player> {
  const asked = answers.map((_, position) => request(origin, `/${index}/${position}`));
  const client = await bench.client((index % DOORS) + 1);
  const sent = asked.map((one) => one.sent);
  if (isPipelined) await client.send(sent.join(''));
  else void askInTurn(client, sent, answers);
  const arrives = asked.map((one) => one.arrives);
  return { name: `seed ${SEED}, player ${index}`, index, answers, client, arrives };
}

async function askInTurn(client: RawClient, sent: readonly string[], answers: readonly Answer[]): Promise<void> {
  for (const [position, text] of sent.entries()) {
    await client.send(text);
    const bytes = lengthOf(answers.slice(0, position + 1));
    await client.until(({ receivedBytes, hasEnded }) => receivedBytes >= bytes || hasEnded, 'an answer or an end');
    if (client.hasEnded) return;
  }
}

/** After a random while or a random number of octets, by FIN or by reset. */
async function leave({ client, answers }: Player, random: Random): Promise<void> {
  const [byOctets, share, byReset] = [random.next() < 0.5, random.next(), random.next() < 0.5];
  if (byOctets) await client.until(({ receivedBytes }) => receivedBytes >= share * lengthOf(answers), 'its octets');
  else await new Promise((resolve) => setTimeout(resolve, share * LONGEST_STAY_MS));
  if (byReset) client.reset();
  else client.destroy();
}

/** Joined by the URL in front and by the port behind; a player whose requests were lost with its reset has none. */
async function outcomes(
  bench: TapBench,
  origin: ScriptedOrigin,
  players: readonly Player[],
): Promise<readonly Outcome[]> {
  const { transfers, connections } = await bench.account();
  await origin.waitFor(({ connections: all }) => all.every(({ closedAtMs }) => closedAtMs !== undefined));
  return players.flatMap((player) => {
    const own = transfers.filter(({ url }) => placeOf(new URL(url).pathname)[0] === player.index);
    const upstream = connections.find(
      ({ connection, upstreamConnection }) => connection === own[0]?.connection && upstreamConnection !== undefined,
    );
    if (upstream === undefined) {
      assert.equal(own.length, 0, player.name);
      return [];
    }
    const seen = origin.connections.find(({ remotePort }) => remotePort === upstream.upstreamLocalPort);
    return [{ player, transfers: own.toSorted((a, b) => a.requestIndex - b.requestIndex), upstream, origin: seen }];
  });
}

/** Bytes of each transfer, both sides' streams, and the bounds of what was under way. */
function checkOctets({ player: { name, answers, client, arrives }, transfers, upstream, origin }: Outcome): void {
  let from = 0;
  for (const [position, transfer] of transfers.entries()) {
    const answer = answers[position] ?? assert.fail(name);
    const bytes = Math.min(Math.max(0, upstream.readBytes - from), answer.octets.length);
    from += answer.octets.length;
    const { interimHeadBytes, responseHeadBytes, framingBytes, contentBytes } = transfer;
    assert.deepEqual(
      { interimHeadBytes, responseHeadBytes, framingBytes, contentBytes },
      counted(answer, bytes),
      `${name}, request ${position + 1}`,
    );
    assert.equal(transfer.status, bytes >= headEnd(answer) ? 200 : undefined, name);
    assert.ok(transfer.deliveredBytes <= bytes, `${name}: delivered ${transfer.deliveredBytes} of ${bytes} read`);
    const isSent = transfer.upstreamLocalPort !== undefined;
    assert.equal(transfer.requestHeadBytes, isSent ? arrives[position]?.length : 0, name);
    assert.equal(transfer.upstreamRequestIndex, isSent ? position + 1 : undefined, name);
  }
  const stream = Buffer.concat(answers.map(({ octets }) => octets));
  const delivered = transfers.reduce((sum, { deliveredBytes }) => sum + deliveredBytes, 0);
  assert.ok(client.received.equals(stream.subarray(0, client.receivedBytes)), `${name}: other octets arrived`);
  assert.ok(client.receivedBytes <= delivered, `${name}: ${client.receivedBytes} received of ${delivered} delivered`);
  assert.deepEqual([upstream.excessBytes, upstream.imbalanceBytes], [0, 0], name);
  checkOriginSide(name, upstream, origin, arrives);
}

function checkOriginSide(
  name: string,
  upstream: ConnectionEvent,
  origin: RecordedConnection | undefined,
  arrives: readonly string[],
): void {
  if (origin === undefined) {
    // What was written before the reset went with it.
    assert.equal(upstream.readBytes, 0, `${name}: no origin saw it`);
    return;
  }
  assert.ok(upstream.readBytes <= origin.sentBytes, `${name}: read ${upstream.readBytes} of ${origin.sentBytes} sent`);
  assert.equal(origin.received, arrives.join('').slice(0, origin.received.length), name);
  // A FIN comes after all octets, a reset may overtake them.
  if (origin.closedBy === 'client-fin') assert.equal(origin.received.length, upstream.writtenBytes, name);
  else assert.ok(origin.received.length <= upstream.writtenBytes, name);
}

interface Reached {
  readonly isSent: boolean;
  readonly hasHead: boolean;
  readonly isWhole: boolean;
}

/** Complete ones first; then the one that was ended, as far as it had come; then those that waited behind it. */
function checkCodes(
  { player: { name, answers }, transfers, upstream }: Outcome,
  ending: (reached: Reached) => Termination,
): void {
  let from = 0;
  let isOver = false;
  for (const [position, { termination, upstreamLocalPort }] of transfers.entries()) {
    const answer = answers[position] ?? assert.fail(name);
    const bytes = upstream.readBytes - from;
    from += answer.octets.length;
    const isWhole = bytes >= answer.octets.length;
    const where = `${name}, request ${position + 1} after ${bytes} octets`;
    if (isOver) assert.ok(['CQ', 'SH', 'SQ'].includes(termination), `${where}: ${termination} behind an ending`);
    else if (termination === '--') assert.ok(isWhole, where);
    else {
      const isSent = upstreamLocalPort !== undefined;
      assert.equal(termination, ending({ isSent, isWhole, hasHead: bytes >= headEnd(answer) }), where);
      isOver = true;
    }
  }
}

/** The moments were random enough to mean something. */
function checkVariety(seen: readonly Outcome[], codes: readonly Termination[]): void {
  const found = new Set(seen.flatMap(({ transfers }) => transfers.map(({ termination }) => termination)));
  for (const code of codes) assert.ok(found.has(code), `no ${code} among ${[...found].join(' ')}`);
}

function randomAnswers(random: Random, index: number): readonly Answer[] {
  const own = random.fork(`answers ${index}`);
  return Array.from({ length: 1 + Math.floor(own.next() * MOST_REQUESTS) }, (_, position) =>
    randomAnswer(own, index * MOST_REQUESTS + position),
  );
}

function answerTo(all: readonly (readonly Answer[])[], target: string): Answer {
  const [index, position] = placeOf(target);
  return all[index]?.[position] ?? assert.fail(target);
}

/** Player and request, from `/player/request`. */
function placeOf(path: string): readonly [index: number, position: number] {
  const [, index, position] = path.split('/');
  return [Number(index), Number(position)];
}

function lengthOf(answers: readonly Answer[]): number {
  return answers.reduce((sum, { octets }) => sum + octets.length, 0);
}

onBothThreads(
  'exactness',
  [
    ['200 clients that leave at random moments', clientsLeave],
    ['200 origins that reset at random moments', originsReset],
  ],
  { doors: DOORS, workers: 2 },
);
