// METRICS.md's tables as the metric definitions have them. It writes no file: the test compares, and prints what is missing.
import type { MetricDefinition } from '../../src/report/metric-definition.ts';

/** The row that METRICS.md must have for a metric. */
export function documentRow({ name, type, labels = {}, account, unit, help, isPerClient }: MetricDefinition): string {
  const labelText = Object.entries(labels).map(([label, values]) =>
    typeof values === 'string'
      ? `\`${label}\` (${values})`
      : `\`${label}\`: ${values.map((value) => `\`${value}\``).join(' ')}`,
  );
  const cells = [
    `\`${name}\``,
    type,
    labelText.length === 0 ? '' : labelText.join('; '),
    account,
    unit,
    `${help}${isPerClient === true ? '; only with `--prom-client-metrics`' : ''}`,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
