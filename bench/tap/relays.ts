// The ways from wrk to the origin: none, the tap as a user starts it, and what it is compared with, each a process of its own.
// It starts and stops them; it sends no load and knows no file.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findProgram, type Program, startProgram } from '../../src/process.ts';
import { freePort } from '../../test/support/free-port.ts';
import { startNodeProgram, startTap } from '../support/node-program.ts';
import { haproxy, nginxOrigin, nginxProxy } from './configurations.ts';

export interface Relay {
  readonly name: RelayName;
  /** Of the relaying process; absent when there is none. */
  readonly pid?: number;
  /** `host:port`, one or more. */
  readonly addresses: readonly string[];
  /** The origin's `host:port`. */
  readonly authority: string;
  /** What stands in the request line for a path of the origin. */
  requestTarget(path: string): string;
  stop(): Promise<void>;
}

export const RELAYS = [
  'direct',
  'tap',
  'tap-journal',
  'tap-2',
  'http-proxy',
  'http-proxy-shipped',
  'nginx',
  'haproxy',
  'haproxy-spliced',
] as const;
export type RelayName = (typeof RELAYS)[number];

const PROGRAM_OF: Readonly<Partial<Record<RelayName, string>>> = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  'haproxy-spliced': 'haproxy',
};
const HTTP_PROXY = fileURLToPath(new URL('http-proxy-relay.ts', import.meta.url));
const DEADLINE_MS = 10_000;
const POLL_MS = 10;

/** Why a relay cannot take part; undefined when it can. */
export function missing(name: RelayName): string | undefined {
  const program = PROGRAM_OF[name];
  const found = program === undefined ? undefined : findProgram(program, process.env['PATH']);
  return found !== undefined && 'failure' in found ? found.failure : undefined;
}

/** nginx with the files of `root`. */
export function startOrigin(root: string): Promise<Relay> {
  return configured('direct', undefined, (place) => ({
    command: ['nginx', '-p', place.folder, '-c', join(place.folder, 'configuration')],
    text: nginxOrigin({ prefix: place.folder, port: place.port, root }),
  }));
}

/** `doors` is for the tap: how many addresses it offers. */
export function startRelay(name: RelayName, origin: Relay, doors: number): Promise<Relay> {
  const { authority } = origin;
  switch (name) {
    case 'direct':
      return Promise.resolve(direct(origin));
    case 'tap':
      return tap(name, authority, doors, []);
    case 'tap-2':
      return tap(name, authority, Math.max(2, doors), ['--proxy-workers', '2']);
    case 'tap-journal':
      return tapWithJournal(name, authority, doors);
    case 'http-proxy':
      return httpProxy(name, authority, ['keep-alive']);
    case 'http-proxy-shipped':
      return httpProxy(name, authority, []);
    case 'nginx':
      return configured(name, authority, ({ folder, port }) => ({
        command: ['nginx', '-p', folder, '-c', join(folder, 'configuration')],
        text: nginxProxy({ prefix: folder, port, origin: authority }),
      }));
    case 'haproxy':
    case 'haproxy-spliced':
      return startHaproxy(authority, name);
  }
}

export function startHaproxy(origin: string, name: 'haproxy' | 'haproxy-spliced' = 'haproxy'): Promise<Relay> {
  return configured(name, origin, ({ folder, port }) => ({
    command: ['haproxy', '-db', '-f', join(folder, 'configuration')],
    text: haproxy({ port, origin, splicing: name === 'haproxy' ? 'auto' : 'response' }),
  }));
}

/** No process relays. */
function direct({ pid: _, ...origin }: Relay): Relay {
  return { ...origin, name: 'direct', stop: () => Promise.resolve() };
}

async function tap(name: RelayName, authority: string, doors: number, options: readonly string[]): Promise<Relay> {
  const { program, line } = await startTap(doors, ['--proxy-workers', '1', ...options]);
  const addresses = line.doors.map((url) => new URL(url).host);
  return forward(name, authority, program, addresses);
}

async function tapWithJournal(name: RelayName, authority: string, doors: number): Promise<Relay> {
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-bench-'));
  const relay = await tap(name, authority, doors, ['--journal', join(folder, 'journal.ndjson')]);
  const stop = async (): Promise<void> => {
    await relay.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { ...relay, stop };
}

async function httpProxy(name: RelayName, authority: string, options: readonly string[]): Promise<Relay> {
  const { program, line } = await startNodeProgram<{ readonly port: number }>([HTTP_PROXY, ...options]);
  return forward(name, authority, program, [`127.0.0.1:${line.port}`]);
}

function forward(name: RelayName, authority: string, program: Program, addresses: readonly string[]): Relay {
  return {
    name,
    ...(program.pid === undefined ? {} : { pid: program.pid }),
    addresses,
    authority,
    requestTarget: (path) => `http://${authority}${path}`,
    stop: async () => void (await program.stop()),
  };
}

interface Place {
  readonly folder: string;
  readonly port: number;
}

/** A program with a configuration file and a port that we choose; ready when it accepts. */
async function configured(
  name: RelayName,
  origin: string | undefined,
  plan: (place: Place) => { readonly command: readonly [string, ...string[]]; readonly text: string },
): Promise<Relay> {
  const place = { folder: await mkdtemp(join(tmpdir(), 'hls-swarm-bench-')), port: await freePort() };
  const { command, text } = plan(place);
  const [file, ...args] = command;
  await writeFile(join(place.folder, 'configuration'), text);
  let stderr = '';
  const program = startProgram(file, args, {
    stdio: { stdout: 'ignore', stderr: 'pipe' },
    onStderr: (chunk) => (stderr += chunk.toString()),
  });
  const address = `127.0.0.1:${place.port}`;
  await ready(
    program,
    () => accepts(`http://${address}/`),
    file,
    () => stderr,
  );
  return {
    name,
    ...(program.pid === undefined ? {} : { pid: program.pid }),
    addresses: [address],
    authority: origin ?? address,
    requestTarget: (path) => path,
    stop: async () => {
      await program.stop();
      await rm(place.folder, { recursive: true, force: true });
    },
  };
}

async function ready(
  program: Program,
  isReady: () => boolean | Promise<boolean>,
  name: string,
  said: () => string,
): Promise<void> {
  let hasEnded = false;
  void program.exited.then(() => (hasEnded = true));
  const endsAt = performance.now() + DEADLINE_MS;
  while (!(await isReady())) {
    if (hasEnded || performance.now() > endsAt) {
      program.kill();
      throw new Error(`${name} is not ready: ${said().trim() || 'it said nothing'}`);
    }
    await pause(POLL_MS);
  }
}

async function accepts(url: string): Promise<boolean> {
  return fetch(url, { headers: { connection: 'close' } }).then(
    async (response) => {
      await response.arrayBuffer();
      return true;
    },
    () => false,
  );
}
