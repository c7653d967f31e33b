// What every face is handed once per second: redacted wherever a URL of the stream can stand in it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockFrom, clockOrigin } from '../../src/clock.ts';
import type { Options } from '../../src/config/options.ts';
import { Recorder } from '../../src/run/record.ts';
import { createRedact } from '../../src/run/redact.ts';
import { aTransfer, life, RUN } from '../stats/ledger-traffic.ts';

const SECRET = 'token=hush';

test('the last events and the sources of the origin show no secret, as nothing else in a snapshot does', async () => {
  const options = { metrics: { host: '127.0.0.1', port: 0 }, durationMs: 0, statsDropThreshold: 0.01, failIf: [] };
  const recorder = await Recorder.open({
    options: options as unknown as Options,
    url: RUN.url,
    clients: RUN.clients,
    isTapped: true,
    clock: clockFrom(clockOrigin()),
    redact: createRedact('query-values'),
    stderr: { write: () => true },
    isReady: () => true,
    debugClient: () => undefined,
  });
  try {
    recorder.begin({ type: 'run', ...RUN, url: `${RUN.url}?${SECRET}` }, undefined);
    const { emit } = recorder.hub;
    emit(life(1, 0, 'start'));
    emit(aTransfer({ startedAtMs: 10, status: 404, url: `http://a/seg1.ts?${SECRET}` }));
    emit(life(1, 30, 'exit', { category: 'error', reason: `Error opening http://a/seg1.ts?${SECRET}: 404` }));
    emit({ type: 'origin-sample', source: 'embedded', atMs: 40, ok: false, reason: `http://a/metrics?${SECRET}: 503` });
    const snapshot = recorder.tick(1_000);
    assert.equal(snapshot?.recentEvents.length, 3);
    assert.equal(snapshot?.originSources.length, 1);
    assert.doesNotMatch(JSON.stringify(snapshot), /hush/);
  } finally {
    await recorder.close();
  }
});
