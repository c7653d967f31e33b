// nginx for tests: the independent referee. Serves one folder from a prefix of its own and logs every request in JSON.
// It installs nothing (see require.ts) and leaves nothing: stopped by process, prefix removed.

import { randomUUID } from 'node:crypto';
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
  /** Lines so far, own requests left out. */
  accessLog(): Promise<readonly NginxLine[]>;
  /** Resolves with the log when it has that many lines; rejects after 5 s. */
  waitForLines(count: number): Promise<readonly NginxLine[]>;
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
    accessLog,
    waitForLines: async (count) => {
      const endsAt = performance.now() + DEADLINE_MS;
      for (;;) {
        const lines = await accessLog();
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

function configuration(options: NginxOptions, prefix: string, port: number, mark: string): string {
  // Started as root, workers become `nobody`, who may not read a test's temporary folder.
  const user = userInfo().uid === 0 ? 'user root root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
${user}
daemon off;
worker_processes 1;
pid ${prefix}/nginx.pid;
error_log stderr error;
events { worker_connections ${options.connections ?? 1024}; }
http {
  ${temporary.map((name) => `${name}_temp_path ${prefix}/${name};`).join(' ')}
  types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; video/mp4 mp4 m4s; application/json json; text/html html; }
  default_type application/octet-stream;
  log_format json escape=json '{"msec":$msec,"remote_port":$remote_port,"connection":$connection,'
    '"connection_requests":$connection_requests,"method":"$request_method","uri":"$request_uri","status":$status,'
    '"bytes_sent":$bytes_sent,"body_bytes_sent":$body_bytes_sent,"request_length":$request_length,'
    '"request_time":$request_time,"request_completion":"$request_completion","user_agent":"$http_user_agent",'
    '"range":"$http_range"}';
  access_log ${prefix}/access.log json;
  sendfile on;
  keepalive_requests 1000000;
  server {
    listen 127.0.0.1:${port};
    root ${options.folder};
    ${options.serverDirectives ?? ''}
    location = ${mark} { access_log off; return 204; }
    location = /stub_status { stub_status; }
    location /files/json/ { alias ${options.folder}/; autoindex on; autoindex_format json; }
  }
}
`;
}
