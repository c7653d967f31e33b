// One round of load by wrk, and what it cost the relaying process meanwhile. wrk is C and takes little of the machine, so that
// the relay is what is measured. It starts no relay and judges nothing.
import { fileURLToPath } from 'node:url';
import { runProgram } from '../../src/process.ts';
import { type CpuSeconds, cpuSeconds } from '../support/process-figures.ts';
import type { Relay } from './relays.ts';

export interface LoadShape {
  readonly connections: number;
  /** Each at its own address in turn; connections are spread over them evenly. */
  readonly threads: number;
  readonly seconds: number;
}

/** One round; what belongs to the relaying process is absent when there is none. */
export interface Round {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Response octets that arrived, heads included. */
  readonly bytesPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly cpuUsPerRequest?: number;
  /** Of that, its first thread: what an instrument does beside relaying. */
  readonly mainUsPerRequest?: number;
  readonly bytesPerCpuSecond?: number;
  /** 1 = one core busy all the time. */
  readonly coresBusy?: number;
}

interface Figures {
  readonly requests: number;
  readonly bytes: number;
  readonly durationUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly errors: number;
}

const SCRIPT = fileURLToPath(new URL('load.lua', import.meta.url));
const US_PER_SECOND = 1e6;
const OUTPUT_BYTES = 65_536;
const GRACE_MS = 20_000;

/** @throws Error when wrk saw a single error, or ended without figures */
export async function loadRound(relay: Relay, path: string, shape: LoadShape): Promise<Round> {
  const before = relay.pid === undefined ? undefined : cpuSeconds(relay.pid);
  const figures = await wrk(relay, path, shape);
  const after = relay.pid === undefined ? undefined : cpuSeconds(relay.pid);
  if (figures.errors > 0) throw new Error(`${relay.name} ${path}: wrk saw ${figures.errors} errors`);
  const seconds = figures.durationUs / US_PER_SECOND;
  return {
    requests: figures.requests,
    requestsPerSecond: figures.requests / seconds,
    bytesPerSecond: figures.bytes / seconds,
    p50Us: figures.p50Us,
    p99Us: figures.p99Us,
    ...(before === undefined || after === undefined ? {} : costs(before, after, figures)),
  };
}

function costs(before: CpuSeconds, after: CpuSeconds, { requests, bytes, durationUs }: Figures): Partial<Round> {
  const all = after.all - before.all;
  return {
    cpuUsPerRequest: (all * US_PER_SECOND) / requests,
    mainUsPerRequest: ((after.main - before.main) * US_PER_SECOND) / requests,
    bytesPerCpuSecond: bytes / all,
    coresBusy: (all * US_PER_SECOND) / durationUs,
  };
}

async function wrk(relay: Relay, path: string, shape: LoadShape): Promise<Figures> {
  const { addresses, requestTarget, authority } = relay;
  const run = await runProgram(
    'wrk',
    [
      ...['-t', String(shape.threads), '-c', String(shape.connections), '-d', `${shape.seconds}s`],
      ...['-s', SCRIPT, `http://${addresses[0]}/`],
    ],
    {
      timeoutMs: shape.seconds * 1000 + GRACE_MS,
      maxBytes: OUTPUT_BYTES,
      env: { ...process.env, TARGET: requestTarget(path), HOST: authority, ADDRESSES: addresses.join(',') },
    },
  );
  const line = run.stdout.split('\n').find((text) => text.startsWith('{'));
  if (run.code !== 0 || line === undefined)
    throw new Error(`wrk against ${relay.name}: ${run.failure ?? `exit ${run.code}, ${run.stderr}${run.stdout}`}`);
  return JSON.parse(line) as Figures;
}
