// The independent referee: a live stream served by nginx, whose access log knows nothing of us, and our journal beside it.
// It asserts bytes and requests, no times.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinByPort, nginxRequest, readJournal, requestDifferences } from '../support/journal.ts';
import { liveFolder } from '../support/live-folder.ts';
import { startNginx } from '../support/nginx.ts';
import { assertMeasured, hlsSwarm, sandbox } from '../support/program.ts';
import { requirement } from '../support/require.ts';

const CLIENTS = 3;

test('a live stream from nginx: every completed transfer equals its access log to the byte', {
  skip: requirement('ffmpeg') || requirement('nginx'),
}, async () => {
  await using live = await liveFolder();
  await using nginx = await startNginx({ folder: live.folder });
  await using box = await sandbox();
  const files = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson')];
  const listing = ['--segment-sizes-url', nginx.url('/files/json/'), '--segment-sizes-interval', '1s'];
  const shape = ['--clients', String(CLIENTS), '--duration', '8s', '--ramp-rate', '10', '--metrics', '127.0.0.1:0'];
  const args = ['run', nginx.url('/live.m3u8'), ...shape, ...listing, ...files, '--ffmpeg', box.ffmpeg];
  const ended = await hlsSwarm(args, box.env);
  const journal = await readJournal(box.file('j.ndjson'));
  const { transfers, summary } = journal;
  assertMeasured(ended, summary);

  const clients = (await nginx.accessLog()).filter(({ user_agent }) => user_agent.startsWith('hls-swarm/'));
  const join = joinByPort(transfers, clients.map(nginxRequest));
  assert.deepEqual([join.different, join.missingAtOrigin, join.missingAtProxy], [[], [], []]);
  assert.equal(join.joined, join.equal);
  assert.ok(join.joined >= CLIENTS * 10, `${join.joined} joined`);
  for (const { upstreamLocalPort, upstreamRequestIndex, requestHeadBytes, termination } of transfers) {
    const line = clients.find(
      (one) => one.remote_port === upstreamLocalPort && one.connection_requests === upstreamRequestIndex,
    );
    if (termination === '--') assert.equal(line?.request_length, requestHeadBytes);
  }

  assert.deepEqual(requestDifferences(journal), []);
  const lines = Object.values(summary.parser.requests ?? {}).reduce((sum, count) => sum + count, 0);
  // At most the one request line that each client had printed and not yet written when it was stopped.
  assert.ok(
    lines >= transfers.length && lines <= transfers.length + CLIENTS,
    `${lines} lines, ${transfers.length} transfers`,
  );
  for (const kind of ['segment', 'playlist'] as const) {
    const { precision, recall } = summary.agreement[kind];
    assert.deepEqual({ kind, precision, recall }, { kind, precision: 1, recall: 1 });
  }
  const { attempts = 0, successes = 0 } = summary.parser.lookup ?? {};
  assert.ok(attempts > 0 && successes > 0, `${successes} of ${attempts} sizes found`);
  assert.deepEqual(box.processes(), []);
});
