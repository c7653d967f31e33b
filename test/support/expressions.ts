// PromQL of rules and panels against what we really export: names, labels and label values of the metric definitions.
// It understands selectors and no arithmetic; whether an expression means anything is for Prometheus to say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { MetricDefinition } from '../../src/report/metric-definition.ts';
import { METRIC_DEFINITIONS } from '../../src/report/metrics.ts';
import { PROMETHEUS_FOLDER } from './prometheus.ts';

export interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
}

/** The rules of a file of deploy/prometheus, in order. */
export function rulesOf(file: string): readonly Rule[] {
  const { groups } = parse(readFileSync(join(PROMETHEUS_FOLDER, file), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** `LEVEL:METRIC:OPERATIONS` */
const RECORDED = /\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b/g;
const SELECTOR = /(?<![:\w])(hls_swarm_[a-z0-9_]+)(?![:\w])(?:\{([^}]*)\})?/g;
const MATCHER = /(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g;
const HISTOGRAM_SERIES = /_(bucket|sum|count)$/;
/** Added by Prometheus; `le` is a histogram's. */
const OWN_LABELS: readonly string[] = ['job', 'instance'];

/** One sentence for each name, label or value that no series of ours and no recording rule can have; empty when all is well. */
export function unknownParts(expression: string): readonly string[] {
  const recorded = new Set(rulesOf('recording-rules.yml').map(({ record }) => record));
  return [
    ...[...expression.matchAll(RECORDED)].flatMap(([name]) =>
      recorded.has(name) ? [] : [`${name}: no recording rule`],
    ),
    ...[...expression.matchAll(SELECTOR)].flatMap(([, name = '', matchers = '']) => unknownInSelector(name, matchers)),
  ];
}

function unknownInSelector(name: string, matchers: string): readonly string[] {
  const definition = definitionOf(name);
  if (definition === undefined) return [`${name}: no such metric`];
  const labels = definition.labels ?? {};
  return [...matchers.matchAll(MATCHER)].flatMap(([, label = '', operator = '', value = '']) => {
    if (OWN_LABELS.includes(label) || (label === 'le' && name.endsWith('_bucket'))) return [];
    const known = labels[label];
    if (known === undefined) return [`${name}: no label ${label}`];
    const values = operator.includes('~') ? value.split('|') : [value];
    if (typeof known === 'string') return [];
    return values.flatMap((one) =>
      known.includes(one) || /^[.][*+]$/.test(one) ? [] : [`${name}: ${label} is never ${JSON.stringify(one)}`],
    );
  });
}

/** A histogram is asked for by its buckets, sum or count, everything else by its name. */
function definitionOf(name: string): MetricDefinition | undefined {
  const exact = METRIC_DEFINITIONS.find((definition) => definition.name === name);
  if (exact !== undefined) return exact.type === 'histogram' ? undefined : exact;
  const base = name.replace(HISTOGRAM_SERIES, '');
  return METRIC_DEFINITIONS.find((definition) => definition.type === 'histogram' && definition.name === base);
}
