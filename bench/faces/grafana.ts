// The dashboard against a real Prometheus that scraped a real run with something of everything in it: every query of every panel
// must return data. It draws nothing: what Grafana makes of the data is not checked here.
import { queriesOf, readDashboard, withVariables } from '../../test/support/dashboard.ts';
import { rulesOf } from '../../test/support/expressions.ts';
import { type Prometheus, type QueriedSeries, startPrometheus } from '../../test/support/prometheus.ts';
import type { Check } from '../support/checks.ts';
import { SwarmRun } from '../support/swarm-run.ts';
import type { Face } from './face.ts';

const CLIENTS = 6;
/** The windows of 30 s must be full, with 3 intervals of the slowest source to spare. */
const LOOK_AFTER_SECONDS = 42;
const DURATION_SECONDS = 60;
/** An error status and a cut answer now and then: panels of failures have something to show. */
const FAULTS = ['kind=segment nth=every:9 status=503', 'kind=segment nth=every:7 truncate=50%'];

export const grafana: Face = {
  name: 'grafana',
  needs: ['ffmpeg', 'prometheus'],
  headline: `Every query of the dashboard and every recording rule, asked of a Prometheus that scraped ${CLIENTS} clients for ${LOOK_AFTER_SECONDS} s`,
  verify,
};

async function verify(): Promise<readonly Check[]> {
  const run = new SwarmRun({
    clients: CLIENTS,
    rampPerSecond: CLIENTS,
    args: ['--duration', `${DURATION_SECONDS}s`, ...FAULTS.flatMap((rule) => ['--fault', rule])],
  });
  await using _program = run.program;
  const instance = new URL(await run.program.controlUrl()).host;
  await using prometheus = await startPrometheus({ 'hls-swarm': instance });
  const elapsed = async (): Promise<number> => lastValue(await prometheus.query('hls_swarm_test_elapsed_seconds')) ?? 0;
  await run.program.until(
    async () => (await elapsed()) >= LOOK_AFTER_SECONDS,
    `${LOOK_AFTER_SECONDS} s of the run`,
    DURATION_SECONDS * 1_000,
  );
  const checks = [
    ...(await panels(prometheus, instance)),
    await variable(prometheus, instance),
    await rules(prometheus),
    await alerts(prometheus),
  ];
  run.program.signal('SIGTERM');
  await run.program.ended();
  return checks;
}

/** A row of the dashboard is a row of the report. */
async function panels(prometheus: Prometheus, instance: string): Promise<readonly Check[]> {
  const asked = new Map<string, { count: number; empty: string[] }>();
  for (const { row, panel, target } of queriesOf(readDashboard())) {
    const expression = withVariables(target.expr, instance);
    const series =
      target.instant === true
        ? await prometheus.query(expression)
        : await prometheus.queryRange(expression, LOOK_AFTER_SECONDS);
    const seen = asked.get(row) ?? { count: 0, empty: [] };
    seen.count += 1;
    if (!hasData(series)) seen.empty.push(`${panel}: ${target.expr}`);
    asked.set(row, seen);
  }
  return [...asked].map(([row, { count, empty }]) => ({
    what: row,
    measured: [`${count - empty.length} of ${count} queries have data`, ...empty].join('; '),
    mustBe: 'all',
    holds: empty.length === 0,
  }));
}

/** What the list of swarms is made of: label_values(hls_swarm_info, instance). */
async function variable(prometheus: Prometheus, instance: string): Promise<Check> {
  const found = (await prometheus.query('hls_swarm_info')).map(({ metric }) => metric['instance']);
  return {
    what: 'the list of swarms',
    measured: found.length === 1 && found[0] === instance ? 'this one' : `${found.length} entries`,
    mustBe: 'this one',
    holds: found.length === 1 && found[0] === instance,
  };
}

/** One request in four fails on purpose; the alert waits for a minute of it before it fires. */
async function alerts(prometheus: Prometheus): Promise<Check> {
  const active = (await prometheus.query('ALERTS')).map(
    ({ metric }) => `${metric['alertname']} ${metric['alertstate']}`,
  );
  return {
    what: 'alerts',
    measured: active.length === 0 ? 'none' : [...new Set(active)].join(', '),
    mustBe: 'HlsSwarmErrorRatio among them',
    holds: active.some((alert) => alert.startsWith('HlsSwarmErrorRatio ')),
  };
}

async function rules(prometheus: Prometheus): Promise<Check> {
  const names = rulesOf('recording-rules.yml').map(({ record = '' }) => record);
  const empty: string[] = [];
  for (const name of names) if (!hasData(await prometheus.query(name))) empty.push(name);
  return {
    what: 'recording rules',
    measured: [`${names.length - empty.length} of ${names.length} have data`, ...empty].join('; '),
    mustBe: 'all',
    holds: empty.length === 0,
  };
}

function hasData(series: readonly QueriedSeries[]): boolean {
  return series.some(({ values }) => values.some(([, value]) => Number.isFinite(value)));
}

function lastValue(series: readonly QueriedSeries[]): number | undefined {
  return series[0]?.values.at(-1)?.[1];
}
