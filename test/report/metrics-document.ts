// METRICS.md's tables as the metric definitions have them. It reads and writes no file.
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

/** The document with the rows of these metrics; what stands between them stays. */
export function withRows(document: string, definitions: readonly MetricDefinition[]): string {
  const rows = new Map(definitions.map((definition) => [definition.name as string, documentRow(definition)]));
  const nameOf = (line: string): string | undefined => /^\| `(hls_swarm_\w+)` \|/.exec(line)?.[1];
  const lines = document.split('\n').flatMap((line) => {
    const name = nameOf(line);
    const row = name === undefined ? line : rows.get(name);
    return row === undefined ? [] : [row];
  });
  let before = 0;
  for (const [name, row] of rows) {
    const at = lines.findIndex((line) => nameOf(line) === name);
    if (at < 0) lines.splice(before + 1, 0, row);
    before = at < 0 ? before + 1 : at;
  }
  return lines.join('\n');
}
