// `hls-swarm origin` from its start to a signal, in a process of its own.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runOrigin } from '../../src/origin/command.ts';
import { startProgram } from '../../src/process.ts';
import { until } from '../support/processes.ts';
import { startHlsSwarm } from '../support/program.ts';
import { requirement } from '../support/require.ts';

const skip = requirement('ffmpeg');
const env = { ...process.env, XDG_CACHE_HOME: join(tmpdir(), 'hls-swarm-test-cache') };

test('prints its addresses, serves, and ends with 0 at a signal', { skip }, async () => {
  let printed = '';
  const program = startProgram(process.execPath, [fileURLToPath(new URL('command-holder.ts', import.meta.url))], {
    stdio: { stdout: 'pipe', stderr: 'inherit' },
    env,
    onStdout: (chunk) => {
      printed += chunk.toString();
    },
  });
  await until(() => printed.split('\n').length > 3, 'three addresses', 20_000);
  assert.match(printed, /^stream {3}http:\/\/127\.0\.0\.1:\d+\/live\/stream\.m3u8\nmetrics {2}\S+\nlisting {2}\S+\n$/);
  const [url = ''] = /http\S+/.exec(printed) ?? [];
  assert.equal((await fetch(url)).status, 200);
  assert.deepEqual(await program.stop(), { code: 0 });
});

test('injects what it was told to, from the command line on, and says so', { skip }, async () => {
  const rules = ['--fault', 'kind=segment status=503', '--fault', 'kind=playlist nth=2 reset', '--seed', '11'];
  await using program = startHlsSwarm(['origin', '--port', '0', '--profile', 'low-bitrate', ...rules], env);
  const said = /stream +(\S+)[\s\S]+seed +11\n/;
  const [, url = ''] = await program.until(() => said.exec(program.stdout) ?? undefined, 'its addresses');
  assert.match(program.stdout, /\nfault {4}kind=segment status=503\nfault {4}kind=playlist nth=2 reset\n/);
  const playlist = await (await fetch(url)).text();
  const segment = /^[^#\n]+\.ts$/m.exec(playlist)?.[0] ?? '';
  assert.equal((await fetch(new URL(segment, url))).status, 503);
  await assert.rejects(fetch(url), /fetch failed/);
  assert.equal((await fetch(url)).status, 200);
  program.signal('SIGTERM');
  assert.equal((await program.ended()).code, 0);
});

test('an access log that cannot be written is said before anything starts', async () => {
  const said: string[] = [];
  const options = { profile: 'default', host: '127.0.0.1', port: 0, accessLog: '/nowhere/access.log' } as const;
  const code = await runOrigin({ ...options, print: () => assert.fail(), complain: (line) => said.push(line) });
  assert.equal(code, 1);
  assert.match(said.join(), /^The access log \/nowhere\/access\.log cannot be written: ENOENT/);
});

test('says why it cannot and ends with 1', async () => {
  const said: string[] = [];
  const options = { profile: 'default', host: '192.0.2.1', port: 0 } as const;
  const code = await runOrigin({ ...options, print: () => assert.fail(), complain: (line) => said.push(line) });
  assert.equal(code, 1);
  assert.match(said.join('\n'), /^The origin cannot listen on 192\.0\.2\.1, port 0: .*EADDRNOTAVAIL.*$/);
});
