// The runner of the matrix: origins that log every answer, a swarm of the program itself against them through the tap, and the
// journal held against the logs to the octet. It knows no stream; a row brings its media and says what is asked for.
import assert from 'node:assert/strict';
import type { FindingCode, Kind, TransferEvent } from '../../src/events.ts';
import type { Summary } from '../../src/stats/summary.ts';
import { joinByPort, type LoggedRequest, type ReadJournal, readJournal, requestDifferences } from './journal.ts';
import { assertMeasured, type Ended, hlsSwarm, type Sandbox } from './program.ts';
import { type Action, fieldOf, type RecordedRequest, type Script, ScriptedOrigin } from './scripted-origin.ts';
import { TestAuthority } from './tls-certificates.ts';

export const SCHEMES = ['http', 'https'] as const;
export type Scheme = (typeof SCHEMES)[number];
export const MATRIX_CLIENTS = 2;

const HOST = '127.0.0.1';
const HEAD_END = '\r\n\r\n';
const secure = await (await TestAuthority.create()).forHost(HOST);

/** One origin and what it did. */
export interface LoggedOrigin {
  readonly origin: ScriptedOrigin;
  /** What clients asked for, with what they were answered; our own looks are left out. */
  readonly log: readonly LoggedAnswer[];
}

export interface LoggedAnswer extends LoggedRequest {
  readonly request: RecordedRequest;
}

/** Where the stream is, another port of the same scheme, and one of the other scheme: all of them serve the same. */
export interface Places {
  readonly own: LoggedOrigin;
  readonly other: LoggedOrigin;
  readonly cross: LoggedOrigin;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function openPlaces(scheme: Scheme, scriptOf: (places: Places) => Script): Promise<Places> {
  let made: Script | undefined;
  const script: Script = (request) => {
    made ??= scriptOf(places);
    return made(request);
  };
  const [own, other, cross] = await Promise.all([
    openOrigin(scheme, script),
    openOrigin(scheme, script),
    openOrigin(scheme === 'http' ? 'https' : 'http', script),
  ]);
  const places: Places = {
    ...{ own, other, cross },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([own, other, cross].map(({ origin }) => origin.close()));
    },
  };
  return places;
}

/** Plays `url` to its end with clients that read as fast as they can; every account of it must agree. */
export async function playMatrix(
  url: string,
  places: Places,
  options: readonly string[],
  box: Sandbox,
): Promise<ReadJournal> {
  const { journal, ended } = await playRecorded(url, ['--pace', 'max', ...options], box);
  const { clients } = journal.summary;
  const isEnded = clients.exits.success === clients.target && clients.starts === clients.target;
  assert.ok(isEnded, `${JSON.stringify(clients)}\n${ended.stderr}`);
  assertJoined(journal, places);
  return journal;
}

/** The same without a word about how it ends. */
export async function playRecorded(
  url: string,
  options: readonly string[],
  box: Sandbox,
): Promise<{ readonly journal: ReadJournal; readonly ended: Ended }> {
  const args = ['--clients', String(MATRIX_CLIENTS), '--ramp-rate', '50', '--metrics', `${HOST}:0`, '--no-tui'];
  const outputs = ['--dangerous', '--journal', box.file('journal.ndjson')];
  const ended = await hlsSwarm([url, ...args, ...outputs, '--ffmpeg', box.ffmpeg, ...options], box.env);
  const journal = await readJournal(box.file('journal.ndjson'));
  assertMeasured(ended, journal.summary);
  return { journal, ended };
}

/** Every request of the journal is one of an origin's log and the other way round: address, status and octets are the same. */
export function assertJoined(journal: ReadJournal, { own, other, cross }: Places): void {
  const byPort = Map.groupBy(journal.transfers, ({ upstreamAddress }) => upstreamAddress);
  for (const { origin, log } of [own, other, cross]) {
    const transfers = byPort.get(`${HOST}:${origin.port}`) ?? [];
    byPort.delete(`${HOST}:${origin.port}`);
    const { different, missingAtOrigin, missingAtProxy, equal } = joinByPort(transfers, log);
    assert.deepEqual({ different, missingAtOrigin, missingAtProxy }, NOTHING_DIFFERS);
    assert.equal(equal, log.length);
    assert.deepEqual(transfers.map(askedOf).sort(), log.map(({ request }) => askedAt(origin, request)).sort());
    const sent = origin.connections.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    const [first] = log;
    assert.ok(first === undefined || sent >= log.reduce((sum, { bytesSent }) => sum + bytesSent, 0));
  }
  assert.deepEqual([...byPort.keys()], [], 'transfers with an origin that is none of ours');
  assert.deepEqual(requestDifferences(journal), []);
}

/** How many transfers of each kind. */
export function kindsOf(transfers: readonly TransferEvent[]): Partial<Record<Kind, number>> {
  const kinds = Map.groupBy(transfers, ({ kind }) => kind);
  return Object.fromEntries([...kinds].map(([kind, own]) => [kind, own.length]));
}

/** What was found out about the stream and its origin. How busy this machine is otherwise is no matter of a test. */
export function findingsOf({ findings }: Summary): readonly FindingCode[] {
  return findings.map(({ code }) => code).filter((code) => !OF_THE_MACHINE.has(code));
}

const OF_THE_MACHINE: ReadonlySet<FindingCode> = new Set(['instrument-overloaded', 'machine-full']);
const NOTHING_DIFFERS = { different: [], missingAtOrigin: [], missingAtProxy: [] };

async function openOrigin(scheme: Scheme, script: Script): Promise<LoggedOrigin> {
  const log: LoggedAnswer[] = [];
  const recorded: Script = (request) => {
    const actions = script(request) ?? [];
    if (!isOurs(request)) log.push({ request, ...answerOf(request, actions) });
    return actions;
  };
  const origin = await ScriptedOrigin.start(recorded, { host: HOST, ...(scheme === 'https' ? { secure } : {}) });
  return { origin, log };
}

function isOurs({ head }: RecordedRequest): boolean {
  return fieldOf(head, 'user-agent')?.startsWith('hls-swarm-') === true;
}

/** From the octets that the script hands over, not from what their head says of them. */
function answerOf({ connection, index }: RecordedRequest, actions: readonly Action[]): LoggedRequest {
  const octets = Buffer.concat(actions.flatMap((action) => (action.kind === 'send' ? [action.octets] : [])));
  const headBytes = octets.indexOf(HEAD_END) + HEAD_END.length;
  return {
    remotePort: connection.remotePort,
    requestIndex: index,
    status: Number(octets.toString('latin1', 0, headBytes).split(' ', 2)[1]),
    bytesSent: octets.length,
    bodyBytesSent: octets.length - headBytes,
    completed: true,
  };
}

function askedOf({ method, url, requestHeadBytes }: TransferEvent): string {
  return `${method} ${url} ${requestHeadBytes}`;
}

function askedAt(origin: ScriptedOrigin, { method, target, head }: RecordedRequest): string {
  return `${method} ${origin.url(target)} ${head.length}`;
}
