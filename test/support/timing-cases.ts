// Transfers whose every instant is known, because the origin, the client or the resolver noted what it did when it did it: what
// the tap says of a phase beside what it was. It judges nothing; the test and `npm run bench:timing` do, each with its bounds.
import { setTimeout as pause } from 'node:timers/promises';
import type { Phases, TransferEvent } from '../../src/events.ts';
import { ACCEPTED_AT, startLateListener } from './late-listener.ts';
import { knownOctets, responseHead, withLength } from './scripted-answers.ts';
import { type Action, note, reset, type Script, ScriptedOrigin, send, throttle, wait } from './scripted-origin.ts';
import { scriptResolver } from './scripted-resolver.ts';
import { request, type TapBench } from './tap.ts';

/** One transfer: what was, and what the tap says, milliseconds. */
export interface Sample {
  readonly trueMs: number;
  readonly measuredMs: number;
}

export interface TimingCase {
  readonly name: string;
  /** Names are resolved by this thread's resolver, so the tap must be in it. */
  readonly inThread: boolean;
  /** So long that transfers are better played all at the same time than in turn. */
  readonly isLong: boolean;
  /** Plays that many transfers at the same time. */
  readonly play: (bench: TapBench, players: number) => Promise<readonly Sample[]>;
}

const BODY = knownOctets(1, 40_000);
const HEAD = responseHead({ fields: { 'Content-Length': String(BODY.length) } });
const LEFT_AFTER_MS = 60;
const LONG_MS = 300;

export const TIMING_CASES: readonly TimingCase[] = [
  ...[0, 5, 50, 700].map((ms) => waitCase(ms)),
  phaseCase('headers, 40 ms between status line and empty line', 'headersMs', ({ told }) => [
    told('from'),
    send('HTTP/1.1 200 OK\r\n'),
    wait(40),
    told('to'),
    send('Content-Length: 2\r\n\r\nok'),
  ]),
  ...[100, 300].map((ms) => receiveCase(ms)),
  { name: 'longest gap, a silence of 80 ms in a body', inThread: false, isLong: false, play: longestGap },
  { name: 'queue, behind an answer of another origin', inThread: false, isLong: false, play: queue },
  { name: 'connect, a listener that accepts late', inThread: false, isLong: true, play: connect },
  { name: 'dns, a resolver that takes 60 ms', inThread: true, isLong: false, play: dns },
  { name: 'total, 30 ms of wait and a throttled body', inThread: false, isLong: false, play: total },
  { name: 'wait, cut short by the client', inThread: false, isLong: false, play: leftInWait },
  { name: 'receive, cut short by the client', inThread: false, isLong: false, play: leftInBody },
  phaseCase('wait, cut short by a reset of the origin', 'waitMs', ({ asked, told }) => [
    asked('from'),
    wait(LEFT_AFTER_MS),
    told('to'),
    reset,
  ]),
  phaseCase('receive, cut short by a reset of the origin', 'receiveMs', ({ told }) => [
    told('from'),
    send(HEAD),
    send('part'),
    wait(LEFT_AFTER_MS),
    told('to'),
    reset,
  ]),
];

/** What the origin tells about one request. */
interface Telling {
  /** Its turn came. */
  told(name: string): Action;
  /** The request's head was complete at the origin. */
  asked(name: string): Action;
}

/** Instants by request target and name, `performance.now` of this thread. */
class Notes {
  readonly #atMs = new Map<string, number>();

  script(answer: (telling: Telling) => readonly Action[]): Script {
    return ({ target, atMs }) =>
      answer({
        told: (name) => note((toldAtMs) => this.set(target, name, toldAtMs)),
        asked: (name) => note(() => this.set(target, name, atMs)),
      });
  }

  set(target: string, name: string, atMs: number): void {
    this.#atMs.set(`${target} ${name}`, atMs);
  }

  between(target: string, from: string, to: string): number {
    const [fromMs, toMs] = [from, to].map((name) => this.#atMs.get(`${target} ${name}`) ?? Number.NaN);
    return (toMs ?? Number.NaN) - (fromMs ?? Number.NaN);
  }
}

function waitCase(ms: number): TimingCase {
  const answer = ({ asked, told }: Telling): readonly Action[] => [
    asked('from'),
    ...(ms === 0 ? [] : [wait(ms)]),
    told('to'),
    ...withLength(BODY),
  ];
  return phaseCase(`wait, first octet after ${ms} ms`, 'waitMs', answer, ms >= LONG_MS);
}

function receiveCase(ms: number): TimingCase {
  const answer = ({ told }: Telling): readonly Action[] => [
    told('from'),
    send(HEAD),
    throttle(BODY.subarray(1), (BODY.length * 1_000) / ms),
    told('to'),
    send(BODY.subarray(0, 1)),
  ];
  return phaseCase(`receive, a body throttled to ${ms} ms`, 'receiveMs', answer, ms >= LONG_MS);
}

/** A phase that the origin alone decides. */
function phaseCase(
  name: string,
  phase: keyof Phases,
  answer: (telling: Telling) => readonly Action[],
  isLong = false,
): TimingCase {
  const play: TimingCase['play'] = async (bench, players) => {
    const notes = new Notes();
    await using origin = await ScriptedOrigin.start(notes.script(answer));
    const transfers = await ask(bench, origin, players);
    return samples(
      transfers,
      (target) => notes.between(target, 'from', 'to'),
      ({ phases }) => phases[phase],
    );
  };
  return { name, inThread: false, isLong, play };
}

async function longestGap(bench: TapBench, players: number): Promise<readonly Sample[]> {
  const notes = new Notes();
  const script = notes.script(({ told }) => [
    ...[send(HEAD), told('from'), send(BODY.subarray(0, 1_000)), wait(80), told('to'), send(BODY.subarray(1_000))],
  ]);
  await using origin = await ScriptedOrigin.start(script);
  const transfers = await ask(bench, origin, players);
  return samples(
    transfers,
    (target) => notes.between(target, 'from', 'to'),
    ({ longestGapMs }) => longestGapMs,
  );
}

/** A client asks one origin and, without waiting, another: the second request waits until the first is answered. */
async function queue(bench: TapBench, players: number): Promise<readonly Sample[]> {
  const notes = new Notes();
  const script = notes.script(({ told }) => [wait(50), told('to'), ...withLength('first')]);
  await using first = await ScriptedOrigin.start(script);
  await using second = await ScriptedOrigin.start(() => withLength('second'));
  await each(players, async (player) => {
    const client = await bench.client();
    notes.set(`/${player}`, 'from', performance.now());
    await client.send(`${request(first, `/${player}`).sent}${request(second, `/${player}`).sent}`);
    await client.until(({ text }) => text.endsWith('second'), 'both answers');
  });
  const { transfers } = await bench.account();
  const behind = transfers.filter(({ url }) => url.startsWith(second.url('')));
  return samples(
    behind,
    (target) => notes.between(target, 'from', 'to'),
    ({ phases }) => phases.queueMs,
  );
}

async function connect(bench: TapBench, players: number): Promise<readonly Sample[]> {
  await using late = await startLateListener();
  const truths = new Map<string, number>();
  const asking = each(players, async (player) => {
    const client = await bench.client();
    const askedAtNs = process.hrtime.bigint();
    await client.send(request(late, `/${player}`).sent);
    await client.until(({ text }) => text.endsWith('\r\n\r\n'), 'the answer of the late listener');
    const [, acceptedAtNs = ''] = new RegExp(`${ACCEPTED_AT}: (\\d+)`).exec(client.text) ?? [];
    truths.set(`/${player}`, Number(BigInt(acceptedAtNs) - askedAtNs) / 1e6);
  });
  await bench.until(({ openUpstreamConnections }) => openUpstreamConnections === players, 'all dials under way');
  // Long enough that no first SYN is still on its way, well before the kernel sends the second.
  await pause(LEFT_AFTER_MS);
  late.wake();
  await asking;
  const { transfers } = await bench.account();
  return samples(
    transfers,
    (target) => truths.get(target) ?? Number.NaN,
    ({ phases }) => phases.connectMs,
  );
}

async function dns(bench: TapBench, players: number): Promise<readonly Sample[]> {
  using resolver = scriptResolver(60);
  await using origin = await ScriptedOrigin.start(() => withLength('ok'));
  await each(players, async (player) => {
    const client = await bench.client();
    await client.send(request(origin, `/${player}`, { authority: `origin.example:${origin.port}` }).sent);
    await client.until(({ text }) => text.endsWith('ok'), 'the answer');
  });
  const { transfers } = await bench.account();
  // Lookups are answered in the order of asking, transfers are in the order of their ends: as distributions they are the same.
  const truths = resolver.lookups.map(({ askedAtMs, answeredAtMs }) => answeredAtMs - askedAtMs);
  return transfers.map(({ phases }, at) => ({
    trueMs: truths[at] ?? Number.NaN,
    measuredMs: phases.dnsMs ?? Number.NaN,
  }));
}

async function total(bench: TapBench, players: number): Promise<readonly Sample[]> {
  const notes = new Notes();
  const rate = (BODY.length * 1_000) / 100;
  const script = notes.script(({ told }) => [
    ...[wait(30), send(HEAD), throttle(BODY.subarray(1), rate), told('to'), send(BODY.subarray(0, 1))],
  ]);
  await using origin = await ScriptedOrigin.start(script);
  const transfers = await ask(bench, origin, players, (target) => notes.set(target, 'from', performance.now()));
  return samples(
    transfers,
    (target) => notes.between(target, 'from', 'to'),
    ({ totalMs }) => totalMs,
  );
}

async function leftInWait(bench: TapBench, players: number): Promise<readonly Sample[]> {
  await using origin = await ScriptedOrigin.start(() => undefined);
  const truths = new Map<string, number>();
  await each(players, async (player) => {
    const target = `/${player}`;
    const client = await bench.client();
    await client.send(request(origin, target).sent);
    await origin.waitFor(({ requests }) => requests.some((one) => one.target === target));
    await pause(LEFT_AFTER_MS);
    const askedAtMs = origin.requests.find((one) => one.target === target)?.atMs ?? Number.NaN;
    truths.set(target, performance.now() - askedAtMs);
    client.destroy();
  });
  const { transfers } = await bench.account();
  return samples(
    transfers,
    (target) => truths.get(target) ?? Number.NaN,
    ({ phases }) => phases.waitMs,
  );
}

async function leftInBody(bench: TapBench, players: number): Promise<readonly Sample[]> {
  const notes = new Notes();
  const script = notes.script(({ told }) => [told('from'), send(`${HEAD}part`)]);
  await using origin = await ScriptedOrigin.start(script);
  await each(players, async (player) => {
    const client = await bench.client();
    await client.send(request(origin, `/${player}`).sent);
    await client.until(({ text }) => text.endsWith('part'), 'the first part of the body');
    await pause(LEFT_AFTER_MS);
    notes.set(`/${player}`, 'to', performance.now());
    client.destroy();
  });
  const { transfers } = await bench.account();
  return samples(
    transfers,
    (target) => notes.between(target, 'from', 'to'),
    ({ phases }) => phases.receiveMs,
  );
}

/** Each player asks for a path of its own and reads the answer, or to its end; the records of all of them. */
async function ask(
  bench: TapBench,
  origin: ScriptedOrigin,
  players: number,
  asking: (target: string) => void = () => {},
): Promise<readonly TransferEvent[]> {
  await each(players, async (player) => {
    const client = await bench.client();
    asking(`/${player}`);
    await client.send(request(origin, `/${player}`).sent);
    await client.until((one) => one.ended !== undefined || isWhole(one.text), 'a whole answer, or its end');
  });
  return (await bench.account()).transfers;
}

/** Head and as much as it declares. */
function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const [, length] = /content-length: (\d+)/i.exec(text.slice(0, Math.max(0, end))) ?? [];
  return length !== undefined && text.length - end - 4 === Number(length);
}

async function each(players: number, play: (player: number) => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: players }, (_, player) => play(player)));
}

function samples(
  transfers: readonly TransferEvent[],
  truth: (target: string) => number,
  measured: (transfer: TransferEvent) => number | undefined,
): readonly Sample[] {
  return transfers.map((transfer) => ({
    trueMs: truth(new URL(transfer.url).pathname),
    measuredMs: measured(transfer) ?? Number.NaN,
  }));
}
