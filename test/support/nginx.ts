// nginx for tests: the independent referee, in the configuration that users get (deploy/origin/nginx.conf). Serves one folder
// from a prefix of its own. It installs nothing (see require.ts) and leaves nothing: stopped by process, prefix removed.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Program, startProgram } from '../../src/process.ts';
import { freePort } from './free-port.ts';

/** One line of its access log; the keys are those of the embedded origin's log where both have them. */
export interface NginxLine {
  /** Seconds since 1970, when the request ended. */
  readonly msec: number;
  readonly remote_addr: string;
  readonly remote_port: number;
  readonly connection: number;
  /** 1-based index of the request on its connection. */
  readonly connection_requests: number;
  readonly method: string;
  readonly uri: string;
  readonly status: number;
  /** Head, framing and content. */
  readonly bytes_sent: number;
  /** Framing and content. */
  readonly body_bytes_sent: number;
  /** Octets of the request. */
  readonly request_length: number;
  readonly request_time: number;
  /** `OK`, or empty for a response that did not end. */
  readonly request_completion: string;
  readonly user_agent: string;
  readonly range: string;
}

export interface Nginx {
  readonly port: number;
  readonly pid: number;
  url(path: string): string;
  readonly logFile: string;
  /** Lines so far, own requests left out. */
  accessLog(): Promise<readonly NginxLine[]>;
  /** Resolves with those lines that `isWanted` (default: all) when there are that many; rejects after 5 s. */
  waitForLines(count: number, isWanted?: (line: NginxLine) => boolean): Promise<readonly NginxLine[]>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface NginxOptions {
  /** The document root. */
  readonly folder: string;
  /** Directives for the `server` block, each with its semicolon. */
  readonly serverDirectives?: string;
  /** Of its only worker, both sides of what it serves; default 1,024. */
  readonly connections?: number;
}

const SHIPPED = readFileSync(new URL('../../deploy/origin/nginx.conf', import.meta.url), 'utf8');
const START_ATTEMPTS = 5;
const DEADLINE_MS = 5_000;
const POLL_MS = 10;

/** @throws Error with what nginx said when it does not come up */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  const prefix = await mkdtemp(join(tmpdir(), 'hls-swarm-nginx-'));
  await chmod(prefix, 0o755);
  let said = '';
  try {
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
      const port = await freePort();
      const mark = `/${randomUUID()}`;
      await writeFile(join(prefix, 'nginx.conf'), configuration(options, prefix, port, mark));
      const program = startProgram('nginx', ['-p', prefix, '-c', join(prefix, 'nginx.conf')], {
        stdio: { stdout: 'ignore', stderr: 'pipe' },
        onStderr: (chunk) => {
          said += chunk.toString();
        },
      });
      if (await isUp(program, port, mark)) return running(program, prefix, port);
      await program.stop();
      // Somebody took the port between our look and nginx's bind; anything else will not get better.
      if (!said.includes('Address already in use')) break;
    }
    throw new Error(`nginx does not come up: ${said.trim() || 'it said nothing'}`);
  } catch (error) {
    await rm(prefix, { recursive: true, force: true });
    throw error;
  }
}

function running(program: Program, prefix: string, port: number): Nginx {
  const logFile = join(prefix, 'access.log');
  const accessLog = async (): Promise<readonly NginxLine[]> => {
    const text = await readFile(logFile, 'utf8').catch(() => '');
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as NginxLine);
  };
  const stop = async (): Promise<void> => {
    await program.stop();
    await rm(prefix, { recursive: true, force: true });
  };
  return {
    port,
    pid: program.pid ?? 0,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    logFile,
    accessLog,
    waitForLines: async (count, isWanted = () => true) => {
      const endsAt = performance.now() + DEADLINE_MS;
      for (;;) {
        const lines = (await accessLog()).filter(isWanted);
        if (lines.length >= count) return lines;
        if (performance.now() > endsAt) throw new Error(`nginx logged ${lines.length} of ${count} lines`);
        await pause(POLL_MS);
      }
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Asks for a path that only this nginx knows: another program on the port is not mistaken for it. */
async function isUp(program: Program, port: number, mark: string): Promise<boolean> {
  let hasEnded = false;
  void program.exited.then(() => {
    hasEnded = true;
  });
  const endsAt = performance.now() + DEADLINE_MS;
  while (!hasEnded && performance.now() < endsAt) {
    const status = await fetch(`http://127.0.0.1:${port}${mark}`, { headers: { connection: 'close' } }).then(
      (response) => response.status,
      () => undefined,
    );
    if (status === 204) return true;
    await pause(POLL_MS);
  }
  return false;
}

/** What users get in deploy/origin, with this test's places in it. */
function configuration(options: NginxOptions, prefix: string, port: number, mark: string): string {
  // Started as root, workers become `nobody`, who may not read a test's temporary folder.
  const user = userInfo().uid === 0 ? 'user root root;\n' : '';
  const own = `location = ${mark} { access_log off; return 204; }\n${options.serverDirectives ?? ''}`;
  const places: readonly (readonly [theirs: string, ours: string])[] = [
    ['/tmp/hls-swarm-origin', `${prefix}/nginx`],
    ['/var/log/hls-swarm/access.json', `${prefix}/access.log`],
    ['root /srv/hls;', `root ${options.folder};`],
    ['listen 17080;', `listen 127.0.0.1:${port};\n${own}`],
    ['worker_processes auto;', 'worker_processes 1;'],
    ['worker_connections 8192;', `worker_connections ${options.connections ?? 1024};`],
  ];
  return places.reduce((text, [theirs, ours]) => {
    if (!text.includes(theirs)) throw new Error(`deploy/origin/nginx.conf no longer has: ${theirs}`);
    return text.replaceAll(theirs, () => ours);
  }, `${user}daemon off;\n${SHIPPED}`);
}
