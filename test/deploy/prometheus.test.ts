// The rules and the configuration of deploy/prometheus: promtool's own judgement, its unit tests of each rule, and that
// nothing in them asks for a series that we do not have. A Prometheus that really scrapes is in test/system.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { runProgram } from '../../src/process.ts';
import { rulesOf, unknownParts } from '../support/expressions.ts';
import { PROMETHEUS_FOLDER } from '../support/prometheus.ts';
import { requirement } from '../support/require.ts';

const skip = requirement('promtool');
const LIMITS = { timeoutMs: 20_000, maxBytes: 65_536 };
const inFolder = (name: string): string => join(PROMETHEUS_FOLDER, name);

test('promtool takes the configuration, with its rules and its targets', { skip }, async () => {
  const { code, stdout, stderr } = await runProgram(
    'promtool',
    ['check', 'config', inFolder('prometheus.yml')],
    LIMITS,
  );
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /2 rule files found/);
  assert.doesNotMatch(stdout + stderr, /warning|does not exist/i);
});

test('each rule does what its unit test says', { skip }, async () => {
  const files = readdirSync(PROMETHEUS_FOLDER).filter((name) => name.endsWith('-tests.yml'));
  assert.deepEqual(files, ['alert-rules-tests.yml', 'recording-rules-tests.yml']);
  const { code, stdout, stderr } = await runProgram('promtool', ['test', 'rules', ...files.map(inFolder)], LIMITS);
  assert.equal(code, 0, stdout + stderr);
});

test('every alert has a case in which it fires and one in which it is silent; every recording rule has a value', () => {
  const tests = (name: string): string => readFileSync(inFolder(name), 'utf8');
  const { tests: cases } = parse(tests('alert-rules-tests.yml')) as {
    readonly tests: readonly {
      readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
    }[];
  };
  const checks = cases.flatMap(({ alert_rule_test }) => alert_rule_test);
  for (const { alert } of rulesOf('alert-rules.yml')) {
    const counts = checks.filter(({ alertname }) => alertname === alert).map(({ exp_alerts }) => exp_alerts.length);
    assert.ok(counts.some((count) => count > 0) && counts.includes(0), alert);
  }
  const recording = tests('recording-rules-tests.yml');
  for (const { record = '' } of rulesOf('recording-rules.yml')) {
    // Those that only other rules use are in the values of these.
    const users = rulesOf('recording-rules.yml').filter(({ expr }) => expr.includes(record));
    assert.ok(
      [record, ...users.map((user) => user.record ?? '')].some((name) => recording.includes(name)),
      record,
    );
  }
});

test('every alert says how bad it is, what it means and what to do', () => {
  const { groups } = parse(readFileSync(inFolder('alert-rules.yml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly Record<string, Record<string, string>>[] }[];
  };
  for (const { alert, labels, annotations } of groups.flatMap(({ rules }) => rules)) {
    assert.match(labels?.['severity'] ?? '', /^(warning|critical)$/, String(alert));
    assert.ok((annotations?.['summary'] ?? '') !== '' && (annotations?.['description'] ?? '') !== '', String(alert));
  }
});

test('rules ask for metrics, labels and label values that we export', () => {
  for (const file of ['recording-rules.yml', 'alert-rules.yml'])
    for (const { record, alert, expr } of rulesOf(file))
      assert.deepEqual(unknownParts(expr), [], record ?? alert ?? '');
});

test('a name, a label or a value that we do not export is found in an expression', () => {
  const wrong = [
    'rate(hls_swarm_proxy_segments_total[1m])',
    'hls_swarm_proxy_wait_seconds',
    'hls_swarm_proxy_transfers_total{type="segment"}',
    'hls_swarm_proxy_transfers_total{kind=~"segment|playlist"}',
    'instance:hls_swarm_nothing:rate1m > 1',
  ];
  for (const expression of wrong) assert.equal(unknownParts(expression).length, 1, expression);
  const right = [
    'sum by (le) (rate(hls_swarm_proxy_wait_seconds_bucket{kind="segment", le="+Inf", instance=~"$instance"}[1m]))',
    'instance_kind:hls_swarm_proxy_wait_seconds:p95_1m{kind="segment"}',
    'hls_swarm_info{version!="1"}',
  ];
  for (const expression of right) assert.deepEqual(unknownParts(expression), [], expression);
});
