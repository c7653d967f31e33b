// `--origin-access-log` as a user has it: nginx's own log in batches, rotated in the middle of the run, joined to the byte.
// What a log may hold and how it is followed is in ../scrape/access-log.test.ts.
import assert from 'node:assert/strict';
import { rename, stat } from 'node:fs/promises';
import { test } from 'node:test';
import { readJournal } from '../support/journal.ts';
import { liveFolder } from '../support/live-folder.ts';
import { startNginx } from '../support/nginx.ts';
import { assertMeasured, hlsSwarm, sandbox, startHlsSwarm } from '../support/program.ts';
import { requirement } from '../support/require.ts';

const STREAM = 'http://127.0.0.1:9/live.m3u8';

test("nginx's log, written in batches and rotated: every completed transfer equals its line, and a replay says the same", {
  skip: requirement('ffmpeg') || requirement('nginx'),
}, async () => {
  await using box = await sandbox();
  await using live = await liveFolder();
  const log = box.file('access.json');
  const serverDirectives = `access_log ${log} hls_swarm buffer=64k flush=1s;`;
  await using nginx = await startNginx({ folder: live.folder, serverDirectives });
  const shape = ['--clients', '2', '--duration', '6s', '--ramp-rate', '10', '--metrics', '127.0.0.1:0'];
  const outputs = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson'), '--origin-access-log', log];
  const args = ['run', nginx.url('/live.m3u8'), ...shape, ...outputs, '--nginx-metrics', nginx.url('/nginx_status')];
  await using program = startHlsSwarm([...args, '--ffmpeg', box.ffmpeg], box.env);
  await program.until(async () => (await joinedNow(await program.controlUrl())) > 0, 'a first line is joined');
  await rename(log, `${log}.1`);
  process.kill(nginx.pid, 'SIGUSR1');
  const ended = await program.ended();
  const files = await Promise.all([log, `${log}.1`].map(async (file) => (await stat(file)).size));
  assert.ok(
    files.every((bytes) => bytes > 0),
    'there were lines before the rotation, and after it',
  );

  const { summary, events } = await readJournal(box.file('j.ndjson'));
  assertMeasured(ended, summary);
  const { joined, source, residualBytes } = summary.reconciliation;
  const { matched = 0, equal, different, missingAtOrigin, missingAtProxy } = joined ?? {};
  assert.deepEqual({ source, different, missingAtOrigin }, { source: 'access-log', different: 0, missingAtOrigin: 0 });
  assert.equal(missingAtProxy, 0, JSON.stringify(summary.reconciliation));
  assert.equal(matched, equal);
  assert.ok(matched >= 10, `${matched} joined`);
  assert.equal(residualBytes, 0);
  assert.ok(summary.origin.sources.includes('access-log') && summary.origin.sources.includes('nginx_exporter'));
  const states = events.filter((event) => event.type === 'origin-sample' && event.source === 'access-log');
  assert.ok(states.every((event) => event.type === 'origin-sample' && event.unusableLogLines === 0));

  const replayed = await hlsSwarm(['replay', box.file('j.ndjson')]);
  assert.match(replayed.stderr, /proxy, parser, agreement, reconciliation equal the run's own summary/);
});

test('a log that cannot come is refused before anything starts; one that may still come is told', async () => {
  const run = async (path: string): Promise<string> => {
    const { code, stderr } = await hlsSwarm(['run', STREAM, '--origin-access-log', path, '--metrics', '127.0.0.1:0']);
    assert.equal(code, 1);
    return stderr;
  };
  await using box = await sandbox();
  assert.match(
    await run(box.file('none/access.log')),
    /✗ access_log: .* cannot be followed: there is no folder .*none/,
  );
  assert.match(await run(box.folder), /✗ access_log: .* cannot be followed: it is no regular file/);
  assert.match(
    await run(box.file('later.log')),
    /⚠ access_log: .*later\.log is not there yet; it is read from its begin/,
  );
});

async function joinedNow(controlUrl: string): Promise<number> {
  const answer = await fetch(`${controlUrl}/snapshot`);
  const { reconciliation } = (await answer.json()) as { reconciliation?: { joined?: { matched: number } } };
  return reconciliation?.joined?.matched ?? 0;
}
