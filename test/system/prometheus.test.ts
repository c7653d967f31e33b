// A run watched by real parts: Prometheus with the shipped configuration and rules, nginx with the shipped configuration, Debian's
// exporters beside it. It asserts that everything is found and has data; what the numbers are is proved elsewhere.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Summary } from '../../src/stats/summary.ts';
import { NGINX_EXPORTER, NODE_EXPORTER, startNginxExporter, startNodeExporter } from '../support/exporters.ts';
import { rulesOf } from '../support/expressions.ts';
import { liveFolder } from '../support/live-folder.ts';
import { startNginx } from '../support/nginx.ts';
import { assertMeasured, sandbox, startHlsSwarm } from '../support/program.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { requirement } from '../support/require.ts';

const LOAD = ['--clients', '4', '--ramp-rate', '10', '--no-tui', '--metrics', '127.0.0.1:0'];
/** Ended by us as soon as everything has been seen. */
const LONGEST = ['--duration', '60s'];
const skip = requirement('ffmpeg') || requirement('prometheus');

test('a demo that Prometheus scrapes: it is up, and every recording rule has data', { skip }, async () => {
  await using box = await sandbox();
  const report = box.file('r.json');
  const args = ['demo', ...LOAD, ...LONGEST, '--report', report, '--ffmpeg', box.ffmpeg];
  await using program = startHlsSwarm(args, box.env);
  const { host } = new URL(await program.controlUrl());
  await using prometheus = await startPrometheus({ 'hls-swarm': host });
  const [up] = await prometheus.waitFor('up{job="hls-swarm"} == 1');
  assert.equal(up?.metric['instance'], host);
  for (const { record = '' } of rulesOf('recording-rules.yml')) {
    const series = await prometheus.waitFor(record);
    for (const { metric } of series) assert.deepEqual([metric['job'], metric['instance']], ['hls-swarm', host], record);
  }
  assert.deepEqual(await prometheus.brokenRules(), []);
  // What Prometheus keeps is what the run says of itself in the end.
  const [bytes] = await prometheus.query('hls_swarm_proxy_segment_bytes_total');
  program.signal('SIGTERM');
  const ended = await program.ended();
  const summary = JSON.parse(readFileSync(report, 'utf8')) as Summary;
  assertMeasured(ended, summary);
  const scraped = bytes?.values[0]?.[1] ?? 0;
  assert.ok(scraped > 0 && scraped <= (summary.proxy?.throughput?.totalBytes ?? 0), `${scraped} bytes scraped`);
});

test('an nginx origin with its access log and both exporters: every source answers, and Prometheus scrapes all three jobs', {
  skip: skip || requirement('nginx') || requirement(NODE_EXPORTER) || requirement(NGINX_EXPORTER),
}, async () => {
  await using live = await liveFolder();
  await using nginx = await startNginx({ folder: live.folder });
  await using node = await startNodeExporter();
  await using exporter = await startNginxExporter(nginx.url('/nginx_status'));
  await using box = await sandbox();
  const report = box.file('r.json');
  const sources = [
    ...['--origin-metrics', node.url('/metrics'), '--nginx-metrics', exporter.url('/metrics')],
    ...['--origin-metrics-interval', '1s', '--segment-sizes-url', nginx.url('/files/json/')],
    ...['--origin-access-log', nginx.logFile],
  ];
  const args = ['run', nginx.url('/live.m3u8'), ...LOAD, ...LONGEST, ...sources, '--report', report];
  await using program = startHlsSwarm([...args, '--ffmpeg', box.ffmpeg], box.env);
  const { host } = new URL(await program.controlUrl());
  const address = (service: { readonly port: number }): string => `127.0.0.1:${service.port}`;
  await using prometheus = await startPrometheus({ 'hls-swarm': host, node: address(node), nginx: address(exporter) });
  for (const job of ['hls-swarm', 'node', 'nginx']) await prometheus.waitFor(`up{job="${job}"} == 1`);
  for (const name of ['cpu_ratio', 'memory_used_bytes', 'connections', 'requests_total', 'network_sent_bytes_total'])
    await prometheus.waitFor(`hls_swarm_origin_${name} > 0`);
  await prometheus.waitFor('hls_swarm_origin_joined_transfers{result="equal"} > 10');
  program.signal('SIGTERM');
  const ended = await program.ended();
  const summary = JSON.parse(readFileSync(report, 'utf8')) as Summary;
  assertMeasured(ended, summary);
  const { joined } = summary.reconciliation;
  // What is missing at the proxy is foreign: the exporter's own requests.
  assert.deepEqual([joined?.different, joined?.missingAtOrigin], [0, 0]);
  assert.ok((joined?.equal ?? 0) > 10, `${joined?.equal} equal`);
  assert.deepEqual(box.processes(), []);
});
