// What only `hls-swarm proxy` can be asked: to leave when nobody is there, to answer for an origin that failed, to take a FIN as
// the end of the requests, to calibrate and leave. What these do inside is in test/proxy and test/run.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readJournal, readSummary } from '../support/journal.ts';
import { assertMeasured, type HlsSwarm, hlsSwarm, sandbox, startHlsSwarm } from '../support/program.ts';
import { RawClient } from '../support/raw-client.ts';
import { withLength } from '../support/scripted-answers.ts';
import { answering, request } from '../support/tap.ts';

const CONTROL = ['--metrics', '127.0.0.1:0'];

describe('options of hls-swarm proxy', { concurrency: true }, () => {
  test('--idle-exit: leaves when nobody has been there for so long, with the summary and 0', async () => {
    await using origin = await answering(withLength('octets'));
    await using box = await sandbox();
    const files = ['--report', box.file('r.json'), '--journal', box.file('j.ndjson')];
    const args = ['proxy', '--json', '--idle-exit', '700ms', '--proxy-workers', '2', '--doors', '2', ...CONTROL];
    await using program = startHlsSwarm([...args, ...files], { ...box.env, HLS_SWARM_NO_CALIBRATE: undefined });
    const [, door = 0] = await doorPorts(program);
    const client = await RawClient.connect(door);
    // Longer than the time asked for, but there is a connection.
    await program.until(async () => (await connections(program)) === 1, 'the connection in a sample');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await client.send(request(origin, '/').sent);
    await client.until(({ text }) => text.endsWith('octets'), 'the answer');
    client.destroy();
    const leftAtMs = performance.now();
    const ended = await program.ended();
    assert.ok(performance.now() - leftAtMs >= 700, 'it left before its time');
    const { summary, events } = await readJournal(box.file('j.ndjson'));
    assertMeasured(ended, summary);
    assert.equal(summary.proxy?.transfers, 1);
    assert.equal(summary.run.proxyWorkers, 2);
    // What the tap adds is said, in the summary and in the journal, from which the same summary can be made again.
    const calibration = events.find(({ type }) => type === 'calibration');
    if (calibration === undefined) assert.match(ended.stderr, /calibration_failed/, 'a machine with other work to do');
    else assert.ok((summary.instrument.calibration?.cpuMsPerMiB ?? 0) > 0);
    assert.deepEqual(
      events.filter(({ type }) => type === 'transfer').length,
      1,
      'none of the calibration’s own transfers is there',
    );
  });

  test('--answer-errors --half-close: a 502 with the reason, and answers after a FIN', async () => {
    await using origin = await answering(withLength('octets'));
    await using box = await sandbox();
    const args = ['proxy', '--json', '--answer-errors', '--half-close', '--no-calibrate', ...CONTROL];
    const report = ['--report', box.file('r.json')];
    await using program = startHlsSwarm([...args, ...report], box.env);
    const [door = 0] = await doorPorts(program);
    const refused = await RawClient.connect(door);
    await refused.send(request({ port: 1 }, '/').sent);
    assert.equal(await refused.end(), 'fin');
    assert.match(refused.text, /^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*hls-swarm tap: http:\/\/127\.0\.0\.1:1: .+\n$/);
    const finished = await RawClient.connect(door);
    await finished.send(request(origin, '/').sent);
    finished.finish();
    assert.equal(await finished.end(), 'fin');
    assert.match(finished.text, /octets$/);
    program.signal('SIGTERM');
    const ended = await program.ended();
    const summary = await readSummary(box.file('r.json'));
    assertMeasured(ended, summary);
    assert.deepEqual(summary.proxy?.terminations, { '--': 1, SC: 1 });
    assert.equal(summary.instrument.calibration, undefined);
  });

  test('--calibrate: figures with their spread, no door, and it leaves', async () => {
    const [text, json] = await Promise.all([
      hlsSwarm(['proxy', '--calibrate']),
      hlsSwarm(['proxy', '--calibrate', '--json']),
    ]);
    assert.equal(text.code, 0, text.stderr);
    for (const label of ['time per request', 'CPU per request', 'CPU per MiB'])
      assert.match(text.stdout, new RegExp(`^  ${label}.* [mu]s +rounds .* [mu]s to .* [mu]s$`, 'm'));
    assert.equal(json.code, 0, json.stderr);
    assert.match(json.stdout, /^\{.*\}\n$/);
    const { calibration, ranges } = JSON.parse(json.stdout) as {
      calibration: Record<string, number>;
      ranges: Record<string, readonly [number, number]>;
    };
    assert.ok((calibration['transfers'] ?? 0) > 0);
    for (const [figure, [low, high]] of Object.entries(ranges)) {
      const median = calibration[figure] ?? Number.NaN;
      assert.ok(low <= median && median <= high, `${figure}: ${low} <= ${median} <= ${high}`);
    }
  });
});

async function doorPorts(program: HlsSwarm): Promise<readonly number[]> {
  const line = await program.until(() => /^\{.*\}\n/.exec(program.stdout)?.[0], 'the line of doors');
  const { doors } = JSON.parse(line) as { doors: readonly string[] };
  return doors.map((door) => Number(new URL(door).port));
}

/** As the last sample has it. */
async function connections(program: HlsSwarm): Promise<number> {
  const text = await (await fetch(`${await program.controlUrl()}/metrics`)).text();
  return Number(/^hls_swarm_proxy_connections_total ([0-9]+)$/m.exec(text)?.[1] ?? 0);
}
