// `npm run verify:endings`: how soon an origin sees the close after a client left, in each phase, by itself (C) or because its
// door is being stopped (K). The table goes to bench/RESULTS.md. Exit 1 when a median is too slow or a code is not the phase's.
import { existsSync, readFileSync } from 'node:fs';
import type { Termination } from '../src/events.ts';
import { startDeafListener } from '../test/support/deaf-listener.ts';
import { ANSWER_BYTES, fill } from '../test/support/full-client.ts';
import type { RawClient } from '../test/support/raw-client.ts';
import { knownOctets, responseHead, withLength } from '../test/support/scripted-answers.ts';
import { type Action, ScriptedOrigin, send } from '../test/support/scripted-origin.ts';
import { request, TapBench } from '../test/support/tap.ts';
import { machineAndDate } from './support/machine.ts';
import { median } from './support/quantile.ts';
import { markdownTable, writeResult } from './support/table.ts';

type Cause = 'C' | 'K';

/** A client just before it leaves, and how its origin sees that. */
interface Ready {
  readonly client: RawClient;
  readonly seen: () => Promise<void>;
  readonly end: () => Promise<void>;
}

interface Phase {
  readonly name: string;
  readonly codes: Readonly<Record<Cause, readonly Termination[]>>;
  readonly ready: (bench: TapBench) => Promise<Ready>;
}

interface Verified {
  readonly cells: readonly string[];
  readonly problem: string | undefined;
}

const ROUNDS = 20;
const LIMIT_MS = 100;
const DEADLINE_MS = 10_000;
const HEAD = responseHead({ fields: { 'Content-Length': '10' } });
const SOCKETS = '/proc/net/tcp';
/** State 02 of a socket in that table: the dial is under way. */
const SYN_SENT = '02';

const PHASES: readonly Phase[] = [
  {
    name: 'in a later request head',
    codes: { C: ['--', 'CR'], K: ['--'] },
    ready: (bench) => ask(bench, withLength('0123456789'), ({ sent }) => sent + sent.slice(0, 20), 10),
  },
  {
    name: 'with a request that waits',
    codes: { C: ['CH', 'CQ'], K: ['KH', 'KQ'] },
    ready: (bench) => ask(bench, [], ({ sent }) => sent + sent, 0),
  },
  { name: 'while the dial is under way', codes: { C: ['CC'], K: ['KC'] }, ready: dialling },
  {
    name: 'before the response head',
    codes: { C: ['CH'], K: ['KH'] },
    ready: (bench) => ask(bench, [], ({ sent }) => sent, 0),
  },
  {
    name: 'in the body',
    codes: { C: ['CD'], K: ['KD'] },
    ready: (bench) => ask(bench, [send(`${HEAD}0123`)], ({ sent }) => sent, 4),
  },
  { name: 'received, not taken', codes: { C: ['CL'], K: ['KD'] }, ready: full },
];

const verified: Verified[] = [];
for (const phase of PHASES) for (const cause of ['C', 'K'] as const) verified.push(await verify(phase, cause));
const heading = ['the client leaves', 'codes', 'rounds', 'median', 'slowest', 'must be'];
const text =
  `From the client's leaving (FIN and RST in turn) to the origin's seeing the close, tap in a worker; ` +
  `${machineAndDate()} (\`npm run verify:endings\`).\n\n` +
  markdownTable([heading, ...verified.map(({ cells }) => cells)]);
console.log(text);
for (const { problem } of verified) if (problem !== undefined) console.error(problem);
await writeResult('verify:endings', text);
process.exitCode = verified.some(({ problem }) => problem !== undefined) ? 1 : 0;

async function verify({ name, codes, ready }: Phase, cause: Cause): Promise<Verified> {
  const took: number[] = [];
  const expected = codes[cause].join(' ');
  let problem: string | undefined;
  // A bench of its own: each account checks all that the bench has seen.
  const bench = await TapBench.open();
  for (let round = 0; round < ROUNDS; round += 1) {
    const { client, seen, end } = await ready(bench);
    bench.tap.setStopping(1, cause === 'K');
    const leftAtMs = performance.now();
    if (round % 2 === 0) client.destroy();
    else client.reset();
    await seen();
    took.push(performance.now() - leftAtMs);
    const { transfers } = await bench.account();
    bench.tap.setStopping(1, false);
    await end();
    const found = transfers.slice(-codes[cause].length).map(({ termination }) => termination);
    if (found.join(' ') !== expected) problem = `${cause}, ${name}: ended ${found.join(' ')}, not ${expected}`;
  }
  await bench.close();
  const medianMs = median(took);
  if (!(medianMs < LIMIT_MS)) problem = `${cause}, ${name}: a median of ${shown(medianMs)}`;
  const who = cause === 'C' ? name : `${name}, being stopped`;
  return {
    cells: [who, expected, String(ROUNDS), shown(medianMs), shown(Math.max(...took)), `under ${LIMIT_MS} ms`],
    problem,
  };
}

/** A client that has asked an origin for this and has got its head and so many octets of content. */
async function ask(
  of: TapBench,
  answer: readonly Action[],
  asks: (one: { readonly sent: string }) => string,
  contentBytes: number,
): Promise<Ready> {
  const origin = await ScriptedOrigin.start(({ index }) => (index === 1 ? answer : undefined));
  const client = await of.client();
  await client.send(asks(request(origin, '/')));
  await origin.waitFor(({ requests }) => requests.length > 0);
  const bytes = contentBytes === 0 ? 0 : HEAD.length + contentBytes;
  await client.until(({ receivedBytes }) => receivedBytes === bytes, `${bytes} octets`);
  return { client, seen: () => sees(origin), end: () => origin.close() };
}

async function full(of: TapBench): Promise<Ready> {
  const answer = withLength(knownOctets(7, ANSWER_BYTES));
  const origin = await ScriptedOrigin.start(() => answer);
  const client = await of.client();
  await fill(of, origin, client);
  return { client, seen: () => sees(origin), end: () => origin.close() };
}

/** Nobody accepts this dial, so nobody sees its end: the tap's meters say when, and the system's sockets that it is so. */
async function dialling(of: TapBench): Promise<Ready> {
  const deaf = await startDeafListener();
  const before = diallingTo(deaf.port);
  const client = await of.client();
  await client.send(request(deaf, '/').sent);
  await of.until(({ openUpstreamConnections }) => openUpstreamConnections > 0, 'a dial');
  return {
    client,
    seen: () => holds(() => of.tap.meters().meters.openUpstreamConnections === 0),
    end: async () => {
      const after = diallingTo(deaf.port);
      await deaf[Symbol.asyncDispose]();
      if (after > before) throw new Error(`${after - before} dials to port ${deaf.port} go on`);
    },
  };
}

function sees(origin: ScriptedOrigin): Promise<void> {
  return origin.waitFor(({ connections }) => connections.every(({ closedBy }) => closedBy !== undefined));
}

function diallingTo(port: number): number {
  if (!existsSync(SOCKETS)) return 0;
  const there = `:${port.toString(16).toUpperCase().padStart(4, '0')} ${SYN_SENT} `;
  return readFileSync(SOCKETS, 'latin1').split(there).length - 1;
}

async function holds(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + DEADLINE_MS;
  while (!condition() && performance.now() < endsAt) await new Promise((resolve) => setImmediate(resolve));
}

function shown(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
