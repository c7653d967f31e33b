// The charts of the HTML report: what each shows, from the course of the run, and the same as a table for those who see none. Pure.
// It draws nothing: the page's script does (html-script.ts), from the figures that `chartFigures` gives.
import type { TimelineColumn, TimelineReading } from '../stats/timeline.ts';
import { bytesPerSecondToMbps } from '../units.ts';
import { html, type Markup } from './html-markup.ts';
import { details, numbers, table } from './html-parts.ts';
import { UNKNOWN } from './text-layout.ts';

/** Rates of bytes are means over so long: requests come in bursts, and origins are asked every few seconds. */
const RATE_SECONDS = 10;
/** Rows of a chart's table. */
const TABLE_ROWS = 30;
/** Figures that no picture can show would only make the file larger. */
const PRECISION = 4;

/** How a line looks: the reference is whole, candidates are dashed, so that the lines differ without colours too. */
export type LineStyle = 'proxy' | 'parser' | 'origin' | 'trouble';

interface Line {
  readonly label: string;
  readonly style: LineStyle;
  readonly values: readonly (number | undefined)[];
}

export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly about: string;
  readonly seconds: readonly number[];
  readonly lines: readonly Line[];
  /** Values hold until the next one, and are no slope towards it. */
  readonly isStepped: boolean;
}

export type ChartId = 'throughput' | 'wait' | 'clients' | 'trouble' | 'instrument';

/** Lines of which nothing was ever known are left out; a chart without a line, or of one instant, does not exist. */
export function charts(timeline: TimelineReading): ReadonlyMap<ChartId, Chart> {
  const all: readonly (Chart & { readonly id: ChartId })[] = [
    {
      ...{ id: 'throughput', title: 'Segment content, by each account', unit: 'Mbit/s', isStepped: false },
      about: `Means over ${Math.max(RATE_SECONDS, timeline.stepSeconds)} s. The proxy is the reference; parser and origin are held against it.`,
      seconds: timeline.seconds,
      lines: [
        { label: 'proxy', style: 'proxy', values: rates(timeline, 'proxyBytes') },
        { label: 'parser', style: 'parser', values: rates(timeline, 'parserBytes') },
        { label: 'origin', style: 'origin', values: rates(timeline, 'originBytes') },
      ],
    },
    {
      ...{ id: 'wait', title: 'Wait for the first octet of a segment', unit: 'ms', isStepped: false },
      about: 'From the request written to the first octet of the answer, over the minute before.',
      seconds: timeline.seconds,
      lines: [
        { label: 'p50', style: 'proxy', values: timeline.columns.waitP50Ms },
        { label: 'p95', style: 'parser', values: timeline.columns.waitP95Ms },
      ],
    },
    {
      ...{ id: 'clients', title: 'Clients at work', unit: 'clients', isStepped: true },
      about: 'With a process, and of those the ones whose buffer has run empty.',
      seconds: timeline.seconds,
      lines: [
        { label: 'active', style: 'proxy', values: timeline.columns.activeClients },
        { label: 'stalled', style: 'trouble', values: timeline.columns.stalledClients },
      ],
    },
    {
      ...{ id: 'trouble', title: 'HTTP errors and broken transfers so far', unit: 'transfers', isStepped: true },
      about: 'Statuses of 400 and above; transfers that did not end complete, our own stops left out.',
      seconds: timeline.seconds,
      lines: [
        { label: 'HTTP errors', style: 'parser', values: timeline.columns.httpErrors },
        { label: 'broken transfers', style: 'trouble', values: timeline.columns.troubled },
      ],
    },
  ];
  const shown = all
    .map((chart) => ({ ...chart, lines: chart.lines.filter(({ values }) => values.some(isKnown)) }))
    // A picture of nothing says less than the words of the section.
    .filter(
      ({ id, lines }) => id !== 'trouble' || lines.some(({ values }) => values.some((value) => (value ?? 0) > 0)),
    );
  return new Map(
    shown.filter(({ lines, seconds }) => lines.length > 0 && seconds.length > 1).map((one) => [one.id, one]),
  );
}

/** For the page's script. */
export function chartFigures(shown: ReadonlyMap<ChartId, Chart>): object {
  return [...shown.values()].map(({ id, unit, isStepped, seconds, lines }) => ({
    ...{ id, unit, isStepped },
    seconds: seconds.map(rounded),
    lines: lines.map(({ label, style, values }) => ({
      ...{ label, style },
      values: values.map((value) => (value === undefined ? null : rounded(value))),
    })),
  }));
}

/** The place where the script draws, with the figures as a table below; nothing for a chart that does not exist. */
export function chartMarkup(chart: Chart | undefined, stepSeconds: number): Markup | undefined {
  if (chart === undefined) return undefined;
  const { id, title, unit, about, lines } = chart;
  const label = `${title}, ${unit}: ${lines.map((line) => `${line.label} ${range(line.values)}`).join('; ')}`;
  const sampled = stepSeconds > 1 ? ` A point stands for ${stepSeconds} s.` : '';
  return html`<figure class="chart"><figcaption><strong>${title}</strong> <span class="unit">${unit}</span><br>${about}${sampled}</figcaption>
<div class="plot" id="plot-${id}" tabindex="0" role="img" aria-label="${label}" title="Arrow keys move the cursor; drag to zoom, double-click for all"></div>
${details('The same as a table', figuresTable(chart))}</figure>`;
}

function figuresTable({ title, unit, seconds, lines }: Chart): Markup | undefined {
  const every = Math.max(1, Math.ceil(seconds.length / TABLE_ROWS));
  // The last point always: it is how the run ended.
  const chosen = seconds.map((_, at) => at).filter((at) => (seconds.length - 1 - at) % every === 0);
  const rows = chosen.map((at) => [
    `${(seconds[at] ?? 0).toFixed(0)} s`,
    ...lines.map(({ values }) => shownValue(values[at])),
  ]);
  return table(`${title}, ${unit}`, [{ label: 'at' }, ...numbers(...lines.map(({ label }) => label))], rows);
}

/** Mbit/s over the last RATE_SECONDS before each point, of running totals. */
function rates({ seconds, columns }: TimelineReading, column: TimelineColumn): (number | undefined)[] {
  const totals = columns[column];
  let from = 0;
  return seconds.map((second, at) => {
    while (from < at - 1 && (seconds[from] ?? 0) < second - RATE_SECONDS) from += 1;
    const [total, before] = [totals[at], totals[from]];
    const spanSeconds = second - (seconds[from] ?? second);
    if (total === undefined || before === undefined || spanSeconds <= 0) return undefined;
    return bytesPerSecondToMbps(Math.max(0, total - before) / spanSeconds);
  });
}

function range(values: readonly (number | undefined)[]): string {
  const known = values.filter(isKnown);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return `from ${shownValue(least)} to ${shownValue(most)}, in the end ${shownValue(known.at(-1))}`;
}

function shownValue(value: number | undefined): string {
  return value === undefined ? UNKNOWN : rounded(value).toLocaleString('en-US');
}

function isKnown(value: number | undefined): value is number {
  return value !== undefined;
}

function rounded(value: number): number {
  return Number(value.toPrecision(PRECISION));
}
