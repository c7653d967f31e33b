// deploy/grafana without Grafana: the dashboard's model, its queries against what we export and against promtool's parser, and
// what provisioning points to. That each query returns data from a real run is `npm run verify:faces`.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { runProgram } from '../../src/process.ts';
import { createMetrics, METRIC_DEFINITIONS } from '../../src/report/metrics.ts';
import { type Panel, queriesOf, readDashboard, withVariables } from '../support/dashboard.ts';
import { unknownParts } from '../support/expressions.ts';
import { requirement } from '../support/require.ts';

/** The last of Grafana's first dashboard model, and what @grafana/schema 13.2 still begins a new one with. */
const SCHEMA_VERSION = 42;
const COLUMNS = 24;
const ROWS = ['Overview', 'Three accounts', 'Phases', 'Agreement', 'Origin and reconciliation', 'Instrument'];
/** What prom-client says of our process (METRICS.md, last section). */
const PROCESS_METRICS = /\b(process|nodejs)_[a-z0-9_]+/g;
const dashboard = readDashboard();
const queries = queriesOf(dashboard);
const inFolder = (path: string): URL => new URL(`../../deploy/grafana/${path}`, import.meta.url);

test('the dashboard is of a current schema version, with the rows that it promises, in their order', () => {
  assert.equal(dashboard.schemaVersion, SCHEMA_VERSION);
  const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  assert.deepEqual(
    rows.map((title, at) => title.startsWith(ROWS[at] ?? '-')),
    ROWS.map(() => true),
    rows.join('; '),
  );
});

test('panels have numbers of their own, lie within 24 columns and never over one another', () => {
  const ids = dashboard.panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const cells = new Map<string, string>();
  for (const { title, gridPos } of dashboard.panels) {
    assert.ok(gridPos.x >= 0 && gridPos.x + gridPos.w <= COLUMNS, title);
    for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        assert.equal(cells.get(`${x},${y}`), undefined, `${title} lies over ${cells.get(`${x},${y}`)}`);
        cells.set(`${x},${y}`, title);
      }
  }
});

test('the source of data is a variable everywhere, and every variable that is used is there', () => {
  const variables = new Set(dashboard.templating.list.map(({ name }) => name));
  assert.deepEqual([...variables], ['datasource', 'instance']);
  const queried = (panel: Panel): boolean => panel.type !== 'row';
  for (const panel of dashboard.panels.filter(queried)) {
    assert.deepEqual(panel.datasource, { type: 'prometheus', uid: `$${'{datasource}'}` }, panel.title);
    assert.ok((panel.targets ?? []).length > 0, `${panel.title} asks nothing`);
    const refs = (panel.targets ?? []).map(({ refId }) => refId);
    assert.equal(new Set(refs).size, refs.length, panel.title);
  }
  for (const { panel, target } of queries) {
    assert.deepEqual(target.datasource, { type: 'prometheus', uid: `$${'{datasource}'}` }, panel);
    for (const [, name = ''] of target.expr.matchAll(/\$(\w+)/g))
      assert.ok(name === '__rate_interval' || variables.has(name), `${panel}: $${name}`);
    // One swarm at a time: a query without it would add up two machines.
    assert.match(target.expr, /instance="\$instance"/, panel);
  }
});

test('queries ask for metrics, labels and label values that we export, and legends for labels that are there', () => {
  const definitions = new Map<string, (typeof METRIC_DEFINITIONS)[number]>(
    METRIC_DEFINITIONS.map((definition) => [definition.name, definition]),
  );
  for (const { panel, target } of queries) {
    assert.deepEqual(unknownParts(target.expr), [], panel);
    const names = [...target.expr.matchAll(/hls_swarm_[a-z0-9_]+/g)].map(([name]) => name);
    for (const [, label = ''] of target.legendFormat.matchAll(/\{\{(\w+)\}\}/g))
      assert.ok(
        label === 'le' || names.some((name) => label in (definitions.get(name)?.labels ?? {})),
        `${panel}: ${label}`,
      );
  }
});

test('every metric of the process that a panel shows is one that we export', async () => {
  const facts = { url: '', configuredDurationSeconds: 0, isTapped: true, hasClientSeries: false };
  const text = await createMetrics({ latest: () => undefined, facts }).render();
  const names = queries.flatMap(({ target }) => [...target.expr.matchAll(PROCESS_METRICS)].map(([name]) => name));
  assert.ok(names.length > 0);
  for (const name of names) assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'));
});

test('promtool parses every query', { skip: requirement('promtool') }, async () => {
  const expressions = [
    ...queries.map(({ target }) => target.expr),
    ...dashboard.annotations.list.flatMap(({ expr }) => expr ?? []),
  ];
  const rules = expressions.map((expr, at) => ({
    record: `query:${at}`,
    expr: withVariables(expr, '127.0.0.1:17091'),
  }));
  const folder = await mkdtemp(join(tmpdir(), 'hls-swarm-queries-'));
  const file = join(folder, 'queries.yml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ groups: [{ name: 'queries', rules }] }));
  const limits = { timeoutMs: 10_000, maxBytes: 65_536 };
  const { code, stdout, stderr } = await runProgram('promtool', ['check', 'rules', file], limits);
  await rm(folder, { recursive: true });
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, new RegExp(`${rules.length} rules found`));
});

test('provisioning names the data source and the folder in which the dashboard is', () => {
  const yaml = (path: string): unknown => parse(readFileSync(inFolder(path), 'utf8'));
  const { datasources } = yaml('provisioning/datasources/prometheus.yml') as {
    readonly datasources: readonly { readonly type: string; readonly isDefault: boolean; readonly url: string }[];
  };
  assert.deepEqual(
    datasources.map(({ type, isDefault, url }) => ({ type, isDefault, url })),
    [{ type: 'prometheus', isDefault: true, url: 'http://prometheus:9090' }],
  );
  const { providers } = yaml('provisioning/dashboards/hls-swarm.yml') as {
    readonly providers: readonly { readonly options: { readonly path: string } }[];
  };
  assert.deepEqual(
    providers.map(({ options }) => options.path),
    ['/var/lib/grafana/dashboards'],
  );
  assert.ok(existsSync(inFolder('hls-swarm.json')));
});
